import { plainCalendar } from '../collector/energy/calendar/calendar-model.ts';
import { parseDay } from '../collector/energy/calendar/civil-date.ts';
import { readLocal } from '../collector/energy/calendar/local-time.ts';
import { openCalendar, type SiteCalendar } from '../collector/energy/calendar/site-calendar.ts';
import { readCalendarConfig } from '../config/calendar-config.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { MillwattError } from '../protocols/errors.ts';
import { formatTime } from './format.ts';
import { readIsoTime } from './iso-time.ts';

const DAY_MS = 86_400_000;

/** The clocks that times without a zone are on, and that times are printed on. */
export interface SiteClock {
  /** Its zone reads times, its days dates. */
  calendar: SiteCalendar;
  /** `times in Europe/Berlin` */
  saying: string;
}

/**
 * Puts this process on the clocks of the site: those of its calendar where one is declared, else those of this computer. What is
 * printed from then on is on them, too. Throws as `openCalendar`.
 */
export function takeSiteClock({ calendar }: Pick<CollectorConfig, 'calendar'>): SiteClock {
  const opened = siteCalendarOf({ calendar });
  if (calendar === undefined)
    return {
      calendar: opened,
      saying: `times in ${opened.zone.name}, the zone of this computer: no calendar is declared`,
    };
  // By its name in the database, however the file spells it.
  const format = new Intl.DateTimeFormat('en', { timeZone: calendar.zone });
  process.env['TZ'] = format.resolvedOptions().timeZone;
  return { calendar: opened, saying: `times in ${calendar.zone}` };
}

/** The calendar that times without a zone are on: where none is declared, one of the zone of this computer. Throws as `openCalendar`. */
export function siteCalendarOf({ calendar }: Pick<CollectorConfig, 'calendar'>): SiteCalendar {
  return openCalendar(
    calendar === undefined ? plainCalendar(zoneOfComputer()) : readCalendarConfig(calendar),
  );
}

/**
 * Wall ms of a time that a person wrote: a date is the begin of that day by the site's calendar, a time without zone is
 * what the clocks of the site show (the first time, where they show it twice). Throws an error of class `refuse`.
 */
export function readSiteTime(text: string, option: string, calendar: SiteCalendar): number {
  const [, date = '', hour, minute, second = '0'] =
    /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,3})?))?)?$/.exec(text) ?? [];
  const dayNumber = parseDay(date);
  if (dayNumber !== null) {
    const time = hour === undefined ? 0 : Number(hour) * 60 + Number(minute);
    const { atMs } = readLocal(calendar.zone, dayNumber, time);
    if (hour !== undefined) return atMs + Math.round(Number(second) * 1000);
    const days = calendar.periodsIn('day', atMs - 2 * DAY_MS, atMs + 2 * DAY_MS);
    return days.find((day) => day.date === date)?.fromMs ?? atMs;
  }
  const atMs = readIsoTime(text);
  if (atMs !== undefined) return atMs;
  throw new MillwattError('refuse', 'bad-time', `${option} ${JSON.stringify(text)} is not a time.`, {
    cure: `Write it as 2026-11-22, 2026-11-22T06:30 (clocks of ${calendar.zone.name}) or 2026-11-22T06:30:00+01:00.`,
  });
}

/**
 * Begin and end that a person asked for, wall ms; the last `backMs` up to now where nothing is said. Throws an error of class
 * `refuse` (code `bad-time`).
 */
export function readSiteRange(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  { calendar }: SiteClock,
  backMs = DAY_MS,
): { fromMs: number; toMs: number } {
  const toMs = to === undefined ? Date.now() : readSiteTime(to, '--to', calendar);
  const fromMs = from === undefined ? toMs - backMs : readSiteTime(from, '--from', calendar);
  if (fromMs < toMs) return { fromMs, toMs };
  throw new MillwattError('refuse', 'bad-time', '--from is not before --to.', { cure: 'Exchange them.' });
}

/** The time that was taken, with its clocks: `2026-11-21 06:30:00 +01:00 to ... (times in Europe/Berlin)`. */
export function sayRange(fromMs: number, toMs: number, { saying }: SiteClock): string {
  return `${formatTime(fromMs)} to ${formatTime(toMs)} (${saying})`;
}

function zoneOfComputer(): string {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  // A bare offset in TZ has no name that a calendar takes.
  return /^[A-Za-z]/.test(zone ?? '') ? zone : 'UTC';
}
