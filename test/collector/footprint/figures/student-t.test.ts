import { expect, test } from 'vitest';
import { studentT } from '../../../../collector/footprint/figures/student-t.ts';

/** JCGM 100, table G.2: degrees of freedom, t at 95 % and at 95.45 %. */
const G2: readonly [degrees: number, at95: string, at9545: string][] = [
  [1, '12.71', '13.97'],
  [2, '4.30', '4.53'],
  [3, '3.18', '3.31'],
  [4, '2.78', '2.87'],
  [5, '2.57', '2.65'],
  [6, '2.45', '2.52'],
  [7, '2.36', '2.43'],
  [8, '2.31', '2.37'],
  [9, '2.26', '2.32'],
  [10, '2.23', '2.28'],
  [20, '2.09', '2.13'],
  [30, '2.04', '2.09'],
  [50, '2.01', '2.05'],
];

test.each(G2)('t of %i degrees of freedom is that of the GUM', (degrees, at95, at9545) => {
  expect(studentT(0.95, degrees).toFixed(2)).toBe(at95);
  expect(studentT(0.9545, degrees).toFixed(2)).toBe(at9545);
});

test('closed forms of one and two degrees of freedom, and the normal distribution at the end', () => {
  for (const probability of [0.5, 0.9, 0.99]) {
    expect(studentT(probability, 1)).toBeCloseTo(Math.tan((Math.PI * probability) / 2), 9);
    const tail = 1 - probability;
    expect(studentT(probability, 2)).toBeCloseTo(probability * Math.sqrt(2 / (tail * (2 - tail))), 9);
  }
  expect(studentT(0.954499736103642, Infinity)).toBeCloseTo(2, 5);
  expect(() => studentT(1, 3)).toThrow(RangeError);
  expect(() => studentT(0.95, 0)).toThrow(RangeError);
});
