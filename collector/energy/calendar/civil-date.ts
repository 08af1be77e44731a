/** One civil day, ms, as the clock on the wall counts it: always 24 hours, whatever the day really lasted. */
export const CIVIL_DAY_MS = 86_400_000;
/** Minutes of a civil day. */
export const CIVIL_DAY_MIN = 1440;

/** A date of the Gregorian calendar. */
export interface CivilDate {
  year: number;
  /** 1..12 */
  month: number;
  /** 1..31 */
  day: number;
}

/** Days since 1970-01-01 of a date; months beyond 1..12 carry over into the year. */
export function dayNumberOf({ year, month, day }: CivilDate): number {
  return Date.UTC(year, month - 1, day) / CIVIL_DAY_MS;
}

/** The date of a day number. */
export function dateOf(dayNumber: number): CivilDate {
  const date = new Date(dayNumber * CIVIL_DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Weekday by ISO 8601: 1 is Monday, 7 is Sunday. */
export function weekdayOf(dayNumber: number): number {
  // 1970-01-01 was a Thursday.
  return ((((dayNumber + 3) % 7) + 7) % 7) + 1;
}

/** `2026-10-25` */
export function formatDay(dayNumber: number): string {
  const { year, month, day } = dateOf(dayNumber);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

/** The day number of `2026-10-25`; null for anything that is no date of the years 1900 to 2199. */
export function parseDay(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (year < 1900 || year > 2199) return null;
  const dayNumber = dayNumberOf({ year, month, day });
  // 2026-02-30 would carry over into March.
  return formatDay(dayNumber) === text ? dayNumber : null;
}

/** A whole number with leading zeros. */
export function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
