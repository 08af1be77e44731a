/** What lies in no shift. */
export const NO_SHIFT = 'no shift';

/** One stretch of work. */
export interface ShiftTime {
  name: string;
  /** Local time at which it begins, minutes after midnight, 0..1439. */
  beginsMin: number;
  /** Local time at which it ends, minutes after the midnight of the day on which it began; more than 1440 beyond midnight. At most 1440 after the begin. */
  endsMin: number;
}

/** A shift that is worked week by week. */
export interface Shift extends ShiftTime {
  /** The weekdays on which it begins, by ISO 8601: 1 is Monday, 7 is Sunday. */
  weekdays: readonly number[];
  /** Days since 1970-01-01 of the first day on which it may begin; null for always. */
  fromDay: number | null;
  /** Of the first day on which it no longer begins; null for ever. */
  untilDay: number | null;
}

/** A day that is worked differently: a holiday has no shifts, a worked Saturday has some. Shifts that began the day before run to their end. */
export interface DayException {
  /** Days since 1970-01-01. */
  dayNumber: number;
  name: string;
  /** What begins on that day, in place of the weekly shifts. */
  shifts: readonly ShiftTime[];
}

/** When the production day begins, from a day on. */
export interface DayBegin {
  /** Days since 1970-01-01 of the first day that begins so; null for always. */
  fromDay: number | null;
  /** Minutes after the local midnight of the date that names the day, -1439..1439; -120 for a Monday that begins on Sunday at 22:00. */
  beginsMin: number;
}

/** How a site divides time; plain data, from the collector's configuration. */
export interface CalendarModel {
  /** A zone of the IANA database. */
  zone: string;
  /** In order of `fromDay`, the first from null. */
  dayBegins: readonly DayBegin[];
  /** In any order. */
  shifts: readonly Shift[];
  /** In any order, one a day. */
  exceptions: readonly DayException[];
}

/** The calendar of a site that nobody configured: days from midnight to midnight, no shifts. */
export function plainCalendar(zone: string): CalendarModel {
  return { zone, dayBegins: [{ fromDay: null, beginsMin: 0 }], shifts: [], exceptions: [] };
}
