import { describe, expect, test } from 'vitest';
import { fitLine, predictAt } from '../../../../collector/footprint/regression/fit-line.ts';

/** NIST StRD, linear regression, Norris: calibration of ozone monitors, y and x, and its certified values. */
const NORRIS =
  `0.1 0.2, 338.8 337.4, 118.1 118.2, 888.0 884.6, 9.2 10.1, 228.1 226.5, 668.5 666.3, 998.5 996.3, 449.1 448.6,
778.9 777.0, 559.2 558.2, 0.3 0.4, 0.1 0.6, 778.1 775.5, 668.8 666.9, 339.3 338.0, 448.9 447.5, 10.8 11.6, 557.7 556.0,
228.3 228.1, 998.0 995.8, 888.8 887.6, 119.6 120.2, 0.3 0.3, 0.6 0.3, 557.6 556.8, 339.3 339.1, 888.0 887.2, 998.5 999.0,
778.9 779.0, 10.2 11.1, 117.6 118.3, 228.9 229.2, 668.4 669.1, 449.2 448.9, 0.2 0.5`
    .split(',')
    .map((pair) => {
      const [y = NaN, x = NaN] = pair.trim().split(' ').map(Number);
      return { x, y };
    });

/** Digits in which two figures agree (log relative error, as NIST judges software). */
const digits = (value: number, certified: number) =>
  -Math.log10(Math.abs(value - certified) / Math.abs(certified));

test('Norris: at least ten of the certified digits', () => {
  const line = fitLine(NORRIS);
  expect(line.count).toBe(36);
  expect(line.degreesOfFreedom).toBe(34);
  for (const [value, certified] of [
    [line.intercept, -0.262323073774029],
    [line.slope, 1.00211681802045],
    [line.interceptStandard, 0.232818234301152],
    [line.slopeStandard, 0.429796848199937e-3],
    [line.residualDeviation, 0.884796396144373],
    [line.rSquared ?? NaN, 0.999993745883712],
  ] as const)
    expect(digits(value, certified)).toBeGreaterThan(10);
});

describe('four machines, by hand', () => {
  // x 10 15 20 25, y 3 4 4.5 6: means 17.5 and 4.375; Sxx 125, Sxy 23.75; slope 0.19, intercept 1.05.
  // Residuals 0.05, 0.1, -0.35, 0.2: squares 0.0025 + 0.01 + 0.1225 + 0.04 = 0.175; s^2 = 0.0875, s = 0.295804; Syy 4.6875.
  const line = fitLine([
    { x: 10, y: 3 },
    { x: 15, y: 4 },
    { x: 20, y: 4.5 },
    { x: 25, y: 6 },
  ]);

  test('the line', () => {
    expect(line.slope).toBeCloseTo(0.19, 12);
    expect(line.intercept).toBeCloseTo(1.05, 12);
    expect(line.residualDeviation).toBeCloseTo(0.295804, 6);
    // s / sqrt(125) and s sqrt(1/4 + 17.5^2 / 125)
    expect(line.slopeStandard).toBeCloseTo(0.0264575, 7);
    expect(line.interceptStandard).toBeCloseTo(0.486056, 6);
    expect(line.rSquared).toBeCloseTo(1 - 0.175 / 4.6875, 12);
  });

  test('what it says of one more machine', () => {
    // 1.05 + 0.19 x 22 = 5.23; own 1/4 + 4.5^2 / 125 = 0.412; t(2) = 4.302653; halves 4.302653 s sqrt(0.412), sqrt(1.412).
    const at22 = predictAt(line, 22);
    expect(at22.y).toBeCloseTo(5.23, 12);
    expect(at22.lineHalf).toBeCloseTo(0.816938, 5);
    expect(at22.pointHalf).toBeCloseTo(1.512369, 5);
    expect(at22.isExtrapolated).toBe(false);
    expect(predictAt(line, 25.1).isExtrapolated).toBe(true);
    expect(predictAt(line, 9.9).isExtrapolated).toBe(true);
    expect(predictAt(line, 10).isExtrapolated).toBe(false);
  });

  test('what has no line is refused', () => {
    expect(() =>
      fitLine([
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ]),
    ).toThrow('2 machines are too few');
    expect(() => fitLine([])).toThrow('0 machines are too few');
    expect(() => fitLine([1, 2, 3].map((y) => ({ x: 15, y })))).toThrow('same value of the parameter, 15');
    // Their mean as it is computed is not 0.1.
    expect(() => fitLine([1, 2, 3].map((y) => ({ x: 0.1, y })))).toThrow('same value of the parameter, 0.1');
  });

  test('machines that draw the same have a level line without an R2', () => {
    const level = fitLine([1, 2, 3].map((x) => ({ x, y: 4 })));
    expect(level).toMatchObject({ slope: 0, intercept: 4, rSquared: null, residualDeviation: 0 });
    expect(fitLine([1, 2, 3].map((x) => ({ x, y: 0.1 }))).rSquared).toBeNull();
  });
});
