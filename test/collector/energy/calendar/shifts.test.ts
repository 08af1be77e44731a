import { describe, expect, it } from 'vitest';
import { calendarOf, exception, shift, tellPeriods, WORKING_DAYS } from './calendars.ts';

describe('shifts', () => {
  it('follow each other round the clock in a zone of half an hour', () => {
    // 06:30+05:30 = 01:00Z, 14:30 = 09:00Z, 22:30 = 17:00Z. Saturday 4 July 2026; on Sunday nothing begins.
    const kolkata = calendarOf('Asia/Kolkata', '06:30', {
      shifts: [
        shift('A', '06:30-14:30', [1, 2, 3, 4, 5, 6]),
        shift('B', '14:30-22:30', [1, 2, 3, 4, 5, 6]),
        shift('C', '22:30-06:30', [1, 2, 3, 4, 5, 6]),
      ],
    });
    expect(tellPeriods(kolkata, 'shift', '2026-07-04T01:00Z', '2026-07-06T01:01Z')).toEqual([
      'A 07-04T01:00Z 07-04T09:00Z 8',
      'B 07-04T09:00Z 07-04T17:00Z 8',
      'C 07-04T17:00Z 07-05T01:00Z 8',
      'no shift 07-05T01:00Z 07-06T01:00Z 24',
      'A 07-06T01:00Z 07-06T09:00Z 8',
    ]);
    expect(tellPeriods(kolkata, 'day', '2026-07-05T00:59Z', '2026-07-05T01:01Z')).toEqual([
      '2026-07-04 07-04T01:00Z 07-05T01:00Z 24',
      '2026-07-05 07-05T01:00Z 07-06T01:00Z 24',
    ]);
  });

  it('of the night last 7 or 9 hours over a change of the clocks', () => {
    const berlin = calendarOf('Europe/Berlin', '06:00', {
      shifts: [shift('early', '06:00-14:00'), shift('late', '14:00-22:00'), shift('night', '22:00-06:00')],
    });
    // 28 March: 22:00+01:00 = 21:00Z to 06:00+02:00 = 04:00Z.
    expect(tellPeriods(berlin, 'shift', '2026-03-29T01:00Z', '2026-03-29T04:01Z')).toEqual([
      'night 03-28T21:00Z 03-29T04:00Z 7',
      'early 03-29T04:00Z 03-29T12:00Z 8',
    ]);
    // 24 October: 22:00+02:00 = 20:00Z to 06:00+01:00 = 05:00Z.
    expect(tellPeriods(berlin, 'shift', '2026-10-25T01:00Z', '2026-10-25T05:01Z')).toEqual([
      'night 10-24T20:00Z 10-25T05:00Z 9',
      'early 10-25T05:00Z 10-25T13:00Z 8',
    ]);
  });

  it('that begin in a skipped hour begin with the change, in a doubled hour when it is shown first', () => {
    const berlin = calendarOf('Europe/Berlin', '00:00', {
      shifts: [shift('bakery', '02:30-10:30'), shift('ghost', '02:00-02:30')],
    });
    // 29 March: 02:30 is skipped, the change is at 01:00Z; 10:30+02:00 = 08:30Z. What lies wholly in the gap is no shift.
    expect(tellPeriods(berlin, 'shift', '2026-03-29T00:00Z', '2026-03-29T09:00Z')).toEqual([
      'no shift 03-28T23:00Z 03-29T01:00Z 2',
      'bakery 03-29T01:00Z 03-29T08:30Z 7.5',
      'no shift 03-29T08:30Z 03-29T22:00Z 13.5',
    ]);
    // 25 October: 02:30+02:00 = 00:30Z to 10:30+01:00 = 09:30Z; the ghost 02:00+02:00 = 00:00Z to 00:30Z, once.
    expect(tellPeriods(berlin, 'shift', '2026-10-25T00:00Z', '2026-10-25T09:30Z')).toEqual([
      'ghost 10-25T00:00Z 10-25T00:30Z 0.5',
      'bakery 10-25T00:30Z 10-25T09:30Z 9',
    ]);
  });

  it('are cut short by a day that the clocks skip', () => {
    // Samoa: 29 December 2011, 22:00-10:00 = 08:00Z; its 06:00 of the 30th never came: the change is at 10:00Z.
    // The night of the 30th begins with the change and ends on the 31st at 06:00+14:00 = 16:00Z.
    const apia = calendarOf('Pacific/Apia', '00:00', {
      shifts: [shift('day', '06:00-22:00'), shift('night', '22:00-06:00')],
    });
    expect(tellPeriods(apia, 'shift', '2011-12-30T07:59Z', '2011-12-30T16:01Z')).toEqual([
      'day 12-29T16:00Z 12-30T08:00Z 16',
      'night 12-30T08:00Z 12-30T10:00Z 2',
      'night 12-30T10:00Z 12-30T16:00Z 6',
      'day 12-30T16:00Z 12-31T08:00Z 16',
    ]);
  });

  it('leave weekends, holidays and what is not planned to `no shift`, day by day', () => {
    // New Year's Day 2026 is a Thursday, on which nothing begins; the night of the 31st runs to its end (06:00+01:00 = 05:00Z).
    // Saturday 3 January is worked by exception.
    const berlin = calendarOf('Europe/Berlin', '00:00', {
      shifts: [shift('night', '22:00-06:00', WORKING_DAYS)],
      exceptions: [exception('2026-01-01'), exception('2026-01-03', [shift('extra', '08:00-12:00')])],
    });
    expect(tellPeriods(berlin, 'shift', '2025-12-31T21:00Z', '2026-01-04T23:01Z')).toEqual([
      'night 12-31T21:00Z 01-01T05:00Z 8',
      'no shift 01-01T05:00Z 01-01T23:00Z 18',
      'no shift 01-01T23:00Z 01-02T21:00Z 22',
      'night 01-02T21:00Z 01-03T05:00Z 8',
      'no shift 01-03T05:00Z 01-03T07:00Z 2',
      'extra 01-03T07:00Z 01-03T11:00Z 4',
      'no shift 01-03T11:00Z 01-03T23:00Z 12',
      'no shift 01-03T23:00Z 01-04T23:00Z 24',
      'no shift 01-04T23:00Z 01-05T21:00Z 22',
    ]);
    expect(
      tellPeriods(calendarOf('UTC', '06:00'), 'shift', '2026-01-01T00:00Z', '2026-01-01T07:00Z'),
    ).toEqual(['no shift 12-31T06:00Z 01-01T06:00Z 24', 'no shift 01-01T06:00Z 01-02T06:00Z 24']);
  });

  it('may be planned anew from a date on; what began before runs to its end', () => {
    const utc = calendarOf('UTC', '00:00', {
      shifts: [
        shift('night', '22:00-06:00', undefined, null, '2026-07-01'),
        shift('long night', '20:00-08:00', undefined, '2026-07-01'),
      ],
    });
    expect(tellPeriods(utc, 'shift', '2026-06-30T23:00Z', '2026-07-02T00:00Z')).toEqual([
      'night 06-30T22:00Z 07-01T06:00Z 8',
      'no shift 07-01T06:00Z 07-01T20:00Z 14',
      'long night 07-01T20:00Z 07-02T08:00Z 12',
    ]);
  });
});
