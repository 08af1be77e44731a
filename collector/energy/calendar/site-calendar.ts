import { MillwattError } from '../../../protocols/errors.ts';
import { findCalendarFaults } from './calendar-faults.ts';
import type { CalendarModel } from './calendar-model.ts';
import { findClockPeriods } from './clock-periods.ts';
import { findDayPeriods } from './day-periods.ts';
import { localAt, momentOf } from './local-time.ts';
import type { Period, PeriodKind } from './period.ts';
import { findShiftPeriods } from './shift-periods.ts';
import { openShifts } from './worked-shifts.ts';
import { openZone, type Zone } from './zone.ts';

/** A day may begin up to a day before or after its date; one more day for clocks that are far from UTC or skip a day. */
const MARGIN_DAYS = 3;

/** How a site divides time. */
export interface SiteCalendar {
  readonly zone: Zone;
  /**
   * The periods of a kind that touch [fromMs, toMs), whole and in order: they follow each other without holes or overlap,
   * and every moment of the range lies in exactly one. Every boundary is a function of the calendar alone, never of the
   * range. Throws an error of class `refuse` (code `time-out-of-range`) outside the years 1900 to 2199.
   */
  readonly periodsIn: (kind: PeriodKind, fromMs: number, toMs: number) => Period[];
}

/**
 * Opens a calendar; throws an error of class `refuse` (code `unknown-zone` or `bad-calendar`) that tells the first fault.
 *
 * @param zone the zone that the model names, where it is open already: what it has learnt of its clocks is shared
 */
export function openCalendar(model: CalendarModel, zone: Zone = openZone(model.zone)): SiteCalendar {
  const [fault] = findCalendarFaults(model);
  if (fault !== undefined)
    throw new MillwattError('refuse', 'bad-calendar', `${fault.path}: ${fault.message}`, {
      cure: fault.cure,
    });
  const shiftsOn = openShifts(model);
  const startOf = (dayNumber: number): number => momentOf(zone, dayNumber, beginOf(model, dayNumber));
  const periodsIn = (kind: PeriodKind, fromMs: number, toMs: number): Period[] => {
    if (fromMs >= toMs) return [];
    const firstDay = localAt(zone, fromMs).dayNumber - MARGIN_DAYS;
    switch (kind) {
      case 'hour':
      case 'quarterHour':
        return findClockPeriods(zone, kind, fromMs, toMs);
      case 'shift': {
        const fromDay = firstDay - MARGIN_DAYS;
        const lastDay = localAt(zone, toMs).dayNumber + MARGIN_DAYS;
        const whole = { fromMs: startOf(fromDay), toMs: startOf(lastDay), nearDay: fromDay };
        const days = findDayPeriods('day', whole, startOf);
        return findShiftPeriods(zone, shiftsOn, days, { fromMs, toMs, firstDay: fromDay - 1, lastDay });
      }
      case 'day':
      case 'week':
      case 'month':
      case 'year':
        return findDayPeriods(kind, { fromMs, toMs, nearDay: firstDay }, startOf);
    }
  };
  return { zone, periodsIn };
}

function beginOf({ dayBegins }: CalendarModel, dayNumber: number): number {
  return dayBegins.findLast(({ fromDay }) => fromDay === null || fromDay <= dayNumber)?.beginsMin ?? 0;
}
