import { WATT_MS_PER_MWH } from '../../protocols/telemetry/unit.ts';
import { HOUR_MS } from './hour-account.ts';
import type { HourEdge } from './hour-edge.ts';
import type { Slice } from './slices.ts';

/** True where an hour begins or ends in an interval, or at one of its ends. */
export function isAtEdge(fromMs: number, toMs: number): boolean {
  return fromMs % HOUR_MS === 0 || Math.floor(fromMs / HOUR_MS) !== Math.floor(toMs / HOUR_MS);
}

/** What each of the hours that such an interval lies in gets of it, by the begin of the hour. */
export function shareEdge(
  pieces: readonly Slice[],
  shares: readonly number[],
  toMs: number,
  toMwh: number | null,
): Map<number, HourEdge> {
  const edges = new Map<number, HourEdge>();
  const fromMs = pieces[0]?.fromMs ?? toMs;
  let allMwh = 0;
  for (const share of shares) allMwh += share;
  const isMeasured = pieces.every(({ kind }) => kind === 'covered');
  const power = pieces.reduce((sum, { wattMs }) => sum + wattMs, 0) / WATT_MS_PER_MWH;
  const by = power > 0 ? 'power' : 'time';
  for (const [index, piece] of pieces.entries()) {
    const hourMs = Math.floor(piece.fromMs / HOUR_MS) * HOUR_MS;
    let edge = edges.get(hourMs);
    if (edge === undefined) {
      const fromMwh = toMwh === null ? null : toMwh - allMwh;
      const ratio = isMeasured
        ? ({ by, here: 0, all: by === 'power' ? power : toMs - fromMs } as const)
        : null;
      edges.set(hourMs, (edge = { fromMs, toMs, fromMwh, toMwh, allMwh, hereMwh: 0, ratio }));
    }
    edge.hereMwh += shares[index] ?? 0;
    if (edge.ratio !== null) edge.ratio.here += by === 'power' ? piece.wattMs / WATT_MS_PER_MWH : piece.ms;
  }
  return edges;
}
