/** So often a record is sent again at once when later ones were receipted before it. */
const TRIES = 5;
/** Then it waits, and twice as long each time, real ms. */
const WAIT_MS = 30_000;
const WAIT_MS_MAX = 3_600_000;
/** More are not remembered. */
const RECORDS_MAX = 10_000;

/**
 * Records that a broker takes and does not deliver, while it delivers others: one that is too large for a limit of which
 * it says nothing (mosquitto: message_size_limit), or that a rule of its own filters out. They would fill the window for ever. Each
 * waits longer and longer outside, and is never given up.
 */
export class Overtaken {
  readonly #nowMs: () => number;
  readonly #records = new Map<number, { times: number; untilMs: number }>();

  /** @param nowMs real monotonic time, ms */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Later records were receipted, and this one was not. True when it has to wait, the first time and all after it. */
  note(id: number): boolean {
    const times = (this.#records.get(id)?.times ?? 0) + 1;
    const waitMs = times <= TRIES ? 0 : Math.min(WAIT_MS_MAX, WAIT_MS * 2 ** Math.min(times - TRIES - 1, 20));
    this.#records.delete(id);
    const [oldest] = this.#records.size >= RECORDS_MAX ? this.#records.keys() : [];
    if (oldest !== undefined) this.#records.delete(oldest);
    this.#records.set(id, { times, untilMs: waitMs === 0 ? -Infinity : this.#nowMs() + waitMs });
    return waitMs > 0;
  }

  /** How often it was overtaken. */
  times(id: number): number {
    return this.#records.get(id)?.times ?? 0;
  }

  isWaiting(id: number): boolean {
    return (this.#records.get(id)?.untilMs ?? -Infinity) > -Infinity;
  }

  /** One that has waited long enough; undefined when there is none. */
  takeDue(): number | undefined {
    const nowMs = this.#nowMs();
    for (const [id, record] of this.#records) {
      if (record.untilMs === -Infinity || record.untilMs > nowMs) continue;
      record.untilMs = -Infinity;
      return id;
    }
    return undefined;
  }

  /** Nobody waits any more; how often they were overtaken is not forgotten. */
  release(): void {
    for (const record of this.#records.values()) record.untilMs = -Infinity;
  }

  /** Records that wait. */
  get size(): number {
    let size = 0;
    for (const id of this.#records.keys()) if (this.isWaiting(id)) size += 1;
    return size;
  }

  /** It was receipted or rejected. */
  forget(id: number): void {
    this.#records.delete(id);
  }
}
