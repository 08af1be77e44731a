import { describe, expect, it } from 'vitest';
import { findCalendarFaults } from '../../../../collector/energy/calendar/calendar-faults.ts';
import { plainCalendar, type CalendarModel } from '../../../../collector/energy/calendar/calendar-model.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import { calendarOf, day, EVERY_DAY, exception, shift, WORKING_DAYS } from './calendars.ts';

function faultsOf(more: Partial<CalendarModel>): string[] {
  return findCalendarFaults(calendarOf('Europe/Berlin', '06:00', more)).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('what is wrong with a calendar', () => {
  it('is two shifts at one time: on a day, over midnight, over Sunday', () => {
    expect(faultsOf({ shifts: [shift('early', '06:00-14:15'), shift('late', '14:00-22:00')] })).toEqual([
      expect.stringMatching(
        /^shifts\[1\]: early \(06:00 to 14:15\) and late \(14:00 to 22:00\) overlap on .*; a moment/,
      ),
    ]);
    expect(faultsOf({ shifts: [shift('early', '05:30-14:00'), shift('night', '22:00-06:00')] })).toEqual([
      expect.stringMatching(/^shifts\[0\]: night \(22:00 to 06:00\) and early \(05:30 to 14:00\) overlap/),
    ]);
    // The night of Sunday runs into Monday; the other way round they would not meet.
    expect(
      faultsOf({ shifts: [shift('early', '05:30-14:00', [1]), shift('night', '22:00-06:00', [7])] }),
    ).toHaveLength(1);
    expect(
      faultsOf({ shifts: [shift('early', '05:30-14:00', [7]), shift('night', '22:00-06:00', [1])] }),
    ).toEqual([]);
    expect(faultsOf({ shifts: [shift('round', '06:00-06:00')] })).toEqual([]);
  });

  it('is an overlap where one plan gives way to the next, on that one day', () => {
    const shifts = [
      shift('night', '22:00-06:00', EVERY_DAY, null, '2031-07-01'),
      shift('early', '05:00-13:00', EVERY_DAY, '2031-07-01'),
    ];
    expect(faultsOf({ shifts })).toEqual([
      expect.stringContaining('overlap on 2031-06-30 and 2031-07-01; a moment lies in one shift at most.'),
    ]);
    expect(faultsOf({ shifts, exceptions: [exception('2031-06-30')] })).toEqual([]);
    expect(
      faultsOf({ shifts, exceptions: [exception('2031-07-01', [shift('early', '06:00-13:00')])] }),
    ).toEqual([]);
  });

  it('is an exception that runs into what is worked the day after', () => {
    const shifts = [shift('early', '06:00-14:00', WORKING_DAYS)];
    const sunday = exception('2026-03-01', [shift('repair', '20:00-07:00')]);
    expect(faultsOf({ shifts, exceptions: [sunday] })).toEqual([
      expect.stringContaining(
        'repair (20:00 to 07:00) and early (06:00 to 14:00) overlap on 2026-03-01 and 2026-03-02',
      ),
    ]);
    expect(faultsOf({ shifts, exceptions: [sunday, exception('2026-03-02')] })).toEqual([]);
  });

  it('is a plan that holds for some days only and overlaps on one of them, behind a month of holidays', () => {
    const holidays = Array.from({ length: 31 }, (_, index) =>
      exception(`2026-08-${String(index + 1).padStart(2, '0')}`),
    );
    const shifts = [
      shift('a', '06:00-15:00', [3], '2026-08-01', '2026-09-05'),
      shift('b', '14:00-22:00', [3], '2026-08-01', '2026-09-05'),
    ];
    expect(faultsOf({ shifts, exceptions: holidays })).toEqual([
      expect.stringContaining('overlap on 2026-09-02'),
    ]);
  });

  it('is what makes no sense by itself', () => {
    expect(faultsOf({ shifts: [shift('no shift', '06:00-14:00')] })).toEqual([
      'shifts[0]: "no shift" is no name for a shift.',
    ]);
    expect(faultsOf({ shifts: [shift('early', '06:00-14:00', [])] })).toEqual([
      'shifts[0]: nothing says on which weekdays early is worked.',
    ]);
    expect(faultsOf({ shifts: [{ ...shift('early', '06:00-14:00'), endsMin: 360 }] })).toEqual([
      'shifts[0]: early does not run from one time of day to a later one, of that day or the next.',
    ]);
    expect(
      faultsOf({ shifts: [shift('early', '06:00-14:00', EVERY_DAY, '2026-02-01', '2026-01-01')] }),
    ).toEqual(['shifts[0]: early ends on 2026-01-01, before its first day.']);
    expect(faultsOf({ exceptions: [exception('2026-01-01'), exception('2026-01-01')] })).toEqual([
      'exceptions[1]: 2026-01-01 is given twice.',
    ]);
    expect(faultsOf({ dayBegins: [] })).toHaveLength(1);
    expect(faultsOf({ dayBegins: [{ fromDay: day('2026-01-01'), beginsMin: 0 }] })).toHaveLength(1);
    expect(faultsOf({ dayBegins: [{ fromDay: null, beginsMin: 1440 }] })).toHaveLength(1);
    expect(
      faultsOf({
        dayBegins: [
          { fromDay: null, beginsMin: 1320 },
          { fromDay: day('2026-01-01'), beginsMin: -120 },
        ],
      }),
    ).toEqual(['dayBegins[1]: the day before this change would end before it begins.']);
  });

  it('refuses to open, with a cure', () => {
    const open = (model: CalendarModel) => () => openCalendar(model);
    expect(open(plainCalendar('Europe/Berln'))).toThrow(
      expect.objectContaining({
        remedy: 'refuse',
        code: 'unknown-zone',
        cure: expect.stringContaining('Europe/Berlin'),
      }),
    );
    expect(open(plainCalendar('+05:30'))).toThrow(expect.objectContaining({ code: 'unknown-zone' }));
    expect(
      open(calendarOf('UTC', '00:00', { shifts: [shift('a', '06:00-15:00'), shift('b', '14:00-22:00')] })),
    ).toThrow(
      expect.objectContaining({ code: 'bad-calendar', cure: expect.stringContaining('End a by 14:00') }),
    );
    expect(() =>
      openCalendar(plainCalendar('UTC')).periodsIn('day', Date.UTC(2200, 5, 1), Date.UTC(2200, 6, 1)),
    ).toThrow(expect.objectContaining({ code: 'time-out-of-range' }));
  });
});
