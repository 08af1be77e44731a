import { describe, expect, it } from 'vitest';
import { findCalendarFaults } from '../../collector/energy/calendar/calendar-faults.ts';
import type { CalendarModel } from '../../collector/energy/calendar/calendar-model.ts';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { checkCalendar } from '../../config/calendar-checks.ts';
import { calendarConfig, readCalendarConfig } from '../../config/calendar-config.ts';
import { parseYamlText } from '../../config/yaml-text.ts';

function parse(text: string): ReturnType<typeof calendarConfig.parse> {
  const { value, remarks } = parseYamlText(text);
  expect(remarks).toEqual([]);
  return calendarConfig.parse(value);
}

function check(text: string): string[] {
  return checkCalendar(parse(text), ['calendar'], findCalendarFaults).map(
    ({ path, message, cure }) => `${path.join('.')}: ${message} ${cure}`,
  );
}

const PLANT = `
zone: Asia/Kolkata
dayBegins: 06:30
shifts:
  - { name: A, begins: 06:30, ends: 14:30, days: [mon, tue, wed, thu, fri, sat] }
  - { name: B, begins: 14:30, ends: 22:30, days: [mon, tue, wed, thu, fri, sat] }
  - { name: C, begins: 22:30, ends: 06:30, days: [mon, tue, wed, thu, fri, sat], until: 2026-06-30 }
holidays:
  - { date: 2026-01-26, name: Republic Day }
  - { date: 2026-01-25, shifts: [{ name: repair, begins: 08:00, ends: 24:00 }] }
`;

describe('the calendar of a configuration', () => {
  it('is what the derivation takes', () => {
    const model: CalendarModel = readCalendarConfig(parse(PLANT));
    const weekdays = [1, 2, 3, 4, 5, 6];
    expect(model).toEqual({
      zone: 'Asia/Kolkata',
      dayBegins: [{ fromDay: null, beginsMin: 390 }],
      shifts: [
        { name: 'A', beginsMin: 390, endsMin: 870, weekdays, fromDay: null, untilDay: null },
        { name: 'B', beginsMin: 870, endsMin: 1350, weekdays, fromDay: null, untilDay: null },
        // Over midnight: 06:30 of the next day is 390 + 1440. The 30th of June is the last: day 20634 is 2026-06-30.
        { name: 'C', beginsMin: 1350, endsMin: 1830, weekdays, fromDay: null, untilDay: 20_635 },
      ],
      exceptions: [
        { dayNumber: 20_479, name: 'Republic Day', shifts: [] },
        { dayNumber: 20_478, name: 'holiday', shifts: [{ name: 'repair', beginsMin: 480, endsMin: 1440 }] },
      ],
    });
    expect(check(PLANT)).toEqual([]);
    // Tuesday 27 January, 06:30+05:30 = 01:00Z: A begins, after a holiday without shifts.
    const [first, second] = openCalendar(model).periodsIn(
      'shift',
      Date.UTC(2026, 0, 27),
      Date.UTC(2026, 0, 27, 2),
    );
    expect([first?.name, second?.name, second?.fromMs]).toEqual(['no shift', 'A', Date.UTC(2026, 0, 27, 1)]);
  });

  it('needs only a zone', () => {
    expect(readCalendarConfig(parse('zone: UTC'))).toEqual({
      zone: 'UTC',
      dayBegins: [{ fromDay: null, beginsMin: 0 }],
      shifts: [],
      exceptions: [],
    });
  });

  it('may name days by their end, and begin them otherwise from a date on', () => {
    const begins = (text: string): unknown => readCalendarConfig(parse(text)).dayBegins;
    expect(begins('{ zone: UTC, dayBegins: 22:00, dayNamedBy: end }')).toEqual([
      { fromDay: null, beginsMin: -120 },
    ]);
    expect(begins('{ zone: UTC, dayNamedBy: end }')).toEqual([{ fromDay: null, beginsMin: 0 }]);
    const changed = '{ zone: UTC, dayBegins: [{ at: 06:00 }, { at: 06:30, from: 2027-01-01 }] }';
    expect(begins(changed)).toEqual([
      { fromDay: null, beginsMin: 360 },
      { fromDay: 20_819, beginsMin: 390 },
    ]);
    expect(check(changed)).toEqual([]);
  });

  it('is refused where it makes no sense, with a cure', () => {
    expect(check('zone: Europe/Berln')).toEqual([
      'calendar.zone: "Europe/Berln" is no time zone of the IANA database that this machine knows. Write Europe/Berlin, if that is meant.',
    ]);
    expect(check('zone: "+05:30"')).toEqual([expect.stringContaining('Write its name, such as')]);
    expect(
      check(`
zone: Europe/Berlin
shifts:
  - { name: night, begins: 22:00, ends: 06:00, days: [sun] }
  - { name: early, begins: 05:30, ends: 13:30, days: [mon] }
holidays:
  - { date: 2026-12-25 }
  - { date: 2026-12-26, shifts: [{ name: a, begins: 06:00, ends: 10:00 }, { name: b, begins: 09:00, ends: 12:00 }] }
`),
    ).toEqual([
      expect.stringMatching(/^calendar\.shifts\.1: night .* overlap on .* End night by 05:30, or/),
      expect.stringMatching(/^calendar\.holidays\.1: a .* overlap on 2026-12-26;/),
    ]);
    expect(check('{ zone: UTC, dayBegins: [{ at: 06:00, from: 2027-01-01 }] }')).toEqual([
      expect.stringMatching(/^calendar\.dayBegins\.0: nothing says when/),
    ]);
    for (const text of [
      '{}',
      '{ zone: UTC, dayBegins: 6:00 }',
      '{ zone: UTC, dayBegins: 25:00 }',
      '{ zone: UTC, holidays: [{ date: 2026-02-30 }] }',
      '{ zone: UTC, holidays: [{ date: 1826-02-03 }] }',
      '{ zone: UTC, shifts: [{ name: a, begins: 06:00, ends: 14:00 }] }',
      '{ zone: UTC, shifts: [{ name: a, begins: 06:00, ends: 14:00, days: [monday] }] }',
      '{ zone: UTC, shift: [] }',
    ])
      expect(calendarConfig.safeParse(parseYamlText(text).value).success, text).toBe(false);
  });
});
