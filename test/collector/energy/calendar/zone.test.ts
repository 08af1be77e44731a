import { describe, expect, it } from 'vitest';
import type { PeriodKind } from '../../../../collector/energy/calendar/period.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import { openZone } from '../../../../collector/energy/calendar/zone.ts';
import { calendarOf, shift } from './calendars.ts';

const HOUR_MS = 3_600_000;

describe('a zone', () => {
  it('knows its changes to the second, the oldest and the odd ones too', () => {
    const changes = (name: string, from: string, to: string): [string, number][] =>
      openZone(name)
        .spansBetween(Date.parse(from), Date.parse(to))
        .slice(1)
        .map(({ fromMs, offsetMs }) => [new Date(fromMs).toISOString(), offsetMs / HOUR_MS]);
    expect(changes('Europe/Berlin', '2026-01-01', '2027-01-01')).toEqual([
      ['2026-03-29T01:00:00.000Z', 2],
      ['2026-10-25T01:00:00.000Z', 1],
    ]);
    // Boa Vista had a week of summer time in 2000: 00:00-04:00 = 04:00Z, and back at 00:00-03:00 = 03:00Z.
    expect(changes('America/Boa_Vista', '2000-10-01', '2000-11-01')).toEqual([
      ['2000-10-08T04:00:00.000Z', -3],
      ['2000-10-15T03:00:00.000Z', -4],
    ]);
    // Tunis in 1943: summer time ended on 17 April at 02:00+02:00, and began again on the 25th
    // at 02:00+01:00.
    expect(changes('Africa/Tunis', '1943-04-01', '1943-05-01')).toEqual([
      ['1943-04-17T00:00:00.000Z', 1],
      ['1943-04-25T01:00:00.000Z', 2],
    ]);
    // Monrovia was 44 min 30 s behind until 1972.
    expect(changes('Africa/Monrovia', '1972-01-01', '1972-12-31')).toEqual([['1972-01-07T00:44:30.000Z', 0]]);
    expect(changes('Pacific/Apia', '2011-12-01', '2012-01-31')).toEqual([['2011-12-30T10:00:00.000Z', 14]]);
    // A year that ends and begins with one offset is one stretch.
    expect(openZone('Asia/Kolkata').spansBetween(Date.UTC(2020, 5, 1), Date.UTC(2030, 5, 1))).toHaveLength(1);
  });

  it('asks its clock about once a day for a year, and never twice', () => {
    const prototype = Intl.DateTimeFormat.prototype;
    const property = Object.getOwnPropertyDescriptor(prototype, 'format') ?? {};
    let asked = 0;
    Object.defineProperty(prototype, 'format', {
      ...property,
      get(this: Intl.DateTimeFormat) {
        const format = property.get?.call(this) as (atMs: number) => string;
        return (atMs: number) => {
          asked++;
          return format(atMs);
        };
      },
    });
    try {
      const model = calendarOf('Europe/Berlin', '06:00', {
        shifts: [shift('early', '06:00-14:00'), shift('late', '14:00-22:00'), shift('night', '22:00-06:00')],
      });
      const { periodsIn } = openCalendar(model, openZone('Europe/Berlin'));
      // From local New Year to New Year: 365 x 24 hours.
      const count = (kind: PeriodKind): number =>
        periodsIn(kind, Date.UTC(2025, 11, 31, 23), Date.UTC(2026, 11, 31, 23)).length;
      const countAll = (): number[] => (['hour', 'quarterHour', 'shift', 'day'] as const).map(count);
      const counts = [8760, 4 * 8760, 3 * 365 + 1, 366];
      expect(countAll()).toEqual(counts);
      // The years 2025 to 2027 are touched: 3 x 367 probes, and less than 30 more for each of 6 changes.
      expect(asked).toBeGreaterThan(700);
      expect(asked).toBeLessThan(3 * 367 + 6 * 30);
      const before = asked;
      expect(countAll()).toEqual(counts);
      expect(asked).toBe(before);
    } finally {
      Object.defineProperty(prototype, 'format', property);
    }
  });
});
