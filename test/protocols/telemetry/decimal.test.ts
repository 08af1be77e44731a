import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalOf, shortestFloat32 } from '../../../protocols/telemetry/decimal.ts';
import { floatOfBits } from './arbitrary-readings.ts';

/** The definition, by text: the fewest of 6 to 9 digits that a float reads back as itself. */
function shortestByDefinition(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}

function expectRestored(value: number): void {
  const short = shortestFloat32(value);
  if (!Object.is(Math.fround(short), value)) throw new Error(`${value} became ${short}`);
  if (Number.isInteger(value)) return;
  if (!Object.is(short, shortestByDefinition(value)))
    throw new Error(`${value} became ${short}, not the shortest`);
}

describe('shortestFloat32', () => {
  it('writes the decimal a meter shows, not the tail of the double', () => {
    expect(shortestFloat32(1.184034824371338)).toBe(1.1840348);
    expect(shortestFloat32(Math.fround(0.1))).toBe(0.1);
    expect(shortestFloat32(Math.fround(-230.4))).toBe(-230.4);
  });

  it('restores the boundaries of every exponent, positive and negative, subnormals included', () => {
    for (let exponent = 0; exponent < 255; exponent++) {
      for (const mantissa of [0, 1, 2, 3, 0x3fffff, 0x400000, 0x7ffffd, 0x7ffffe, 0x7fffff]) {
        const bits = exponent * 2 ** 23 + mantissa;
        expectRestored(floatOfBits(bits));
        expectRestored(floatOfBits(bits + 2 ** 31));
      }
    }
  });

  it('restores the floats around every power of ten', () => {
    for (let power = -45; power <= 38; power++) {
      const view = new DataView(new ArrayBuffer(4));
      view.setFloat32(0, Number(`1e${power}`));
      for (let step = -3; step <= 3; step++) {
        const value = floatOfBits(view.getUint32(0) + step);
        if (Number.isFinite(value)) expectRestored(value);
      }
    }
  });

  it('restores 200,000 bit patterns spread over all of them', () => {
    // A stride without a common divisor with 2^32 visits exponents and mantissas evenly.
    for (let index = 0, bits = 1; index < 200_000; index++, bits = (bits + 2_654_435_769) % 2 ** 32) {
      const value = floatOfBits(bits);
      if (Number.isFinite(value)) expectRestored(value);
    }
  });

  it('restores any bit pattern', () => {
    const pattern = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(pattern, (bits) => {
        const value = floatOfBits(bits);
        if (Number.isFinite(value)) expectRestored(value);
        else expect(shortestFloat32(value)).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('decimalOf', () => {
  it('writes a reading as an integer times a power of ten', () => {
    expect(decimalOf(0.1)).toEqual({ mantissa: 1n, exponent: -1 });
    expect(decimalOf(-0)).toEqual({ mantissa: 0n, exponent: 0 });
    expect(decimalOf(1.5e-7)).toEqual({ mantissa: 15n, exponent: -8 });
    expect(decimalOf(5e-324)).toEqual({ mantissa: 5n, exponent: -324 });
    expect(decimalOf(1e21)).toEqual({ mantissa: 10n ** 21n, exponent: 0 });
    expect(decimalOf(-1.25e300)).toEqual({ mantissa: -125n * 10n ** 298n, exponent: 0 });
    expect(decimalOf(2n ** 80n)).toEqual({ mantissa: 2n ** 80n, exponent: 0 });
  });

  it('is exact: its text reads back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { mantissa, exponent } = decimalOf(value);
        expect(exponent).toBeLessThanOrEqual(0);
        expect(Number(`${mantissa}e${exponent}`)).toBe(value + 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses what is no decimal', () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) expect(() => decimalOf(value)).toThrow(RangeError);
  });
});
