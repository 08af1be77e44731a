import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaleValue } from '../../../collector/influx/exact-value.ts';

test.each<[number | bigint, [string, string], number]>([
  [1234.5, ['1000', '1'], 1_234_500],
  [1.1, ['1000', '1'], 1100],
  [0.07, ['100', '1'], 7],
  [18_339_247, ['1', '1000'], 18_339.247],
  [9_007_199_254_740_993n, ['1', '1000'], Number('9007199254740.993')],
  [3600n, ['1', '3600'], 1],
  [-250.25, ['1', '10'], -25.025],
  [1e-9, ['1000', '1'], 1e-6],
  [5, ['7', '7'], 5],
])('%s x %s is %s', (reading, scale, value) => {
  expect(scaleValue(reading, scale)).toBe(value);
});

test('a decimal counter with a decimal scale is the double nearest to the exact product', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: -6, max: 6 }),
      (whole, places, shift) => {
        const reading = Number(`${whole}e-${places}`);
        const scale: [string, string] = shift >= 0 ? [`${10 ** shift}`, '1'] : ['1', `${10 ** -shift}`];
        // The text of the product is known exactly; reading it is correctly rounded.
        expect(scaleValue(reading, scale)).toBe(Number(`${whole}e${shift - places}`));
      },
    ),
  );
});

test('a counter in thirds is nearest too', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 70n }), (raw) => {
      const value = scaleValue(raw, ['1', '3600']);
      // |value * 3600 - raw| in exact arithmetic is at most half a step of the double.
      const exact = BigInt(Math.trunc(value)) * 3600n;
      if (Number.isSafeInteger(Math.trunc(value)))
        expect(Math.abs(Number(raw - exact) / 3600 - (value - Math.trunc(value)))).toBeLessThan(
          Math.max(1e-9, value * 2 ** -52),
        );
      else expect(Math.abs(Number(raw) / 3600 / value - 1)).toBeLessThan(2 ** -51);
    }),
  );
});
