import { CIVIL_DAY_MS, formatDay } from './civil-date.ts';
import { formatLocal } from './local-time.ts';
import type { Period } from './period.ts';
import type { Zone } from './zone.ts';

/** No period of the clock is longer. */
const STEP_MS = { hour: 3_600_000, quarterHour: 900_000 };

/**
 * The hours or quarters of an hour that touch [fromMs, toMs), whole. One begins whenever the clock shows a full one, and
 * whenever the clock is changed: an hour that is shown twice is two hours, and on Lord Howe Island two of a year last
 * half an hour.
 */
export function findClockPeriods(
  zone: Zone,
  kind: 'hour' | 'quarterHour',
  fromMs: number,
  toMs: number,
): Period[] {
  const stepMs = STEP_MS[kind];
  const periods: Period[] = [];
  for (const span of zone.spansBetween(fromMs - stepMs, toMs + stepMs)) {
    const { offsetMs } = span;
    let at = Math.max(span.fromMs, Math.floor((fromMs + offsetMs) / stepMs) * stepMs - offsetMs);
    while (at < Math.min(span.toMs, toMs)) {
      const end = Math.min((Math.floor((at + offsetMs) / stepMs) + 1) * stepMs - offsetMs, span.toMs);
      if (end > fromMs) {
        const key = formatLocal(zone, at);
        const date = formatDay(Math.floor((at + offsetMs) / CIVIL_DAY_MS));
        periods.push({ kind, key, name: key, date, fromMs: at, toMs: end });
      }
      at = end;
    }
  }
  return periods;
}
