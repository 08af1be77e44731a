import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeColumn, encodeColumn } from '../../../protocols/telemetry/column.ts';
import { shortestFloat32, type Reading } from '../../../protocols/telemetry/decimal.ts';
import { arbitraryColumn, spelled } from './arbitrary-readings.ts';

/** Through JSON text, as a part carries it. */
function roundTrip(readings: (Reading | null)[]): (Reading | null)[] | undefined {
  return decodeColumn(JSON.parse(JSON.stringify(encodeColumn(readings))) as Record<string, unknown>);
}

describe('a column', () => {
  it('is differences of whole numbers at its finest power of ten', () => {
    expect(encodeColumn([1234.5, 1234.7, 1234.7, 1234.6])).toEqual({ e: -1, d: [12345, 2, 0, -1] });
    expect(encodeColumn([7, null, 9])).toEqual({ e: 0, d: [7, null, 2] });
    expect(encodeColumn([])).toEqual({ e: 0, d: [] });
    expect(encodeColumn([0.5, 100])).toEqual({ e: -1, d: [5, 995] });
  });

  it('keeps differences for 64-bit counters and for doubles with many digits', () => {
    expect(encodeColumn([2n ** 63n, 2n ** 63n + 5n])).toEqual({ e: 0, d: ['9223372036854775808', 5] });
    expect(encodeColumn([18336668.123456787, 18336668.23456789])).toEqual({
      e: -9,
      d: ['18336668123456787', 111111103],
    });
  });

  it('is plain where differences would be no shorter', () => {
    expect(encodeColumn([1.5e300, 1])).toEqual({ v: [1.5e300, 1] });
    expect(encodeColumn([1e-30, 2 ** 60])).toEqual({ v: [1e-30, 2 ** 60] });
    expect(encodeColumn([2n ** 60n, 0.5])).toEqual({ v: ['1152921504606846976', 0.5] });
  });

  it('writes a meter that says -0.0 as 0, and what is no number as no value', () => {
    expect(encodeColumn([-0, 1.5, -0])).toEqual({ e: -1, d: [0, 15, -15] });
    expect(encodeColumn([Number.NaN, Infinity, 2])).toEqual({ e: 0, d: [null, null, 2] });
    expect(encodeColumn([Number.NaN, 1e-40])).toEqual({ v: [null, 1e-40] });
  });

  it('round trips the extremes', () => {
    const extremes: (Reading | null)[][] = [
      [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER],
      [2 ** 53, 2 ** 53 + 2],
      [Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE],
      [0.1 + 0.2, 0.3],
      [9007199254740993n, 1, null, -9007199254740993n],
      [1e15 + 0.125, 1e-9],
      [4503599627370495.5, 1e-20],
      [-(10n ** 40n) + 1n],
      [null, -1e33, null, -0.4052271],
    ];
    for (const readings of extremes) expect(roundTrip(readings)).toEqual(readings.map(spelled));
  });

  it('refuses to write what no reader would take', () => {
    expect(() => encodeColumn([10n ** 40n])).toThrow(RangeError);
  });

  it('gives every reading back to the last digit', () => {
    const columns = fc.nat(40).chain(arbitraryColumn);
    fc.assert(
      fc.property(columns, (readings) => {
        expect(roundTrip(readings)).toEqual(readings.map(spelled));
      }),
      { numRuns: 3000 },
    );
  });

  it('gives every float that a register holds back, bit by bit', () => {
    const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 50 });
    fc.assert(
      fc.property(floats, (values) => {
        const restored = roundTrip(values.map(shortestFloat32)) ?? [];
        expect(restored.map((reading) => Math.fround(Number(reading)))).toEqual(
          values.map((value) => value + 0),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing', {}],
    ['a positive exponent', { e: 1, d: [1] }],
    ['an exponent as text', { e: '-1', d: [1] }],
    ['an exponent in a list', { e: [-1], d: [1] }],
    ['an exponent too fine', { e: -21, d: [1] }],
    ['no exponent', { d: [1] }],
    ['a fraction among differences', { e: 0, d: [0.5] }],
    ['a difference beyond 2^53', { e: 0, d: [2 ** 53] }],
    ['a truth value', { e: 0, d: [true] }],
    ['text that is no integer', { e: 0, d: ['1e3'] }],
    ['an integer with a leading zero', { v: ['01'] }],
    ['an integer of 41 digits', { v: ['1'.repeat(41)] }],
    ['a sum of 41 digits', { e: 0, d: ['9'.repeat(40), '9'.repeat(40)] }],
    ['an infinite number', { v: [Infinity] }],
    ['an object', { v: [{}] }],
    ['no list', { v: 'abc' }],
  ])('refuses %s', (_, column) => {
    expect(decodeColumn(column)).toBeUndefined();
  });
});
