import {
  plainCalendar,
  type CalendarModel,
  type DayException,
  type Shift,
} from '../../../../collector/energy/calendar/calendar-model.ts';
import { parseDay } from '../../../../collector/energy/calendar/civil-date.ts';
import type { Period, PeriodKind } from '../../../../collector/energy/calendar/period.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';

export const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
export const WORKING_DAYS = [1, 2, 3, 4, 5];
/** Runs of a property: 1,000, or 100,000 in the long run. */
export const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 100_000 : 1000;

/** How long a property may take, ms. */
export const LONG_MS = RUNS > 1000 ? 3_600_000 : 30_000;

/** Days since 1970-01-01. */
export function day(text: string): number {
  const dayNumber = parseDay(text);
  if (dayNumber === null) throw new Error(`${text} is no date`);
  return dayNumber;
}

/** Minutes after midnight of `06:30`. */
export function minute(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

/** `06:00-14:00`, or over midnight `22:00-06:00`. */
export function shift(
  name: string,
  times: string,
  weekdays = EVERY_DAY,
  from: string | null = null,
  until: string | null = null,
): Shift {
  const beginsMin = minute(times.slice(0, 5));
  const endsMin = minute(times.slice(6));
  return {
    name,
    beginsMin,
    endsMin: endsMin <= beginsMin ? endsMin + 1440 : endsMin,
    weekdays,
    fromDay: from === null ? null : day(from),
    untilDay: until === null ? null : day(until),
  };
}

export function exception(date: string, shifts: DayException['shifts'] = []): DayException {
  return { dayNumber: day(date), name: 'holiday', shifts };
}

export function calendarOf(
  zone: string,
  dayBegins: string,
  more: Partial<CalendarModel> = {},
): CalendarModel {
  return {
    ...plainCalendar(zone),
    dayBegins: [{ fromDay: null, beginsMin: minute(dayBegins) }],
    ...more,
  };
}

/** The periods of a range as `name from to hours`, times in UTC. */
export function tellPeriods(model: CalendarModel, kind: PeriodKind, from: string, to: string): string[] {
  return openCalendar(model).periodsIn(kind, Date.parse(from), Date.parse(to)).map(tell);
}

function tell({ name, fromMs, toMs }: Period): string {
  return `${name} ${utc(fromMs)} ${utc(toMs)} ${(toMs - fromMs) / 3_600_000}`;
}

function utc(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(5, 16)}Z`;
}
