import { MillwattError } from '../../../protocols/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../hour-account.ts';
import type { BaseHour } from './base-hour.ts';
import { addMinutes, closeTally, emptyTally } from './period-tally.ts';
import type { PeriodSum, Watch } from './period-sum.ts';

/**
 * Sums the base over periods that follow each other: boundary n to boundary n + 1 is period n.
 *
 * @param hours in order of time, one an hour; read once, so that a year need not be in memory
 * @param boundaries wall ms on whole minutes, rising
 * @returns one sum a period; none for fewer than two boundaries
 * Throws an error of class `crash` (code `uneven-boundaries` or `hours-out-of-order`).
 */
export function sumPeriods(
  hours: Iterable<BaseHour>,
  boundaries: readonly number[],
  watch: Watch,
): PeriodSum[] {
  checkBoundaries(boundaries);
  const sums: PeriodSum[] = [];
  let index = 0;
  let tally = emptyTally(boundaries[0] ?? 0, boundaries[1] ?? 0);
  let lastMs = -Infinity;
  for (const hour of hours) {
    if (hour.hourMs <= lastMs || hour.hourMs % HOUR_MS !== 0)
      throw new MillwattError(
        'crash',
        'hours-out-of-order',
        `The hour at ${hour.hourMs} does not follow ${lastMs}.`,
      );
    lastMs = hour.hourMs;
    const endMs = hour.hourMs + HOUR_MS;
    while (index + 1 < boundaries.length && tally.fromMs < endMs) {
      const fromMs = Math.max(hour.hourMs, tally.fromMs);
      const toMs = Math.min(endMs, tally.toMs);
      if (fromMs < toMs)
        addMinutes(tally, hour, (fromMs - hour.hourMs) / MINUTE_MS, (toMs - hour.hourMs) / MINUTE_MS);
      if (tally.toMs > endMs) break;
      sums.push(closeTally(tally, watch));
      index++;
      tally = emptyTally(tally.toMs, boundaries[index + 1] ?? tally.toMs);
    }
  }
  for (; index + 1 < boundaries.length; index++) {
    sums.push(closeTally(tally, watch));
    tally = emptyTally(tally.toMs, boundaries[index + 2] ?? tally.toMs);
  }
  return sums;
}

function checkBoundaries(boundaries: readonly number[]): void {
  for (const [index, boundary] of boundaries.entries())
    if (boundary % MINUTE_MS !== 0 || boundary <= (boundaries[index - 1] ?? -Infinity))
      throw new MillwattError(
        'crash',
        'uneven-boundaries',
        `The boundary ${boundary} is not on a whole minute, or not after the one before it.`,
      );
}
