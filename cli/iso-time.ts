import { formatTime } from './format.ts';

/** Ms since the Unix epoch of an ISO 8601 date or time; undefined for anything else, such as 30 February. A time without zone is local. */
export function readIsoTime(text: string): number | undefined {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  // Days that a month does not have would be read as days of the next.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const atMs = Date.parse(text);
  return date.getUTCMonth() === Number(month) - 1 && !Number.isNaN(atMs) ? atMs : undefined;
}

/**
 * Wall ms of a time that is entered for good, and therefore says its zone; else what is wrong with it, and how to write it. A time
 * without zone is refused with both of its readings, on the clocks of this process and in UTC.
 */
export function readZonedTime(text: string, option: string): number | { fault: string; cure: string } {
  const atMs = readIsoTime(text);
  if (atMs === undefined)
    return {
      fault: `${option} ${JSON.stringify(text)} is not a time.`,
      cure: `Write it with its zone: ${option} 2026-11-22T06:30:00+01:00`,
    };
  if (/(Z|[+-]\d\d:\d\d)$/.test(text.slice(10))) return atMs;
  const local = text.length === 10 ? `${text}T00:00:00` : text;
  const [day, time, zone] = formatTime(Date.parse(local)).split(' ');
  return {
    fault: `${option} ${JSON.stringify(text)} has no zone.`,
    cure:
      zone === '+00:00'
        ? `Write ${option} ${local}Z: the clocks of the site show UTC, too.`
        : `Write ${option} ${day}T${time}${zone} where it is what the clocks of the site show, ${option} ${local}Z where it is UTC.`,
  };
}
