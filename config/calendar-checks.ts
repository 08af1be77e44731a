import { readCalendarConfig, type CalendarConfig, type CalendarSettings } from './calendar-config.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { findNearest } from './nearest.ts';

/** What the derivation has against a calendar: `shifts[1]`, what is wrong, what to do. */
type FindFaults = (settings: CalendarSettings) => { path: string; message: string; cure: string }[];

/**
 * What a calendar has against itself, beyond what each value says alone.
 *
 * @param at where the calendar stands in the file
 * @param findFaults the derivation's own judgement (overlapping shifts and the like), so that there is one
 */
export function checkCalendar(config: CalendarConfig, at: ConfigPath, findFaults: FindFaults): Remark[] {
  return [
    ...checkZone(config.zone, [...at, 'zone']),
    ...findFaults(readCalendarConfig(config)).map(({ path, message, cure }): Remark => {
      const [, list = '', index = '0'] = /^(\w+)\[(\d+)\]$/.exec(path) ?? [];
      const key = list === 'exceptions' ? 'holidays' : list;
      const isSingle = key === 'dayBegins' && typeof config.dayBegins === 'number';
      const steps = key === '' ? [] : isSingle ? [key] : [key, Number(index)];
      return { severity: 'error', path: [...at, ...steps], message, cure };
    }),
  ];
}

function checkZone(zone: string, path: ConfigPath): Remark[] {
  // A bare offset is a zone to the runtime, but knows no summer time.
  if (/^[A-Za-z]/.test(zone) && isZone(zone)) return [];
  // Names that the runtime lists by an older name, such as Asia/Calcutta for Asia/Kolkata, are known to it all the same.
  const near = findNearest(zone, Intl.supportedValuesOf('timeZone'));
  return [
    {
      severity: 'error',
      path,
      message: `"${zone}" is no time zone of the IANA database that this machine knows.`,
      cure:
        near === undefined
          ? 'Write its name, such as Europe/Berlin, America/New_York or Asia/Kolkata.'
          : `Write ${near}, if that is meant.`,
    },
  ];
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
