/** Connections lost in a row with several records unacknowledged, after which they go one at a time. */
const LOSSES_UNTIL_ALONE = 3;
/** Records that pass one at a time before the window opens again. */
const PASSES_UNTIL_FREE = 20;
/** Records that pass on one connection of several at a time before its predecessors' ends are forgotten: two windows. */
const PASSES_UNTIL_FORGOTTEN = 40;
/** So often a record, sent alone between others that pass, ends the connection before it is given up. */
const TRIALS = 3;
/** A witness of at least this share of a record's size tells whether its size is what is wrong. */
const LIKE_SIZE_SHARE = 0.5;
/** A record that seems too large for the broker is tried again so much later, real ms. */
const HOLD_MS = 3_600_000;
/** More than this under suspicion means that nothing passes at all; trying them one by one would hold up the others. */
const SUSPECTS_MAX = 50;

interface Suspect {
  bytes: number;
  /** How many records had passed on each connection that it ended as the only one on its way. */
  endedAfter: Set<number>;
  /** The largest of the records that passed on those connections, bytes. */
  witnessBytes: number;
}

/** What is to become of a record that the broker cannot take. */
export interface Verdict {
  id: number;
  /** `undeliverable`: others of its size pass; `too-large`: only smaller ones do, so the broker's limit may be raised. */
  fate: 'undeliverable' | 'too-large';
  bytes: number;
}

/**
 * Finds the record for which a broker ends the connection, and keeps it from stopping the others. When connections end
 * again and again with several records on their way, one goes at a time: the one that was alone is under suspicion, and
 * the rest goes before it. It is tried again alone, each time after another number of records that passed on the same
 * connection: a broker that ends every connection, or every so many messages, accuses nobody.
 */
export class Suspects {
  readonly #nowMs: () => number;
  /** Bytes of what is published on this connection and not acknowledged, by row id. */
  readonly #out = new Map<number, number>();
  readonly #suspects = new Map<number, Suspect>();
  /** Until when records are held back, real ms; the first to go is the first in it. */
  readonly #held = new Map<number, number>();
  /** Larger than what the broker announced for this connection. */
  readonly #tooLargeHere = new Set<number>();
  #losses = 0;
  /** Of this connection. */
  #passed = 0;
  #passedBytes = 0;

  /** @param nowMs real monotonic time, ms */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Records under suspicion or held back. */
  get size(): number {
    return this.#suspects.size + this.#held.size + this.#tooLargeHere.size;
  }

  /** True while records go one at a time. */
  get isAlone(): boolean {
    return this.#losses >= LOSSES_UNTIL_ALONE;
  }

  /** How many more records may go out now. A trial that is due waits until nothing else is on its way. */
  room(window: number): number {
    if (this.#dueTrial() !== undefined) return 0;
    const alone = this.isAlone || [...this.#out.keys()].some((id) => this.#suspects.has(id));
    return (alone ? 1 : window) - this.#out.size;
  }

  /** True for a record that does not go with the others now. */
  isApart(id: number): boolean {
    return this.#suspects.has(id) || this.#held.has(id) || this.#tooLargeHere.has(id);
  }

  /** A record that is held back no longer; undefined when there is none. */
  takeDue(): number | undefined {
    const [first] = this.#held;
    if (first === undefined || this.#nowMs() < first[1]) return undefined;
    this.#held.delete(first[0]);
    return first[0];
  }

  /** The record to be sent alone now, if any. */
  trial(): number | undefined {
    return this.#out.size === 0 ? this.#dueTrial() : undefined;
  }

  /** True when a trial only waits for another record to pass, and nothing is on its way. */
  get wantsWitness(): boolean {
    return this.#suspects.size > 0 && this.#out.size === 0 && this.#dueTrial() === undefined;
  }

  /** Not sent on this connection any more: larger than what the broker announced. */
  hold(id: number): void {
    this.refused(id);
    this.#tooLargeHere.add(id);
  }

  sent(id: number, bytes: number): void {
    this.#out.set(id, bytes);
  }

  /** The broker has it. */
  acknowledged(id: number): void {
    const bytes = this.#out.get(id);
    if (bytes === undefined) return;
    this.#out.delete(id);
    this.#suspects.delete(id);
    this.#passed += 1;
    this.#passedBytes = Math.max(this.#passedBytes, bytes);
    if (this.#passed >= (this.isAlone ? PASSES_UNTIL_FREE : PASSES_UNTIL_FORGOTTEN)) this.#losses = 0;
  }

  /** It did not leave. */
  returned(id: number): void {
    this.#out.delete(id);
  }

  /** The broker has said no to it, and goes on: it is not what ends connections. */
  refused(id: number): void {
    this.#out.delete(id);
    this.#suspects.delete(id);
  }

  /** The spool does not have it any more. */
  forget(id: number): void {
    this.#suspects.delete(id);
    this.#held.delete(id);
    this.#tooLargeHere.delete(id);
  }

  /** The connection is over; what was found out by its end. */
  lost(): Verdict[] {
    const out = [...this.#out];
    const [passed, passedBytes] = [this.#passed, this.#passedBytes];
    this.#out.clear();
    this.#tooLargeHere.clear();
    this.#passed = 0;
    this.#passedBytes = 0;
    const [only] = out;
    if (only === undefined) return [];
    if (out.length > 1) {
      this.#losses += 1;
      return [];
    }
    const [id, bytes] = only;
    // A single one that was lost on the way of a free connection is no news.
    if (!this.isAlone && !this.#suspects.has(id)) {
      this.#losses += 1;
      return [];
    }
    if (this.#suspects.size >= SUSPECTS_MAX) this.#suspects.clear();
    const suspect = this.#suspects.get(id) ?? { bytes, endedAfter: new Set<number>(), witnessBytes: 0 };
    this.#suspects.set(id, suspect);
    // Nothing passed: the broker may end every connection.
    if (passed === 0) return [];
    suspect.endedAfter.add(passed);
    suspect.witnessBytes = Math.max(suspect.witnessBytes, passedBytes);
    if (suspect.endedAfter.size < TRIALS) return [];
    this.#suspects.delete(id);
    if (suspect.witnessBytes >= LIKE_SIZE_SHARE * bytes) return [{ id, fate: 'undeliverable', bytes }];
    this.#held.delete(id);
    this.#held.set(id, this.#nowMs() + HOLD_MS);
    return [{ id, fate: 'too-large', bytes }];
  }

  /** A suspect for whose trial enough others have passed on this connection, another number than before. */
  #dueTrial(): number | undefined {
    for (const [id, { endedAfter }] of this.#suspects) {
      if (this.#out.has(id)) return undefined;
      if (this.#passed > endedAfter.size && !endedAfter.has(this.#passed)) return id;
    }
    return undefined;
  }
}
