import { parseDay } from '../../collector/energy/calendar/civil-date.ts';
import { readLocal } from '../../collector/energy/calendar/local-time.ts';
import type { SiteCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { readIsoTime } from '../iso-time.ts';

const DAY_MS = 86_400_000;

/**
 * Wall ms of a time that a person wrote: a date is the begin of that day by the site's calendar, a time without zone is
 * what the clocks of the site show (the first time, where they show it twice). Throws an error of class `refuse`.
 */
export function readSiteTime(text: string, option: string, calendar: SiteCalendar): number {
  const [, date = '', hour, minute] =
    /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):([0-5]\d)(?::\d\d)?)?$/.exec(text) ?? [];
  const dayNumber = parseDay(date);
  if (dayNumber !== null) {
    const time = hour === undefined ? 0 : Number(hour) * 60 + Number(minute);
    const { atMs } = readLocal(calendar.zone, dayNumber, time);
    if (hour !== undefined) return atMs;
    const days = calendar.periodsIn('day', atMs - 2 * DAY_MS, atMs + 2 * DAY_MS);
    return days.find((day) => day.date === date)?.fromMs ?? atMs;
  }
  const atMs = readIsoTime(text);
  if (atMs !== undefined) return atMs;
  throw new MillwattError('refuse', 'bad-time', `${option} ${JSON.stringify(text)} is not a time.`, {
    cure: `Write it as 2026-11-22, 2026-11-22T06:30 (clocks of ${calendar.zone.name}) or 2026-11-22T06:30:00+01:00.`,
  });
}
