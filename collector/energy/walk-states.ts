import { MINUTE_MS } from './hour-account.ts';
import type { TimelineState } from './timeline-state.ts';

/** Calls back for each stretch of one state in [fromMs, toMs), which must be settled. */
export function walkStates(
  timeline: TimelineState,
  fromMs: number,
  toMs: number,
  visit: (fromMs: number, toMs: number, state: number) => void,
): void {
  const { changesMs, states } = timeline;
  let index = changesMs.length - 1;
  while (index > 0 && (changesMs[index] ?? 0) > fromMs) index--;
  for (let at = fromMs; at < toMs; index++) {
    const end = Math.min(toMs, changesMs[index + 1] ?? toMs);
    if (end > at) visit(at, end, states[index] ?? 0);
    at = Math.max(at, end);
  }
}

/** Power between two readings, drawn straight. */
export interface PowerLine {
  startMs: number;
  startW: number;
  endMs: number;
  endW: number;
}

/** A piece of measured power in one state, within one minute. */
export interface PowerPiece {
  fromMs: number;
  ms: number;
  /** Index of the operating state. */
  state: number;
  /** Integrated power, W x ms; what was fed back counts as 0. */
  wattMs: number;
  /** By how much that may be wrong, W x ms: power may have jumped anywhere between the two readings. */
  slackMs: number;
}

/**
 * Walks [fromMs, toMs), which lies between the readings of a line, cut at minutes and at changes of state. Where the
 * state changes once between the two readings, power is taken to have jumped then: drawn straight, a state of low power
 * would get half of every rise and fall, and its mean power would be too high by as much as readings are far apart.
 */
export function walkPower(
  timeline: TimelineState,
  fromMs: number,
  toMs: number,
  line: PowerLine,
  visit: (piece: PowerPiece) => void,
): void {
  const { startMs, startW, endMs, endW } = line;
  const slope = (endW - startW) / (endMs - startMs);
  const slackW = Math.abs(endW - startW) / 2;
  const jumpMs = onlyChangeMs(timeline, startMs, endMs);
  const visitMinutes = (from: number, to: number, state: number) => {
    for (let at = from; at < to;) {
      const end = Math.min(to, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      const ms = end - at;
      const meanW =
        jumpMs === null
          ? (Math.max(0, startW + slope * (at - startMs)) +
              Math.max(0, end === endMs ? endW : startW + slope * (end - startMs))) /
            2
          : Math.max(0, at < jumpMs ? startW : endW);
      visit({ fromMs: at, ms, state, wattMs: meanW * ms, slackMs: slackW * ms });
      at = end;
    }
  };
  // Mostly the newest state holds all the while.
  const newest = timeline.states.length - 1;
  if ((timeline.changesMs[newest] ?? Infinity) <= fromMs)
    visitMinutes(fromMs, toMs, timeline.states[newest] ?? 0);
  else walkStates(timeline, fromMs, toMs, visitMinutes);
}

/** When the state changes between two times, both excluded; null where it does not, or more than once. */
function onlyChangeMs({ changesMs }: TimelineState, fromMs: number, toMs: number): number | null {
  let index = changesMs.length - 1;
  while (index >= 0 && (changesMs[index] ?? 0) >= toMs) index--;
  const changeMs = changesMs[index] ?? -Infinity;
  return changeMs > fromMs && (changesMs[index - 1] ?? -Infinity) <= fromMs ? changeMs : null;
}
