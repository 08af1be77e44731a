import { MillwattError } from '../../../protocols/errors.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { apportion } from '../apportion.ts';

/** A stretch of one operating state [fromMs, toMs) and the energy that the machine drew in it. */
export interface EnergySpan {
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  state: OperatingState;
  /** Whole mWh, at least 0; null where nobody knows it: such time is told apart and never counts as 0. */
  mwh: MilliwattHours | null;
}

/**
 * The spans in order of time; those of no length are left out.
 *
 * @throws MillwattError (refuse): `span-malformed` for times or energies that are none, `spans-overlap` where two spans
 * tell of the same moment, which would count its energy twice.
 */
export function orderSpans(spans: readonly EnergySpan[]): EnergySpan[] {
  for (const { fromMs, toMs, mwh } of spans) {
    const isEnergy = mwh === null || (Number.isSafeInteger(mwh) && mwh >= 0);
    if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || toMs < fromMs || !isEnergy)
      throw new MillwattError(
        'refuse',
        'span-malformed',
        `A span from ${fromMs} to ${toMs} ms with ${mwh} mWh is none.`,
        {
          cure: 'Give whole milliseconds in order, and energy in whole mWh that is not negative, or null.',
        },
      );
    if (toMs === fromMs && mwh !== null && mwh > 0)
      throw new MillwattError(
        'refuse',
        'span-malformed',
        `A span of no length at ${fromMs} ms has ${mwh} mWh.`,
        {
          cure: 'Book energy to a time in which it was drawn.',
        },
      );
  }
  const ordered = spans.filter(({ fromMs, toMs }) => toMs > fromMs).sort((a, b) => a.fromMs - b.fromMs);
  for (const [index, span] of ordered.entries()) {
    const before = ordered[index - 1];
    if (before !== undefined && before.toMs > span.fromMs)
      throw new MillwattError(
        'refuse',
        'spans-overlap',
        `Two spans of state and energy tell of the same time, from ${span.fromMs} to ${Math.min(before.toMs, span.toMs)} ms.`,
        { cure: 'Give the spans of one machine and one component only.' },
      );
  }
  return ordered;
}

/**
 * Cuts spans at the given moments. The energy of a span that is cut is spread evenly over its time, whole mWh by largest
 * remainder, so that the pieces sum to it. Cut by the collector's own readings beforehand where they tell more.
 *
 * @param spans in order of time and apart (`orderSpans`)
 * @param edgesMs in any order
 */
export function cutSpans(spans: readonly EnergySpan[], edgesMs: readonly number[]): EnergySpan[] {
  const edges = [...new Set(edgesMs)].sort((a, b) => a - b);
  const pieces: EnergySpan[] = [];
  let next = 0;
  for (const span of spans) {
    while (next < edges.length && edges[next]! <= span.fromMs) next++;
    const times = [span.fromMs];
    while (next < edges.length && edges[next]! < span.toMs) times.push(edges[next++]!);
    times.push(span.toMs);
    const lengths = times.slice(1).map((toMs, index) => toMs - times[index]!);
    const shares = span.mwh === null ? null : apportion(span.mwh, lengths);
    for (const [index, length] of lengths.entries()) {
      const fromMs = times[index]!;
      pieces.push({
        fromMs,
        toMs: fromMs + length,
        state: span.state,
        mwh: shares === null ? null : milliwattHours(shares[index]!),
      });
    }
  }
  return pieces;
}
