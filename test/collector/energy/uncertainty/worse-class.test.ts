import { expect, test } from 'vitest';
import type { MeteringFacts } from '../../../../collector/energy/uncertainty/metering-facts.ts';
import { worseClass } from '../../../../collector/energy/uncertainty/worse-class.ts';

const meteringOf = (word: string | null, domain?: string): MeteringFacts => ({
  meter: { class: word, ratedA: 5, ...(domain === undefined ? {} : { domain }) },
  connection: { kind: 'direct' },
});

test.each([
  ['0.1S', '0.2S'],
  ['0.2S', '0.5S'],
  ['Cl. 0,5 S', '1'],
  ['1', '2'],
  ['2', undefined],
  ['C', 'B'],
  ['A', undefined],
  ['0.2', '0.5'],
  ['0.5', '1'],
  ['0.5%', '1%'],
  ['7%', undefined],
  ['unknown', undefined],
  [null, undefined],
])('one class worse than %s is %s', (word, next) => {
  expect(worseClass(meteringOf(word))).toBe(next);
});

test('with a domain the steps are those of percentages', () => {
  expect(worseClass(meteringOf('0.5', 'PERCENT_FULL_SCALE'))).toBe('1');
  expect(worseClass(meteringOf('2', 'IEC 61557'))).toBeUndefined();
  expect(worseClass(meteringOf('1', 'EN 50470'))).toBe('1.5');
});
