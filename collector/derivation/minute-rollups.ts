import type { MinuteRollup, Views } from '../ledger/views.ts';

const MINUTE_MS = 60_000;

/** What is known of one channel's minutes. */
interface ChannelMinutes {
  /** Those that changed since the last `take`, by their start. */
  changed: Map<number, MinuteRollup>;
  /** The newest that was opened here. */
  newest: MinuteRollup | undefined;
  /** What an earlier run had written, ms: no minute after this and after `newest` was ever written. */
  writtenToMs: number;
}

/**
 * Gathers readings into minutes, to be written with the cursor that stands for them. A minute that was written before
 * (its readings came in two records) is carried on, so that each reading counts exactly once.
 */
export class MinuteRollups {
  readonly #views: Pick<Views, 'minute' | 'newestMinuteMs'>;
  readonly #channels = new Map<string, ChannelMinutes>();

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
    const minutes = this.#minutesOf(channel);
    for (let row = 0; row < timesMs.length;) {
      const minuteMs = Math.floor((timesMs[row] ?? 0) / MINUTE_MS) * MINUTE_MS;
      const fromRow = row;
      while (row < timesMs.length && (timesMs[row] ?? 0) < minuteMs + MINUTE_MS) row++;
      let first = fromRow;
      while (first < row && (values[first] ?? null) === null) first++;
      if (first < row) addRows(this.#open(channel, minutes, minuteMs), timesMs, values, factor, first, row);
    }
  }

  /** The minutes that changed since the last call. */
  take(): MinuteRollup[] {
    const taken: MinuteRollup[] = [];
    for (const { changed } of this.#channels.values()) {
      for (const rollup of changed.values()) taken.push(rollup);
      changed.clear();
    }
    return taken;
  }

  #minutesOf(channel: string): ChannelMinutes {
    let minutes = this.#channels.get(channel);
    if (minutes === undefined) {
      const writtenToMs = this.#views.newestMinuteMs(channel) ?? -Infinity;
      minutes = { changed: new Map(), newest: undefined, writtenToMs };
      this.#channels.set(channel, minutes);
    }
    return minutes;
  }

  #open(channel: string, minutes: ChannelMinutes, minuteMs: number): MinuteRollup {
    const { changed, newest, writtenToMs } = minutes;
    const open = changed.get(minuteMs);
    if (open !== undefined) return open;
    const known = newest?.minuteMs === minuteMs ? newest : undefined;
    const isNew = minuteMs > Math.max(newest?.minuteMs ?? -Infinity, writtenToMs);
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
    if (newest === undefined || minuteMs > newest.minuteMs) minutes.newest = rollup;
    return rollup;
  }
}

/** Adds rows of one minute, [fromRow, toRow). */
function addRows(
  rollup: MinuteRollup,
  timesMs: readonly number[],
  values: readonly (number | bigint | null)[],
  factor: number,
  fromRow: number,
  toRow: number,
): void {
  // Every reading comes by here: plain variables are faster than the fields.
  let { count, min, max, sum, last, lastMs, squares, steps } = rollup;
  let before: number | null = null;
  for (let row = fromRow; row < toRow; row++) {
    const raw = values[row];
    if (raw === null || raw === undefined) continue;
    const value = (typeof raw === 'bigint' ? Number(raw) : raw) * factor;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    squares += value * value;
    const atMs = timesMs[row] ?? 0;
    // Two records that bring one minute out of order lose the step between them, never more.
    const isNewest = atMs >= lastMs;
    const from: number | null = !isNewest ? before : count > 0 ? last : null;
    if (from !== null) steps += (value - from) * (value - from);
    if (isNewest) {
      last = value;
      lastMs = atMs;
    }
    before = value;
    count++;
  }
  Object.assign(rollup, { count, min, max, sum, last, lastMs, squares, steps });
}
