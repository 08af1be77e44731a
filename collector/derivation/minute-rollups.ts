import type { MinuteRollup, Views } from '../ledger/views.ts';

const MINUTE_MS = 60_000;

/**
 * Gathers readings into minutes, to be written with the cursor that stands for them. A minute that was written before
 * (its readings came in two records) is carried on, so that each reading counts exactly once.
 */
export class MinuteRollups {
  readonly #views: Pick<Views, 'minute' | 'newestMinuteMs'>;
  /** Minutes that changed since the last `take`, by channel and minute. */
  #changed = new Map<string, Map<number, MinuteRollup>>();
  /** The newest minute of each channel that was opened here. */
  readonly #newest = new Map<string, MinuteRollup>();
  /** What an earlier run had written of each channel, ms: no minute after this and after `newest` was ever written. */
  readonly #writtenToMs = new Map<string, number>();

  constructor(views: Pick<Views, 'minute' | 'newestMinuteMs'>) {
    this.#views = views;
  }

  /** Adds a column of readings; times are wall ms and rise. Values are raw, times `factor` in the canonical unit. */
  add(
    channel: string,
    timesMs: readonly number[],
    values: readonly (number | bigint | null)[],
    factor: number,
  ): void {
    let rollup: MinuteRollup | undefined;
    let endMs = -Infinity;
    for (let row = 0; row < timesMs.length; row++) {
      const raw = values[row];
      if (raw === null || raw === undefined) continue;
      const value = (typeof raw === 'bigint' ? Number(raw) : raw) * factor;
      const atMs = timesMs[row] ?? 0;
      if (rollup === undefined || atMs >= endMs) {
        rollup = this.#open(channel, Math.floor(atMs / MINUTE_MS) * MINUTE_MS);
        endMs = rollup.minuteMs + MINUTE_MS;
      }
      if (value < rollup.min) rollup.min = value;
      if (value > rollup.max) rollup.max = value;
      rollup.sum += value;
      rollup.squares += value * value;
      // Two records that bring one minute out of order lose the step between them, never more.
      if (rollup.count > 0 && atMs >= rollup.lastMs) rollup.steps += (value - rollup.last) ** 2;
      rollup.count++;
      if (atMs >= rollup.lastMs) {
        rollup.last = value;
        rollup.lastMs = atMs;
      }
    }
  }

  /** The minutes that changed since the last call. */
  take(): MinuteRollup[] {
    const minutes = [...this.#changed.values()].flatMap((byMinute) => [...byMinute.values()]);
    this.#changed = new Map();
    return minutes;
  }

  #open(channel: string, minuteMs: number): MinuteRollup {
    let changed = this.#changed.get(channel);
    if (changed === undefined) this.#changed.set(channel, (changed = new Map()));
    const open = changed.get(minuteMs);
    if (open !== undefined) return open;
    const newest = this.#newest.get(channel);
    const known = newest?.minuteMs === minuteMs ? newest : undefined;
    const isNew = minuteMs > Math.max(newest?.minuteMs ?? -Infinity, this.#writtenTo(channel));
    const rollup = known ??
      (isNew ? undefined : this.#views.minute(channel, minuteMs)) ?? {
        channel,
        minuteMs,
        count: 0,
        min: Infinity,
        max: -Infinity,
        sum: 0,
        last: 0,
        lastMs: 0,
        squares: 0,
        steps: 0,
      };
    changed.set(minuteMs, rollup);
    if (newest === undefined || minuteMs > newest.minuteMs) this.#newest.set(channel, rollup);
    return rollup;
  }

  #writtenTo(channel: string): number {
    let writtenToMs = this.#writtenToMs.get(channel);
    if (writtenToMs === undefined) {
      writtenToMs = this.#views.newestMinuteMs(channel) ?? -Infinity;
      this.#writtenToMs.set(channel, writtenToMs);
    }
    return writtenToMs;
  }
}
