import { expect, it } from 'vitest';
import { openHoursOf } from '../../../cli/export/open-hours.ts';

const HOUR_MS = 3_600_000;
const hours = (...statuses: ('final' | 'provisional')[]) =>
  statuses.map((status, index) => ({ hourMs: Date.UTC(2026, 9, 1) + index * HOUR_MS, status }));

it('hours that are not final are told with what to wait for, and with the --to up to which all is final', () => {
  expect(openHoursOf(hours('final', 'final'))).toBeUndefined();
  expect(openHoursOf([])).toBeUndefined();
  const one = openHoursOf(hours('final', 'final', 'provisional'));
  expect(one).toMatchObject({ count: 1, finalToMs: Date.UTC(2026, 9, 1, 2) });
  expect(one?.saying).toMatch(
    /^An hour is not final yet.* at the latest at 2026-10-08 .*--to 2026-10-01T02:00Z\.$/,
  );
  // A hole in front: what is behind it is final and yet not a package.
  expect(openHoursOf(hours('final', 'provisional', 'final', 'provisional'))).toMatchObject({
    count: 2,
    finalToMs: Date.UTC(2026, 9, 1, 1),
  });
  const none = openHoursOf(hours('provisional', 'final'));
  expect(none).toMatchObject({ count: 1, finalToMs: null });
  expect(none?.saying).not.toContain('--to');
});
