import { rowAtOrAfter, type COUNTER_EVERY_MS } from './counter-rows.ts';
import type { ReadingStream } from './reading-stream.ts';

/** Where power is kept throughout, one reading is in each so many ms of wall time. */
export const POWER_EVERY_MS = 60_000;

/** A stretch of monotonic time in which all power readings are kept, with the one before and the one after it. */
export interface FineStretch {
  fromMs: number;
  toMs: number;
}

/**
 * Chooses the rows of power that are kept: all about the moments at which a counter's difference is shared, and, where it
 * is kept throughout, one a minute and both ends of gaps; as they were read, never averaged.
 *
 * @param offsetMs wall minus monotonic time
 * @param linkTimesMs when the source came up or went down, monotonic ms
 */
export function choosePowerRows(
  { timesMs, everyMs, qualities }: ReadingStream,
  stretches: readonly FineStretch[],
  isKeptThroughout: boolean,
  offsetMs: number,
  linkTimesMs: readonly number[],
): Set<number> {
  const kept = new Set<number>();
  const keep = (row: number) => {
    if (row >= 0 && row < timesMs.length) kept.add(row);
  };
  for (const { fromMs, toMs } of stretches) {
    const first = rowAtOrAfter(timesMs, fromMs + 1) - 1;
    const last = rowAtOrAfter(timesMs, toMs);
    for (let row = first; row <= last; row++) keep(row);
  }
  if (!isKeptThroughout) return kept;
  keep(0);
  keep(timesMs.length - 1);
  for (let row = 1; row < timesMs.length; row++) {
    const [beforeMs, atMs] = [timesMs[row - 1] ?? 0, timesMs[row] ?? 0];
    const isNewMinute =
      Math.floor((beforeMs + offsetMs) / POWER_EVERY_MS) !== Math.floor((atMs + offsetMs) / POWER_EVERY_MS);
    if (isNewMinute) keep(row);
    if (atMs - beforeMs > 2 * (everyMs[row - 1] ?? 0) || qualities[row] !== qualities[row - 1]) {
      keep(row - 1);
      keep(row);
    }
  }
  for (const atMs of linkTimesMs) {
    const next = rowAtOrAfter(timesMs, atMs);
    keep(next - 1);
    keep(next);
  }
  return kept;
}

/**
 * The cadence that a kept row is told with, ms: its own where the next reading follows, or did not come in time; the
 * distance of kept readings where those between were left out, so that no gap is seen where none was.
 */
export function everyOf(
  { timesMs, everyMs }: ReadingStream,
  kept: ReadonlySet<number>,
  row: number,
  distanceMs: typeof COUNTER_EVERY_MS | typeof POWER_EVERY_MS | null,
): number {
  const own = everyMs[row] ?? 1;
  if (distanceMs === null || row === timesMs.length - 1 || kept.has(row + 1)) return own;
  return Math.max(own, distanceMs);
}
