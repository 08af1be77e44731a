import { dateOf, dayNumberOf, formatDay, pad } from './civil-date.ts';
import type { Period } from './period.ts';

/** Periods that are made of whole days. */
export type DayKind = 'day' | 'week' | 'month' | 'year';

/** How days are counted together: each period of a kind has a number, one more than the one before. */
interface Counting {
  /** The number of the period to which a day belongs. */
  numberOf: (dayNumber: number) => number;
  /** The first day of a period. */
  firstDay: (number: number) => number;
  format: (number: number) => string;
}

const COUNTINGS: Readonly<Record<DayKind, Counting>> = {
  day: { numberOf: (day) => day, firstDay: (number) => number, format: formatDay },
  // Weeks begin on Monday; week 0 holds 1970-01-01, a Thursday.
  week: {
    numberOf: (day) => Math.floor((day + 3) / 7),
    firstDay: (number) => number * 7 - 3,
    format: formatWeek,
  },
  month: {
    numberOf: (day) => dateOf(day).year * 12 + dateOf(day).month - 1,
    firstDay: (number) => dayNumberOf({ year: Math.floor(number / 12), month: (number % 12) + 1, day: 1 }),
    format: (number) => `${pad(Math.floor(number / 12), 4)}-${pad((number % 12) + 1)}`,
  },
  year: {
    numberOf: (day) => dateOf(day).year,
    firstDay: (year) => dayNumberOf({ year, month: 1, day: 1 }),
    format: (year) => pad(year, 4),
  },
};

/**
 * The days, ISO weeks, months or years that touch [fromMs, toMs), whole. They begin when their first day does; a day that
 * the clocks skip (Samoa, 2011-12-30) is none.
 *
 * @param startOf when a day begins, wall ms; never earlier for a later day
 * @param nearDay a day that begins at or before `fromMs`, and not long before
 */
export function findDayPeriods(
  kind: DayKind,
  range: { fromMs: number; toMs: number; nearDay: number },
  startOf: (dayNumber: number) => number,
): Period[] {
  const { numberOf, firstDay, format } = COUNTINGS[kind];
  const periods: Period[] = [];
  let number = numberOf(range.nearDay);
  for (let at = startOf(firstDay(number)); at < range.toMs; number++) {
    const end = startOf(firstDay(number + 1));
    if (end > range.fromMs && end > at) {
      const key = format(number);
      periods.push({ kind, key, name: key, date: formatDay(firstDay(number)), fromMs: at, toMs: end });
    }
    at = end;
  }
  return periods;
}

/** `2026-W01`: the year of a week is that of its Thursday. */
function formatWeek(number: number): string {
  const thursday = number * 7;
  const { year } = dateOf(thursday);
  return `${pad(year, 4)}-W${pad(Math.floor((thursday - dayNumberOf({ year, month: 1, day: 1 })) / 7) + 1)}`;
}
