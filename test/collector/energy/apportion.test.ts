import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion } from '../../../collector/energy/apportion.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';

describe('apportion', () => {
  it('gives the remainder to the largest fractions', () => {
    // 10 x 1/6 = 1.67, 10 x 2/6 = 3.33, 10 x 3/6 = 5: one is left, for 1.67.
    expect(apportion(milliwattHours(10), [1, 2, 3])).toEqual([2, 3, 5]);
    expect(apportion(milliwattHours(7), [0, 0])).toEqual([4, 3]);
    expect(apportion(milliwattHours(0), [1, 2])).toEqual([0, 0]);
  });

  it.each([8.5, -1, Number.NaN, 2 ** 53])('refuses %s, to which no whole shares add', (total) => {
    expect(() => apportion(total as MilliwattHours, [1, 2])).toThrow(RangeError);
  });

  it('always sums to the total, with every share whole and less than one from the exact share', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (total, weights) => {
          const shares = apportion(milliwattHours(total), weights);
          expect(shares.reduce((a, b) => a + b, 0)).toBe(total);
          const sum = weights.reduce((a, b) => a + b, 0);
          for (const [index, share] of shares.entries()) {
            expect(Number.isSafeInteger(share) && share >= 0).toBe(true);
            if (sum > 0) expect(Math.abs(share - (total * (weights[index] ?? 0)) / sum)).toBeLessThan(1.01);
          }
        },
      ),
    );
  });
});
