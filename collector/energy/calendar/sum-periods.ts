import { MillwattError } from '../../../protocols/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../hour-account.ts';
import type { BaseHour } from './base-hour.ts';
import { addMinutes, closeTally, emptyTally } from './period-tally.ts';
import type { PeriodSum, Watch } from './period-sum.ts';

/** Sees each piece of an hour, minutes [from, to) of it, before the sum of the period in which it lies is given. */
type SeePiece<Hour> = (hour: Hour, fromMinute: number, toMinute: number) => void;

/**
 * Sums the base over periods that follow each other: boundary n to boundary n + 1 is period n. Sums are given as soon as
 * their period is over, in order, so that neither hours nor sums of a year need be in memory. After each hour there is
 * null: whoever has other work may do it.
 *
 * @param hours in order of time, one an hour; read once
 * @param boundaries wall ms on whole minutes, rising; fewer than two give no sum
 * @param more `tree`: components that are part of another one than the supply; `see`: for whoever adds up more
 * Throws an error of class `crash` (code `uneven-boundaries` or `hours-out-of-order`).
 */
export function* walkPeriods<Hour extends BaseHour>(
  hours: Iterable<Hour>,
  boundaries: readonly number[],
  watch: Watch,
  more: { tree?: Readonly<Record<string, string>>; see?: SeePiece<Hour> } = {},
): Generator<PeriodSum | null> {
  const { tree = {}, see = () => {} } = more;
  checkBoundaries(boundaries);
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
      if (fromMs < toMs) {
        const [fromMinute, toMinute] = [fromMs, toMs].map((atMs) => (atMs - hour.hourMs) / MINUTE_MS);
        addMinutes(tally, hour, fromMinute ?? 0, toMinute ?? 0);
        see(hour, fromMinute ?? 0, toMinute ?? 0);
      }
      if (tally.toMs > endMs) break;
      yield closeTally(tally, watch, tree);
      index++;
      tally = emptyTally(tally.toMs, boundaries[index + 1] ?? tally.toMs);
    }
    yield null;
  }
  for (; index + 1 < boundaries.length; index++) {
    yield closeTally(tally, watch, tree);
    tally = emptyTally(tally.toMs, boundaries[index + 2] ?? tally.toMs);
  }
}

/** All sums of `walkPeriods` at once. */
export function sumPeriods(
  hours: Iterable<BaseHour>,
  boundaries: readonly number[],
  watch: Watch,
): PeriodSum[] {
  return [...walkPeriods(hours, boundaries, watch)].filter((sum) => sum !== null);
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
