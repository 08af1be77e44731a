import type { Log } from '../protocols/log.ts';

/** After so long a collector is asked again whether it takes them, real ms. */
const ASK_AGAIN_MS = 60_000;

/**
 * Epochs whose key the collector calls revoked. Their records stay in the spool as if no collector were there, and do not stand in
 * the way of others: a person may decide otherwise, and then they are taken.
 */
export class RefusedEpochs {
  readonly #log: Log;
  readonly #nowMs: () => number;
  /** When it is asked again; undefined while it is being asked. */
  readonly #askMs = new Map<string, number | undefined>();

  /** @param nowMs real monotonic time, ms */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** The collector said so; gives the ids of what is in flight and will not be receipted. */
  note(epoch: string, inFlight: ReadonlyMap<number, { record: { epoch: string } }>): number[] {
    const ids = [...inFlight].flatMap(([id, { record }]) => (record.epoch === epoch ? [id] : []));
    const isKnown = this.#askMs.has(epoch);
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
    this.#askMs.set(epoch, this.#nowMs() + ASK_AGAIN_MS);
    return ids;
  }

  /** A record of it was taken. */
  lift(epoch: string): void {
    if (this.#askMs.delete(epoch))
      this.#log.info({ epoch }, 'the collector takes records under this key again');
  }

  /** True for one that the collector refuses, as far as is known. */
  has(epoch: string): boolean {
    return this.#askMs.has(epoch);
  }

  /** True while nothing of it is sent. */
  isWaiting(epoch: string): boolean {
    return (this.#askMs.get(epoch) ?? -Infinity) > this.#nowMs();
  }

  /** True when the collector is to be asked again about some; each time once. */
  takeDue(): boolean {
    const due = [...this.#askMs].filter(([, atMs]) => atMs !== undefined && atMs <= this.#nowMs());
    for (const [epoch] of due) this.#askMs.set(epoch, undefined);
    return due.length > 0;
  }

  get size(): number {
    return this.#askMs.size;
  }
}
