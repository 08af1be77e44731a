import { feedPower } from './power-track.ts';
import type { Ladder } from './power-ladder.ts';
import { dropTaken, settledTo } from './series.ts';
import type { TimelineState } from './timeline-state.ts';

/** Follows power through the rows of the supply before the horizon, and what is measured of the time between them. */
export function takeSupply(timeline: TimelineState, ladders: readonly Ladder[], horizonMs: number): void {
  const { supply, power } = timeline;
  const untilMs = settledTo(supply, horizonMs);
  let row = 0;
  let lastMs = supply.lastMs;
  let lastEveryMs = supply.lastEveryMs;
  for (;;) {
    const nextMs = supply.atMs[row] ?? Infinity;
    if (!(nextMs < horizonMs)) break;
    const everyMs = supply.everyMs[row] ?? 0;
    const nextPowerW = supply.values[row] ?? null;
    const { lastPower } = timeline;
    const isMeasured = lastMs !== null && nextMs - lastMs <= 2 * lastEveryMs;
    const holds = isMeasured && lastPower !== null && nextMs - lastPower.atMs <= 2 * lastPower.everyMs;
    if (nextMs > power.fedMs) noteMeasured(timeline, isMeasured);
    if (holds && nextPowerW !== null && lastMs !== null) {
      // Each reading speaks for the half of the interval that is next to it: nobody knows when power changed.
      feedPower(power, ladders, Math.floor((lastMs + nextMs) / 2), lastPower.powerW);
      feedPower(power, ladders, nextMs, nextPowerW);
    } else feedPower(power, ladders, nextMs, holds ? lastPower.powerW : null);
    if (nextPowerW !== null) timeline.lastPower = { atMs: nextMs, everyMs, powerW: nextPowerW };
    lastMs = nextMs;
    lastEveryMs = everyMs;
    row++;
  }
  dropTaken(supply, row);
  if (untilMs > power.fedMs) {
    noteMeasured(timeline, false);
    feedPower(power, ladders, untilMs, null);
  }
}

function noteMeasured({ measured, power }: TimelineState, isMeasured: boolean): void {
  if ((measured[measured.length - 1]?.measured ?? false) !== isMeasured)
    measured.push({ fromMs: power.fedMs, measured: isMeasured });
}
