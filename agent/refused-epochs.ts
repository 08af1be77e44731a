import type { Log } from '../protocols/log.ts';

/**
 * After so long a collector is asked again whether it takes them, real ms; each time twice as long, up to the most. A mistake is
 * mostly noticed at once, and a key that stays revoked is no reason to send without end.
 */
const ASK_AGAIN_MS = { first: 5000, most: 60_000 };

/**
 * Epochs whose key the collector calls revoked. Their records stay in the spool as if no collector were there, and do not stand in
 * the way of others: a person may decide otherwise, and then they are taken.
 */
export class RefusedEpochs {
  readonly #log: Log;
  readonly #nowMs: () => number;
  /** When it is asked again, undefined while it is being asked, and for how long it is left alone after the next refusal. */
  readonly #asks = new Map<string, { atMs: number | undefined; waitMs: number }>();

  /** @param nowMs real monotonic time, ms */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The collector said so; gives the ids of what is in flight and will not be receipted. */
  note(epoch: string, inFlight: ReadonlyMap<number, { record: { epoch: string } }>): number[] {
    const ids = [...inFlight].flatMap(([id, { record }]) => (record.epoch === epoch ? [id] : []));
    const ask = this.#asks.get(epoch);
    const isKnown = ask !== undefined;
    // It answers what another gateway of this name sent.
    if (!isKnown && ids.length === 0) return ids;
    if (!isKnown)
      this.#log.error(
        {
          epoch,
          cure: 'Stop the agent, run `millwatt keys rotate` with its configuration, start it, and confirm the new key at the collector. Where the old one was revoked by mistake, confirm that one there again.',
        },
        'the collector takes no record under this key any more: it was revoked; they stay in the spool',
      );
    // Several may have been asked about at once; the refusal of one is that of all.
    if (ask?.atMs !== undefined) return ids;
    const waitMs = ask?.waitMs ?? ASK_AGAIN_MS.first;
    this.#asks.set(epoch, {
      atMs: this.#nowMs() + waitMs,
      waitMs: Math.min(2 * waitMs, ASK_AGAIN_MS.most),
    });
    return ids;
  }

  /** A record of it was taken. */
  lift(epoch: string): void {
    if (this.#asks.delete(epoch))
      this.#log.info({ epoch }, 'the collector takes records under this key again');
  }

  /** True for one that the collector refuses, as far as is known. */
  has(epoch: string): boolean {
    return this.#asks.has(epoch);
  }

  /** True while nothing of it is sent. */
  isWaiting(epoch: string): boolean {
    return (this.#asks.get(epoch)?.atMs ?? -Infinity) > this.#nowMs();
  }

  /** True when the collector is to be asked again about some; each time once. */
  takeDue(): boolean {
    const due = [...this.#asks.values()].filter(({ atMs }) => atMs !== undefined && atMs <= this.#nowMs());
    for (const ask of due) ask.atMs = undefined;
    return due.length > 0;
  }

  get size(): number {
    return this.#asks.size;
  }
}
