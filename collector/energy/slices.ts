import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { apportion } from './apportion.ts';
import { HOUR_MS, MINUTE_MS } from './hour-account.ts';

/** W x ms per mWh. */
export const WATT_MS_PER_MWH = 3600;

/** A stretch of time in one state since the counter last moved. `covered` ones lie within a minute. */
export interface Slice {
  fromMs: number;
  ms: number;
  /** Index of the operating state. */
  state: number;
  /** `covered`: power was measured; `timed`: only the counter was, in time; `gap`: neither. */
  kind: 'covered' | 'timed' | 'gap';
  /** Integrated power, W x ms. */
  wattMs: number;
  /** By how much the integral may be wrong, W x ms: power may have jumped anywhere between two readings. */
  slackMs: number;
}

/** Shares over hours first, then within each: remainders of many minutes must not pile up in one hour. */
export function shareOut(mwh: MilliwattHours, pieces: readonly Slice[]): MilliwattHours[] {
  const weights = weigh(pieces, mwh);
  const hourOf = (index: number) => Math.floor((pieces[index]?.fromMs ?? 0) / HOUR_MS);
  const last = pieces.length - 1;
  if (last <= 0 || hourOf(0) === hourOf(last)) return apportion(mwh, weights);
  const begins: number[] = [];
  for (let index = 0; index <= last; index++)
    if (index === 0 || hourOf(index) !== hourOf(index - 1)) begins.push(index);
  const groups = begins.map((begin, hour) => weights.slice(begin, begins[hour + 1]));
  const hourShares = apportion(
    mwh,
    groups.map((group) => group.reduce((sum, weight) => sum + weight, 0)),
  );
  return groups.flatMap((group, hour) => apportion(hourShares[hour] ?? milliwattHours(0), group));
}

function weigh(pieces: readonly Slice[], mwh: number): number[] {
  let coveredMwh = 0;
  let uncoveredMs = 0;
  for (const piece of pieces) {
    if (piece.kind === 'covered') coveredMwh += piece.wattMs / WATT_MS_PER_MWH;
    else uncoveredMs += piece.ms;
  }
  if (uncoveredMs === 0)
    return pieces.map((piece) => (coveredMwh > 0 ? piece.wattMs / WATT_MS_PER_MWH : piece.ms));
  const restMwh = Math.max(0, mwh - coveredMwh);
  return pieces.map((piece) =>
    piece.kind === 'covered' ? piece.wattMs / WATT_MS_PER_MWH : (restMwh * piece.ms) / uncoveredMs,
  );
}

/** The same stretches, none of them across a minute. */
export function cutAtMinutes(slices: readonly Slice[]): Slice[] {
  const pieces: Slice[] = [];
  for (const slice of slices) {
    const endMs = slice.fromMs + slice.ms;
    for (let at = slice.fromMs; at < endMs;) {
      const end = Math.min(endMs, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      pieces.push(end - at === slice.ms ? slice : { ...slice, fromMs: at, ms: end - at });
      at = end;
    }
  }
  return pieces;
}
