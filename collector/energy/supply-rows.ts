import type { Amendment } from './amendment.ts';
import { powerEdgesOf } from './amendments/column-fate.ts';
import { feedPower } from './power-track.ts';
import type { Ladder } from './power-ladder.ts';
import { dropTaken, settledTo } from './series.ts';
import type { TimelineState } from './timeline-state.ts';

/**
 * Follows power through the rows of the supply before the horizon, and what is measured of the time between them. Rows of a
 * counter alone measure time; what power was between its own readings, only the next one tells.
 */
export function takeSupply(
  timeline: TimelineState,
  ladders: readonly Ladder[],
  horizonMs: number,
  amendments: readonly Amendment[] = [],
): void {
  const { supply, power } = timeline;
  const edges = powerEdgesOf('supply', amendments);
  const untilMs = settledTo(supply, horizonMs);
  let row = 0;
  let lastMs = supply.lastMs;
  let lastEveryMs = supply.lastEveryMs;
  for (;;) {
    const nextMs = supply.atMs[row] ?? Infinity;
    if (!(nextMs < horizonMs)) break;
    const everyMs = supply.everyMs[row] ?? 0;
    const nextPowerW = supply.values[row] ?? null;
    if (lastMs !== null) noteMeasured(timeline, lastMs, nextMs - lastMs <= 2 * lastEveryMs);
    const { lastPower } = timeline;
    if (lastPower === null || isTooFar(timeline, nextMs)) feedPower(power, ladders, nextMs, null);
    else if (nextPowerW !== null) {
      // Each reading speaks for the half of the interval that is next to it: nobody knows when power changed.
      feedPower(power, ladders, Math.floor((lastPower.atMs + nextMs) / 2), lastPower.powerW);
      feedPower(power, ladders, nextMs, nextPowerW * (edges.get(nextMs) ?? 1));
    }
    if (nextPowerW !== null) timeline.lastPower = { atMs: nextMs, everyMs, powerW: nextPowerW };
    lastMs = nextMs;
    lastEveryMs = everyMs;
    row++;
  }
  dropTaken(supply, row);
  if (lastMs !== null && untilMs > lastMs) noteMeasured(timeline, lastMs, false);
  if (isTooFar(timeline, horizonMs)) feedPower(power, ladders, untilMs, null);
}

/** True where power is not known up to a time: its last reading, if any, is more than twice its cadence before. */
function isTooFar({ lastPower }: TimelineState, atMs: number): boolean {
  return lastPower === null || atMs - lastPower.atMs > 2 * lastPower.everyMs;
}

function noteMeasured({ measured }: TimelineState, fromMs: number, isMeasured: boolean): void {
  if ((measured[measured.length - 1]?.measured ?? false) !== isMeasured)
    measured.push({ fromMs, measured: isMeasured });
}
