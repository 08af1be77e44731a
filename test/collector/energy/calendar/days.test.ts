import { describe, expect, it } from 'vitest';
import { plainCalendar } from '../../../../collector/energy/calendar/calendar-model.ts';
import { calendarOf, day, tellPeriods } from './calendars.ts';

/*
 * Hand-computed days. Offsets and dates of change are those of the IANA database; the hours are written as
 * (UTC of the end) - (UTC of the begin).
 */
describe('days', () => {
  it('last 23 and 25 hours in Berlin when the clocks change (at 01:00 UTC)', () => {
    // 29 March 2026: begins 00:00+01:00 = 23:00Z, ends 00:00+02:00 = 22:00Z: 24 - 1 = 23.
    expect(
      tellPeriods(plainCalendar('Europe/Berlin'), 'day', '2026-03-29T12:00Z', '2026-03-30T12:00Z'),
    ).toEqual(['2026-03-29 03-28T23:00Z 03-29T22:00Z 23', '2026-03-30 03-29T22:00Z 03-30T22:00Z 24']);
    // 25 October 2026: begins 00:00+02:00 = 22:00Z, ends 00:00+01:00 = 23:00Z: 24 + 1 = 25.
    expect(
      tellPeriods(plainCalendar('Europe/Berlin'), 'day', '2026-10-25T12:00Z', '2026-10-25T12:01Z'),
    ).toEqual(['2026-10-25 10-24T22:00Z 10-25T23:00Z 25']);
  });

  it('carry the change of the clocks on the day before where they begin at 06:00', () => {
    // 02:00 of 29 March still belongs to the day that began on 28 March at 06:00+01:00 = 05:00Z; it ends 06:00+02:00 = 04:00Z.
    const berlin = calendarOf('Europe/Berlin', '06:00');
    expect(tellPeriods(berlin, 'day', '2026-03-29T01:00Z', '2026-03-29T05:00Z')).toEqual([
      '2026-03-28 03-28T05:00Z 03-29T04:00Z 23',
      '2026-03-29 03-29T04:00Z 03-30T04:00Z 24',
    ]);
    expect(tellPeriods(berlin, 'day', '2026-10-25T01:00Z', '2026-10-25T01:01Z')).toEqual([
      '2026-10-24 10-24T04:00Z 10-25T05:00Z 25',
    ]);
  });

  it('last 23 and 25 hours in New York, as weeks and months do by as much', () => {
    const newYork = plainCalendar('America/New_York');
    // 8 March: 00:00-05:00 = 05:00Z to 00:00-04:00 = 04:00Z. 1 November: 04:00Z to 05:00Z.
    expect(tellPeriods(newYork, 'day', '2026-03-08T12:00Z', '2026-03-08T13:00Z')).toEqual([
      '2026-03-08 03-08T05:00Z 03-09T04:00Z 23',
    ]);
    expect(tellPeriods(newYork, 'day', '2026-11-01T12:00Z', '2026-11-01T13:00Z')).toEqual([
      '2026-11-01 11-01T04:00Z 11-02T05:00Z 25',
    ]);
    // Both are Sundays, the last day of an ISO week: 7 x 24 - 1 = 167 and 7 x 24 + 1 = 169.
    expect(tellPeriods(newYork, 'week', '2026-03-08T12:00Z', '2026-03-08T13:00Z')).toEqual([
      '2026-W10 03-02T05:00Z 03-09T04:00Z 167',
    ]);
    expect(tellPeriods(newYork, 'week', '2026-11-01T12:00Z', '2026-11-01T13:00Z')).toEqual([
      '2026-W44 10-26T04:00Z 11-02T05:00Z 169',
    ]);
    // 31 x 24 - 1 = 743, 30 x 24 + 1 = 721, 365 x 24 = 8760.
    expect(tellPeriods(newYork, 'month', '2026-03-08T12:00Z', '2026-03-08T13:00Z')).toEqual([
      '2026-03 03-01T05:00Z 04-01T04:00Z 743',
    ]);
    expect(tellPeriods(newYork, 'month', '2026-11-30T12:00Z', '2026-12-01T04:59Z')).toEqual([
      '2026-11 11-01T04:00Z 12-01T05:00Z 721',
    ]);
    expect(tellPeriods(newYork, 'year', '2026-11-30T12:00Z', '2026-12-01T04:59Z')).toEqual([
      '2026 01-01T05:00Z 01-01T05:00Z 8760',
    ]);
  });

  it('last 24.5 and 23.5 hours on Lord Howe Island, whose summer time is half an hour', () => {
    const lordHowe = plainCalendar('Australia/Lord_Howe');
    // 5 April 2026, 02:00+11:00 goes back to 01:30+10:30: 00:00+11:00 = 13:00Z to 00:00+10:30 = 13:30Z.
    expect(tellPeriods(lordHowe, 'day', '2026-04-05T00:00Z', '2026-04-05T01:00Z')).toEqual([
      '2026-04-05 04-04T13:00Z 04-05T13:30Z 24.5',
    ]);
    // 4 October 2026, 02:00+10:30 goes on to 02:30+11:00: 13:30Z to 13:00Z.
    expect(tellPeriods(lordHowe, 'day', '2026-10-04T00:00Z', '2026-10-04T01:00Z')).toEqual([
      '2026-10-04 10-03T13:30Z 10-04T13:00Z 23.5',
    ]);
    // The half hour that is shown twice, 01:30 to 02:00, is 14:30Z to 15:00Z and again 15:00Z to 15:30Z.
    expect(tellPeriods(lordHowe, 'hour', '2026-04-04T14:00Z', '2026-04-04T16:00Z')).toEqual([
      '2026-04-05T01:00+11:00 04-04T14:00Z 04-04T15:00Z 1',
      '2026-04-05T01:30+10:30 04-04T15:00Z 04-04T15:30Z 0.5',
      '2026-04-05T02:00+10:30 04-04T15:30Z 04-04T16:30Z 1',
    ]);
  });

  it('leave out the 30th of December 2011 in Samoa, which never was', () => {
    // 29 December ends at midnight of -10:00 = 10:00Z; the clocks then showed the 31st, at +14:00.
    const apia = plainCalendar('Pacific/Apia');
    expect(tellPeriods(apia, 'day', '2011-12-29T12:00Z', '2011-12-31T10:01Z')).toEqual([
      '2011-12-29 12-29T10:00Z 12-30T10:00Z 24',
      '2011-12-31 12-30T10:00Z 12-31T10:00Z 24',
      '2012-01-01 12-31T10:00Z 01-01T10:00Z 24',
    ]);
    // Its week has 6 days, its month 30, its year 364 (and clocks an hour further on at the end of 2011 than at its begin).
    expect(tellPeriods(apia, 'week', '2011-12-30T12:00Z', '2011-12-30T13:00Z')).toEqual([
      '2011-W52 12-26T10:00Z 01-01T10:00Z 144',
    ]);
    expect(tellPeriods(apia, 'month', '2011-12-30T12:00Z', '2011-12-30T13:00Z')).toEqual([
      '2011-12 12-01T10:00Z 12-31T10:00Z 720',
    ]);
    expect(tellPeriods(apia, 'year', '2011-12-30T12:00Z', '2011-12-30T13:00Z')).toEqual([
      '2011 01-01T10:00Z 12-31T10:00Z 8736',
    ]);
  });

  it('begin at the first moment there is where midnight is skipped, and once where it is shown twice', () => {
    const saoPaulo = plainCalendar('America/Sao_Paulo');
    // 4 November 2018: 00:00-03:00 = 03:00Z becomes 01:00-02:00; ends 00:00-02:00 = 02:00Z.
    expect(tellPeriods(saoPaulo, 'day', '2018-11-04T12:00Z', '2018-11-04T13:00Z')).toEqual([
      '2018-11-04 11-04T03:00Z 11-05T02:00Z 23',
    ]);
    // 18 February 2018: 00:00-02:00 = 02:00Z becomes 23:00-03:00 of the 17th, which lasts until 03:00Z.
    expect(tellPeriods(saoPaulo, 'day', '2018-02-17T12:00Z', '2018-02-17T13:00Z')).toEqual([
      '2018-02-17 02-17T02:00Z 02-18T03:00Z 25',
    ]);
    // St. John's, 7 November 2010: 00:00-02:30 = 02:30Z, and a minute later the clocks went back to 23:01 of the 6th.
    // The 7th began at its first midnight and does not begin again: to 00:00-03:30 = 03:30Z, 25 hours.
    expect(
      tellPeriods(plainCalendar('America/St_Johns'), 'day', '2010-11-07T02:29Z', '2010-11-07T03:00Z'),
    ).toEqual(['2010-11-06 11-06T02:30Z 11-07T02:30Z 24', '2010-11-07 11-07T02:30Z 11-08T03:30Z 25']);
  });

  it('give hours of their own to what the clock shows twice', () => {
    // Berlin, 25 October 2026: 02:00+02:00 = 00:00Z and 02:00+01:00 = 01:00Z.
    expect(
      tellPeriods(plainCalendar('Europe/Berlin'), 'hour', '2026-10-25T00:00Z', '2026-10-25T02:00Z'),
    ).toEqual([
      '2026-10-25T02:00+02:00 10-25T00:00Z 10-25T01:00Z 1',
      '2026-10-25T02:00+01:00 10-25T01:00Z 10-25T02:00Z 1',
    ]);
    // Kathmandu is 5 h 45 min ahead: its hours begin at a quarter past those of UTC.
    expect(
      tellPeriods(plainCalendar('Asia/Kathmandu'), 'hour', '2026-07-01T00:00Z', '2026-07-01T00:30Z'),
    ).toEqual([
      '2026-07-01T05:00+05:45 06-30T23:15Z 07-01T00:15Z 1',
      '2026-07-01T06:00+05:45 07-01T00:15Z 07-01T01:15Z 1',
    ]);
    expect(
      tellPeriods(plainCalendar('Asia/Kathmandu'), 'quarterHour', '2026-07-01T00:00Z', '2026-07-01T00:16Z'),
    ).toEqual([
      '2026-07-01T05:45+05:45 07-01T00:00Z 07-01T00:15Z 0.25',
      '2026-07-01T06:00+05:45 07-01T00:15Z 07-01T00:30Z 0.25',
    ]);
  });

  it('have hours that no year of UTC cuts, in a zone of half an hour', () => {
    // New Year of UTC is 05:30 in Kolkata, in the middle of an hour.
    expect(
      tellPeriods(plainCalendar('Asia/Kolkata'), 'hour', '2026-01-01T00:10Z', '2026-01-01T00:20Z'),
    ).toEqual(['2026-01-01T05:00+05:30 12-31T23:30Z 01-01T00:30Z 1']);
    expect(
      tellPeriods(plainCalendar('Asia/Kolkata'), 'hour', '2025-12-31T23:40Z', '2025-12-31T23:50Z'),
    ).toEqual(['2026-01-01T05:00+05:30 12-31T23:30Z 01-01T00:30Z 1']);
  });

  it('may be named by the day on which they end, and begin differently from a date on', () => {
    // Monday 2 March 2026 begins on Sunday at 22:00+01:00 = 21:00Z.
    const eve = { ...plainCalendar('Europe/Berlin'), dayBegins: [{ fromDay: null, beginsMin: -120 }] };
    expect(tellPeriods(eve, 'day', '2026-03-02T12:00Z', '2026-03-02T13:00Z')).toEqual([
      '2026-03-02 03-01T21:00Z 03-02T21:00Z 24',
    ]);
    expect(tellPeriods(eve, 'week', '2026-03-02T12:00Z', '2026-03-02T13:00Z')).toEqual([
      '2026-W10 03-01T21:00Z 03-08T21:00Z 168',
    ]);
    // From 06:00 (05:00Z) to 06:30 (05:30Z) on 3 March: the day before lasts half an hour more.
    const later = calendarOf('Europe/Berlin', '06:00');
    later.dayBegins = [...later.dayBegins, { fromDay: day('2026-03-03'), beginsMin: 390 }];
    expect(tellPeriods(later, 'day', '2026-03-02T12:00Z', '2026-03-03T13:00Z')).toEqual([
      '2026-03-02 03-02T05:00Z 03-03T05:30Z 24.5',
      '2026-03-03 03-03T05:30Z 03-04T05:30Z 24',
    ]);
  });

  it('are counted in ISO weeks at the turn of the year', () => {
    const names = (from: string): string[] =>
      tellPeriods(plainCalendar('UTC'), 'week', `${from}T00:00Z`, `${from}T00:01Z`).map((text) =>
        text.slice(0, 20),
      );
    // 1 January 2021 was a Friday (week 53 of 2020); 30 December 2024 a Monday whose Thursday is in 2025; 2026 has 53 weeks.
    expect(names('2021-01-01')).toEqual(['2020-W53 12-28T00:00']);
    expect(names('2024-12-30')).toEqual(['2025-W01 12-30T00:00']);
    expect(names('2027-01-03')).toEqual(['2026-W53 12-28T00:00']);
    expect(names('2027-01-04')).toEqual(['2027-W01 01-04T00:00']);
  });
});
