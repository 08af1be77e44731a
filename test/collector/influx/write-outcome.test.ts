import { expect, test } from 'vitest';
import { classifyWrite, readRetryAfter } from '../../../collector/influx/write-outcome.ts';

const answer = (status: number, body = '', retryAfter: string | null = null) =>
  classifyWrite({ status, body, retryAfter, bodyComplete: true }, 0);

test.each([
  [204, '', 'ok'],
  [200, '', 'ok'],
  [200, '{"error":"partial"}', 'rejected'],
  [201, '{"error":"some lines failed"}', 'rejected'],
  [301, '', 'halt'],
  [400, '{"error":"field type conflict"}', 'rejected'],
  [401, '', 'halt'],
  [403, '', 'halt'],
  [404, '{"error":"database not found"}', 'halt'],
  [408, '', 'retry'],
  [413, '', 'too-large'],
  [418, '', 'halt'],
  [422, '', 'rejected'],
  [429, '', 'retry'],
  [500, '', 'retry'],
  [503, '', 'retry'],
] as const)('%i %s is %s', (status, body, kind) => {
  expect(answer(status, body).kind).toBe(kind);
});

test('an answer cut off in its body is not believed', () => {
  for (const status of [200, 201, 400, 422])
    expect(classifyWrite({ status, body: '', retryAfter: null, bodyComplete: false }, 0).kind).toBe('retry');
});

test('points beyond the retention are stored as far as they are wanted', () => {
  const body = '{"error":"partial write: points beyond retention policy dropped=7"}';
  expect(answer(400, body)).toEqual({ kind: 'ok', expired: 7 });
});

test.each<[string | null, number | null]>([
  ['30', 30_000],
  ['0.5', 500],
  ['86400', 600_000],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
  ['soon', null],
  ['', null],
  [null, null],
])('Retry-After %s is %s ms', (text, afterMs) => {
  expect(readRetryAfter(text, 0)).toBe(afterMs);
});

test('every halt says what to do', () => {
  for (const status of [302, 401, 403, 404, 418]) {
    const outcome = answer(status);
    expect(outcome.kind === 'halt' && outcome.cure).toMatch(/influx|database|token/);
  }
});
