import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cumulativeMwh, defineCounter, stepMwh } from '../../../collector/energy/counter-value.ts';

const WH = defineCounter('m', ['1', '1']);

describe('cumulativeMwh', () => {
  it('rounds the exact decimal once, half up', () => {
    expect(cumulativeMwh(1.0005, WH, 0)).toBe(1001); // 1000.5 mWh
    expect(cumulativeMwh(1.0004999, WH, 0)).toBe(1000);
    expect(cumulativeMwh('9007199254740', WH, 0)).toBe(9_007_199_254_740_000);
    expect(cumulativeMwh(12_345, defineCounter('m', ['100', '3']), 0)).toBe(411_500_000);
    expect(cumulativeMwh(2.5, defineCounter('m', ['1', '10000']), 0)).toBe(0); // 0.25 mWh
  });

  it('counts wraps exactly', () => {
    const sixDigits = defineCounter('m', ['1000', '1'], { modulus: '1000000' });
    expect(cumulativeMwh(5, sixDigits, 1)).toBe(1_000_005 * 1_000_000);
    const wide = defineCounter('m', ['1', '1000'], { modulus: '18446744073709551616' });
    expect(cumulativeMwh(7, wide, 1)).toBeNull(); // beyond 9 TWh
  });

  it('shows nothing for what no counter can show', () => {
    expect(cumulativeMwh(-1, WH, 0)).toBeNull();
    expect(cumulativeMwh(1e13, WH, 0)).toBeNull();
    expect(cumulativeMwh('-5', WH, 0)).toBeNull();
  });

  it('gives by the short way what whole-number arithmetic gives', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 1e9 })),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 5000 }),
        (raw, num, den) => {
          const exact = exactMwh(String(raw), BigInt(num), BigInt(den));
          expect(cumulativeMwh(raw, defineCounter('m', [`${num}`, `${den}`]), 0)).toBe(exact);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('stepMwh', () => {
  it('is the declared step, or the last digit a reading shows', () => {
    expect(stepMwh(5, defineCounter('m', ['100', '1'], { resolution: '1' }))).toBe(100_000);
    expect(stepMwh(12_345.7, defineCounter('m', ['1000', '1']))).toBe(100_000);
    expect(stepMwh('12345', WH)).toBe(1000);
  });
});

/** raw x num / den in mWh, half up, from the text of the number. */
function exactMwh(text: string, num: bigint, den: bigint): number {
  const [mantissa = '0', power = '0'] = text.split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = Number(power) - fraction.length;
  const digits = BigInt(whole + fraction);
  const top = digits * 10n ** BigInt(Math.max(0, shift)) * num * 1000n;
  const bottom = den * 10n ** BigInt(Math.max(0, -shift));
  return Number((2n * top + bottom) / (2n * bottom));
}
