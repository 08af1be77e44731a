import { afterEach, beforeEach, expect, it } from 'vitest';
import { readZonedTime } from '../../cli/iso-time.ts';
import { readSiteRange, readSiteTime, takeSiteClock } from '../../cli/site-clock.ts';
import { calendarConfig } from '../../config/calendar-config.ts';

const berlin = calendarConfig.parse({ zone: 'Europe/Berlin', dayBegins: '06:00' });
let before: string | undefined;

beforeEach(() => (before = process.env['TZ']));
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

it('reads times on the clocks of the calendar, to the second, and dates as its days', () => {
  const { calendar, saying } = takeSiteClock({ calendar: berlin });
  const read = (text: string) => new Date(readSiteTime(text, '--from', calendar)).toISOString();
  expect(saying).toBe('times in Europe/Berlin');
  expect(read('2026-07-06T08:00')).toBe('2026-07-06T06:00:00.000Z');
  expect(read('2026-11-22T08:00:45.5')).toBe('2026-11-22T07:00:45.500Z');
  expect(read('2026-11-22')).toBe('2026-11-22T05:00:00.000Z');
  expect(read('2026-11-22T08:00Z')).toBe('2026-11-22T08:00:00.000Z');
  // Shown twice: the first time.
  expect(read('2026-10-25T02:30')).toBe('2026-10-25T00:30:00.000Z');
  expect(() => read('2026-02-30')).toThrow('is not a time');
});

it('takes the zone of this computer where no calendar is declared', () => {
  process.env['TZ'] = 'Asia/Kolkata';
  const clock = takeSiteClock({});
  expect(clock.saying).toMatch(/^times in Asia\/(Kolkata|Calcutta), the zone of this computer/);
  expect(readSiteRange({ from: '2026-11-22T05:30', to: '2026-11-23' }, clock)).toEqual({
    fromMs: Date.UTC(2026, 10, 22),
    toMs: Date.UTC(2026, 10, 22, 18, 30),
  });
  expect(() => readSiteRange({ from: '2026-11-23', to: '2026-11-22' }, clock)).toThrow('not before');
});

it('refuses a time without zone where it is entered for good, with both of its readings', () => {
  takeSiteClock({ calendar: berlin });
  expect(readZonedTime('2026-11-22T11:45:00+01:00', '--from')).toBe(Date.UTC(2026, 10, 22, 10, 45));
  expect(readZonedTime('2026-11-22T11:45:00', '--from')).toEqual({
    fault: '--from "2026-11-22T11:45:00" has no zone.',
    cure: 'Write --from 2026-11-22T11:45:00+01:00 where it is what the clocks of the site show, --from 2026-11-22T11:45:00Z where it is UTC.',
  });
  expect(readZonedTime('2026-07-06', '--to')).toMatchObject({
    cure: expect.stringMatching(/2026-07-06T00:00:00\+02:00 .* 2026-07-06T00:00:00Z/),
  });
  expect(readZonedTime('noon', '--to')).toMatchObject({ fault: '--to "noon" is not a time.' });
});
