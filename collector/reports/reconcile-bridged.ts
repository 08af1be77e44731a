import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import { readPeriodHours } from './period-hours.ts';
import type { PeriodSource } from './period-source.ts';

/**
 * Energy of a machine in [fromMs, toMs) that was spread over gaps which reach beyond its ends, mWh: only this may lie on the wrong
 * side of an end. What was spread over a gap in the middle is measured in sum, and is within the time whenever it was drawn.
 */
export function edgeBridgedMwh(
  source: Pick<PeriodSource, 'views'>,
  machine: string,
  fromMs: number,
  toMs: number,
): number {
  if (fromMs >= toMs) return 0;
  let mwh = 0;
  let endMs = fromMs;
  for (const { atMs, bridgedMwh } of bridgedFrom(source, machine, fromMs, toMs)) {
    if (bridgedMwh === null || atMs !== endMs) break;
    mwh += bridgedMwh;
    endMs = atMs + MINUTE_MS;
  }
  let beginMs = toMs;
  for (const { atMs, bridgedMwh } of bridgedBefore(source, machine, endMs, toMs)) {
    if (bridgedMwh === null || atMs + MINUTE_MS !== beginMs) break;
    mwh += bridgedMwh;
    beginMs = atMs;
  }
  return mwh;
}

/** A minute, and what was spread over a gap in it, mWh; null where it was measured. */
interface Minute {
  atMs: number;
  bridgedMwh: number | null;
}

function* bridgedFrom(
  source: Pick<PeriodSource, 'views'>,
  machine: string,
  fromMs: number,
  toMs: number,
): Iterable<Minute> {
  for (const hour of readPeriodHours(source, machine, fromMs, toMs)) {
    const cells = hour.components['supply']?.bridged ?? null;
    for (let minute = 0; minute < 60; minute++) {
      const atMs = hour.hourMs + minute * MINUTE_MS;
      if (atMs < fromMs || atMs >= toMs) continue;
      let mwh = 0;
      for (let state = 0; state < STATE_COUNT; state++) mwh += cells?.[minute * STATE_COUNT + state] ?? 0;
      const isGap = mwh > 0 || (hour.measuredMs[minute] ?? 0) === 0;
      yield { atMs, bridgedMwh: isGap ? mwh : null };
    }
  }
}

/** The same from the end, an hour at a time: a gap at the end is seldom long. */
function* bridgedBefore(
  source: Pick<PeriodSource, 'views'>,
  machine: string,
  fromMs: number,
  toMs: number,
): Iterable<Minute> {
  for (let untilMs = toMs; untilMs > fromMs;) {
    const beginMs = Math.max(fromMs, Math.floor((untilMs - 1) / HOUR_MS) * HOUR_MS);
    yield* [...bridgedFrom(source, machine, beginMs, untilMs)].reverse();
    untilMs = beginMs;
  }
}
