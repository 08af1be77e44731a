import { isRefusedByDisk } from './spool-alone.ts';
import type { Spool, SpooledRecord } from './spool.ts';

/** A collector that asks for records again is served so many at a time. */
const REQUESTED_MAX = 1000;
/** Ranges that were told to be gone are remembered, so that each is told once a run. */
const TOLD_MAX = 1000;
/** Of what is not kept so many are remembered: of several epochs at once all that can be asked for. */
const MISSING_MAX = 20 * REQUESTED_MAX;

/** Records that a collector asks for again; of those that will never come it is told so, in the chain, once. */
export class RequestedRecords {
  readonly #spool: Spool;
  #queue: { epoch: string; seq: number }[] = [];
  /** Seqs the collector refused: to send them again brings the same answer. By epoch. */
  readonly #refused = new Map<string, Set<number>>();
  /** Seqs that are not kept, with the id of the newest record when they were first asked for. By epoch/seq. */
  readonly #missing = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * The collector asks for these. What it receipted once waits for its receipt again: it lacks it, and may refuse it now. Gives
   * the ids of those, which go out with all that waits.
   */
  add(epoch: string, ranges: readonly { from: number; to: number }[]): number[] {
    if (ranges.length === 0) return [];
    const back = new Map(
      this.#takeBack(epoch, beginningOf(ranges, REQUESTED_MAX)).map(({ id, seq }) => [seq, id]),
    );
    for (const { from, to } of ranges)
      for (let seq = from; seq <= to && this.#queue.length < REQUESTED_MAX; seq++)
        if (!back.has(seq) && !this.#queue.some((one) => one.seq === seq && one.epoch === epoch))
          this.#queue.push({ epoch, seq });
    return [...back.values()];
  }

  #takeBack(
    epoch: string,
    ranges: readonly { from: number; to: number }[],
  ): readonly { id: number; seq: number }[] {
    try {
      return this.#spool.takeBack(epoch, ranges);
    } catch (error) {
      if (!isRefusedByDisk(error)) throw error;
      // They go out all the same, and a collector that lacks them still asks again.
      return [];
    }
  }

  /** The collector will never take this one. */
  noteRefused(epoch: string, seq: number): void {
    const seqs = this.#refused.get(epoch) ?? new Set();
    this.#refused.set(epoch, seqs);
    if (seqs.size < TOLD_MAX) seqs.add(seq);
  }

  /** This one is set aside, and told to be gone by whoever did that. */
  noteSetAside(epoch: string, seq: number): void {
    this.noteRefused(epoch, seq);
    this.#noteTold(epoch, seq, seq);
  }

  /** The next ones to be sent, at most `limit`. */
  take(limit: number): SpooledRecord[] {
    const records: SpooledRecord[] = [];
    const gone: { epoch: string; seq: number; reason: string }[] = [];
    while (records.length < limit) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      const { epoch, seq } = next;
      if (this.#refused.get(epoch)?.has(seq) === true) {
        gone.push({ epoch, seq, reason: 'rejected' });
        continue;
      }
      const record = this.#spool.record(epoch, seq);
      if (record !== undefined) records.push(record);
      else if (this.#isGone(epoch, seq)) gone.push({ epoch, seq, reason: 'not-kept' });
    }
    for (const { epoch, from, to, reason } of rangesOf(gone)) this.#tell(epoch, from, to, reason);
    return records;
  }

  /**
   * True when a record that is not kept was asked for before, and nothing that was sealed by then still waits: what was
   * thinned or dropped is told by a record further on, which may be on its way.
   */
  #isGone(epoch: string, seq: number): boolean {
    const { head } = this.#spool;
    // Beyond our head: this spool is older than what was sent from it, and a fork will show.
    if (epoch === head.epoch && seq > head.seq) return false;
    const name = `${epoch}/${seq}`;
    const [oldest] = this.#spool.pendingAfter(0, 1);
    const since = this.#missing.get(name);
    if (since === undefined) {
      if (this.#missing.size >= MISSING_MAX) this.#missing.clear();
      this.#missing.set(name, this.#spool.record(head.epoch, head.seq)?.id ?? 0);
      return false;
    }
    if (oldest !== undefined && oldest.id <= since) return false;
    this.#missing.delete(name);
    return true;
  }

  /** False when it was noted before. */
  #noteTold(epoch: string, from: number, to: number): boolean {
    const name = `${epoch}/${from}-${to}`;
    if (this.#told.has(name)) return false;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(name);
    return true;
  }

  #tell(epoch: string, from: number, to: number, reason: string): void {
    if (!this.#noteTold(epoch, from, to)) return;
    // Their samples were counted when they were receipted, or rejected.
    this.#spool.tellGone(epoch, reason, { from, to }, 0);
  }
}

/** The first records of some ranges. */
function beginningOf(
  ranges: readonly { from: number; to: number }[],
  records: number,
): { from: number; to: number }[] {
  let room = records;
  return ranges.flatMap(({ from, to }) => {
    const last = Math.min(to, from + room - 1);
    room -= Math.max(0, last - from + 1);
    return last < from ? [] : [{ from, to: last }];
  });
}

function rangesOf(
  gone: readonly { epoch: string; seq: number; reason: string }[],
): { epoch: string; from: number; to: number; reason: string }[] {
  const ranges: { epoch: string; from: number; to: number; reason: string }[] = [];
  for (const { epoch, seq, reason } of gone) {
    const last = ranges.at(-1);
    if (last?.epoch === epoch && last.reason === reason && last.to + 1 === seq) last.to = seq;
    else ranges.push({ epoch, from: seq, to: seq, reason });
  }
  return ranges;
}
