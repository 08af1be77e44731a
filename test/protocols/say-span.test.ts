import { expect, test } from 'vitest';
import { saySpan } from '../../protocols/say-span.ts';

test.each([
  [0, '0.0 s'],
  [9940, '9.9 s'],
  [-99_000, '99.0 s'],
  [100_000, '2 minutes'],
  [3_600_000, '60 minutes'],
  [7_200_000, '2 hours'],
  [-19_800_000, '5.5 hours'],
  [175_267_000, '2 days'],
])('%d ms is %s', (ms, words) => {
  expect(saySpan(ms)).toBe(words);
});
