import { formatDay } from './civil-date.ts';
import { NO_SHIFT } from './calendar-model.ts';
import { formatLocal, momentOf } from './local-time.ts';
import type { Period } from './period.ts';
import type { WorkedShifts } from './worked-shifts.ts';
import type { Zone } from './zone.ts';

/**
 * The shifts that touch [fromMs, toMs), whole, and between them `no shift`, which ends with the day at the latest. A shift
 * begins and ends when the clocks have come so far: over a change of the clocks a night lasts an hour more or less, and
 * one that lies in a skipped hour is none.
 *
 * @param days the days (kind `day`) from at least two days before the range to its end; `no shift` is cut where they begin
 */
export function findShiftPeriods(
  zone: Zone,
  shiftsOn: WorkedShifts,
  days: readonly Period[],
  range: { fromMs: number; toMs: number; firstDay: number; lastDay: number },
): Period[] {
  const periods: Period[] = [];
  const add = (name: string, date: string, fromMs: number, toMs: number): void => {
    if (fromMs >= toMs || toMs <= range.fromMs || fromMs >= range.toMs) return;
    periods.push({ kind: 'shift', key: `${formatLocal(zone, fromMs)} ${name}`, name, date, fromMs, toMs });
  };
  let at = days[0]?.fromMs ?? range.toMs;
  let next = 0;
  const fillTo = (toMs: number): void => {
    while (at < toMs) {
      while ((days[next]?.toMs ?? Infinity) <= at) next++;
      const end = Math.min(toMs, days[next]?.toMs ?? toMs);
      add(NO_SHIFT, days[next]?.date ?? '', at, end);
      at = end;
    }
  };
  for (let day = range.firstDay; day <= range.lastDay; day++) {
    for (const { name, beginsMin, endsMin } of shiftsOn(day)) {
      const fromMs = momentOf(zone, day, beginsMin);
      const toMs = momentOf(zone, day, endsMin);
      fillTo(fromMs);
      add(name, formatDay(day), fromMs, toMs);
      at = Math.max(at, toMs);
    }
  }
  fillTo(days[days.length - 1]?.toMs ?? at);
  return periods;
}
