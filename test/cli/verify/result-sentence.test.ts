import { expect, test } from 'vitest';
import { resultSentence } from '../../../cli/verify/verification.ts';
import type { CheckLine } from '../../../collector/evidence/check-line.ts';

const line = (result: CheckLine['result'], check: string, place = ''): CheckLine => ({
  result,
  check,
  place,
  saying: 'x',
});

test('verified says how much stays open that a plant could have proven', () => {
  const passed = line('pass', 'recomputation');
  const meters = line('not-proven', 'meters');
  expect(resultSentence({ result: 'verified', lines: [passed, meters] })).not.toContain('open');
  expect(
    resultSentence({ result: 'verified', lines: [passed, meters, line('not-proven', 'time')] }),
  ).toContain('One point that a package can prove stays open');
  const two = [line('not-proven', 'trust', 'agent gw-1'), line('not-proven', 'day-roots')];
  expect(resultSentence({ result: 'verified', lines: two })).toContain(
    '2 points that a package can prove stay open: see "not proven" at trust, day-roots.',
  );
});

test('a fingerprint that was mistyped is not called a forgery', () => {
  const stranger = line('fail', 'trust', 'manifest.json');
  expect(resultSentence({ result: 'failed', lines: [stranger] })).toContain(
    'Compare the fingerprint digit by digit',
  );
  const forged = [stranger, line('fail', 'chain', 'raw/000001.mwe')];
  expect(resultSentence({ result: 'failed', lines: forged })).toContain('Do not rely on any figure');
});
