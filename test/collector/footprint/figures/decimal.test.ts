import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareDecimals,
  decimalOf,
  decimalOfNumber,
  dividedBy,
  minus,
  numberOf,
  plus,
  roundTo,
  textOf,
  times,
  wholeDecimal,
} from '../../../../collector/footprint/figures/decimal.ts';

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: 0, max: 20 }))
  .map(([digits, scale]) => plus({ digits, scale }, decimalOf('0')));

describe('decimals', () => {
  it('have one text, without exponent, plus or idle zeros', () => {
    expect(['1.50', '+2', '-0.0', '000.004', '525.3'].map((text) => textOf(decimalOf(text)))).toEqual([
      '1.5',
      '2',
      '0',
      '0.004',
      '525.3',
    ]);
    expect(textOf(wholeDecimal(12_500_000, 6))).toBe('12.5');
    expect(textOf(wholeDecimal(-1, 6))).toBe('-0.000001');
  });

  it('refuse what is no decimal, with the value and a cure', () => {
    for (const text of ['', '1e3', '1,5', '.5', '5.', 'NaN', '1'.repeat(61)])
      expect(() => decimalOf(text)).toThrow(/is not a decimal number/);
    expect(() => wholeDecimal(0.5)).toThrow(/whole/);
  });

  it('add, subtract and multiply exactly', () => {
    expect(textOf(plus(decimalOf('0.1'), decimalOf('0.2')))).toBe('0.3');
    expect(textOf(times(decimalOf('123.456789'), decimalOf('525.3')))).toBe('64851.8512617');
    fc.assert(
      fc.property(decimals, decimals, decimals, (a, b, c) => {
        expect(minus(plus(a, b), b)).toEqual(a);
        expect(times(plus(a, b), c)).toEqual(plus(times(a, c), times(b, c)));
        expect(decimalOf(textOf(a))).toEqual(a);
        expect(compareDecimals(a, b)).toBe(-compareDecimals(b, a) || 0);
      }),
    );
  });

  it('round and divide half away from zero', () => {
    const rounded = (text: string, places: number) => textOf(roundTo(decimalOf(text), places));
    expect([rounded('2.5', 0), rounded('-2.5', 0), rounded('1.004999', 2), rounded('-0.0005', 3)]).toEqual([
      '3',
      '-3',
      '1',
      '-0.001',
    ]);
    expect(textOf(dividedBy(decimalOf('1'), decimalOf('3'), 6))).toBe('0.333333');
    expect(textOf(dividedBy(decimalOf('-2'), decimalOf('3'), 6))).toBe('-0.666667');
    expect(textOf(dividedBy(decimalOf('0.00001'), decimalOf('300'), 3))).toBe('0');
    expect(() => dividedBy(decimalOf('1'), decimalOf('0'), 1)).toThrow(/division by 0/);
    fc.assert(
      fc.property(decimals, decimals, fc.integer({ min: 0, max: 12 }), (a, b, places) => {
        fc.pre(b.digits !== 0n);
        // |q - a/b| is at most half of the last place: |2 (qb - a)| <= |b| / 10^places.
        const error = times(minus(times(dividedBy(a, b, places), b), a), decimalOf('2'));
        const magnitude = (x: typeof a) => (x.digits < 0n ? minus(decimalOf('0'), x) : x);
        const bound = times(magnitude(b), { digits: 1n, scale: places });
        expect(compareDecimals(magnitude(error), bound)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('write computed doubles without an exponent', () => {
    expect(textOf(decimalOfNumber(1.25e-7, 9))).toBe('0.000000125');
    expect(textOf(decimalOfNumber(3e20, 2))).toBe('300000000000000000000');
    expect(textOf(decimalOfNumber(-0.1 - 0.2, 6))).toBe('-0.3');
    expect(numberOf(decimalOf('-12.5'))).toBe(-12.5);
    expect(() => decimalOfNumber(NaN, 2)).toThrow(/cannot be written/);
  });
});
