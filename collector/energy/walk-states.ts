import { MINUTE_MS } from './hour-account.ts';
import type { TimelineState } from './timeline.ts';

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

/** Walks [fromMs, toMs), which lies between the readings of a line, cut at minutes and at changes of state. */
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
  walkStates(timeline, fromMs, toMs, (from, to, state) => {
    for (let at = from; at < to;) {
      const end = Math.min(to, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      const ms = end - at;
      const atW = Math.max(0, startW + slope * (at - startMs));
      const untilW = Math.max(0, end === endMs ? endW : startW + slope * (end - startMs));
      visit({ fromMs: at, ms, state, wattMs: ((atW + untilW) / 2) * ms, slackMs: slackW * ms });
      at = end;
    }
  });
}
