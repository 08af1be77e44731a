import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { multiply, rational, rationalOf, toNumber, UNITS } from '../../../protocols/telemetry/unit.ts';

describe('rationals', () => {
  it('keep a tenth a tenth', () => {
    expect(rationalOf('0.1')).toEqual({ num: 1n, den: 10n });
    expect(rationalOf(1e-3)).toEqual({ num: 1n, den: 1000n });
    expect(rationalOf('1.5E+3')).toEqual({ num: 1500n, den: 1n });
    expect(multiply(rationalOf('0.1'), rationalOf(30))).toEqual({ num: 3n, den: 1n });
    expect(toNumber(rationalOf('0.1'))).toBe(0.1);
  });

  it.each(['0', '-1', '', 'x', '1e1000', 'NaN', '1,5', '0x10', '.5'])('are not written %j', (text) => {
    expect(() => rationalOf(text)).toThrow(RangeError);
  });

  it('are in lowest terms', () => {
    const positive = fc.bigInt({ min: 1n, max: 10n ** 20n });
    fc.assert(
      fc.property(positive, positive, positive, (num, den, factor) => {
        const { num: a, den: b } = rational(num, den);
        expect(a * den).toBe(b * num);
        expect(rational(num * factor, den * factor)).toEqual({ num: a, den: b });
      }),
      { numRuns: 500 },
    );
    expect(() => rational(0n)).toThrow(RangeError);
    expect(() => rational(1n, -1n)).toThrow(RangeError);
  });

  it('restore any positive double they are read from', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e15, noNaN: true }), (value) => {
        const { num, den } = rationalOf(value);
        // The shortest text of the double is num/den exactly.
        const places = den.toString().length + 25;
        const digits = (num * 10n ** BigInt(places)) / den;
        expect(Number(`${digits}e-${places}`)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe('units', () => {
  it('reach their canonical unit exactly', () => {
    expect(UNITS['kWh']).toEqual({ canonical: 'Wh', factor: { num: 1000n, den: 1n } });
    expect(UNITS['J']?.factor).toEqual({ num: 1n, den: 3600n });
    expect(UNITS['MJ']?.factor).toEqual({ num: 2500n, den: 9n });
    for (const { canonical } of Object.values(UNITS)) expect(UNITS[canonical]?.factor).toEqual(rational(1n));
  });

  it('are not found by the names that objects inherit', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(name in UNITS).toBe(false);
      expect(UNITS[name]).toBeUndefined();
    }
  });
});
