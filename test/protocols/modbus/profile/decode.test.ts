import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDecoder, type DecodingTraits } from '../../../../protocols/modbus/profile/decode.ts';
import { makeEncoder, rawReadingOf } from '../../../../protocols/modbus/profile/encode.ts';
import {
  ORDERS,
  REGISTER_TYPES,
  registerCount,
  type ProfilePoint,
} from '../../../../protocols/modbus/profile/profile.ts';
import { shortestFloat32, type Reading } from '../../../../protocols/telemetry/decimal.ts';

const PLAIN: DecodingTraits = { wordOrder: 'big', byteOrder: 'big', notAvailable: {} };

function pointOf(type: ProfilePoint['type'], more: Partial<ProfilePoint> = {}): ProfilePoint {
  return { quantity: 'activePower', phase: 'total', address: 0, type, scale: '1', unit: 'W', ...more };
}

function decode(device: DecodingTraits, point: ProfilePoint, ...registers: number[]): Reading | null {
  return makeDecoder(device, point)(Uint16Array.from(registers), 0);
}

describe('decoding', () => {
  it('reads what the manuals print', () => {
    // 230.2 V as an SDM630 sends it: 43 66 33 34.
    expect(decode(PLAIN, pointOf('f32'), 0x4366, 0x3334)).toBe(230.20001);
    expect(decode(PLAIN, pointOf('i16'), 0xff85)).toBe(-123);
    expect(decode(PLAIN, pointOf('u32'), 0x0001, 0x0002)).toBe(65_538);
    expect(decode({ ...PLAIN, wordOrder: 'little' }, pointOf('i32'), 0xfffe, 0xffff)).toBe(-2);
    expect(decode(PLAIN, pointOf('f64'), 0x40fe, 0x240c, 0xa000, 0x0000)).toBe(123_456.7890625);
    expect(decode({ ...PLAIN, byteOrder: 'little' }, pointOf('u16'), 0x3412)).toBe(0x1234);
  });

  it('lets a point differ from its profile in word order', () => {
    expect(decode(PLAIN, pointOf('u32', { wordOrder: 'little' }), 0x0001, 0x0002)).toBe(131_073);
  });

  it('never takes "no value" for a number', () => {
    expect(decode(PLAIN, pointOf('f32'), 0x7fc0, 0)).toBeNull();
    expect(decode(PLAIN, pointOf('f32'), 0xffc0, 0)).toBeNull();
    expect(decode(PLAIN, pointOf('f32'), 0x7f80, 0)).toBeNull();
    expect(decode(PLAIN, pointOf('f32'), 0xff80, 0)).toBeNull();
    expect(decode(PLAIN, pointOf('f64'), 0xfff8, 0, 0, 0)).toBeNull();
    const device = {
      ...PLAIN,
      notAvailable: { i16: ['0x8000'], i32: ['0x7FFFFFFF'], i64: ['0x8000000000000000'], u16: ['0xFFFF'] },
    };
    expect(decode(device, pointOf('i16'), 0x8000)).toBeNull();
    expect(decode(device, pointOf('u16'), 0xffff)).toBeNull();
    expect(decode({ ...device, wordOrder: 'little' }, pointOf('i32'), 0xffff, 0x7fff)).toBeNull();
    expect(decode(device, pointOf('i64'), 0x8000, 0, 0, 0)).toBeNull();
    expect(decode(device, pointOf('u32'), 0x7fff, 0xffff)).toBe(0x7fffffff);
    expect(decode(PLAIN, pointOf('i16'), 0x8000)).toBe(-32_768);
  });

  it('takes patterns with any digit, and patterns of one point', () => {
    const overflow = { ...PLAIN, wordOrder: 'little', notAvailable: { i32: ['0x7FFFXXXX'] } } as const;
    expect(decode(overflow, pointOf('i32'), 0x1234, 0x7fff)).toBeNull();
    expect(decode(overflow, pointOf('i32'), 0xffff, 0x7ffe)).toBe(0x7ffe_ffff);
    const signed = { ...PLAIN, notAvailable: { i16: ['0x8XX0'] } };
    expect([0x8000, 0x8ff0, 0x8ff1, 0x7000].map((bits) => decode(signed, pointOf('i16'), bits))).toEqual([
      null,
      null,
      0x8ff1 - 0x1_0000,
      0x7000,
    ]);
    const point = pointOf('u64', { notAvailable: ['0x00000000XXXXXXXX'] });
    expect(decode(PLAIN, point, 0, 0, 1, 2)).toBeNull();
    expect(decode(PLAIN, point, 0, 1, 1, 2)).toBe(0x1_0001_0002);
    // Those of the point come besides those of the device.
    const both = pointOf('u16', { notAvailable: ['0x0000'] });
    const device = { ...PLAIN, notAvailable: { u16: ['0xFFFF'] } };
    expect([0, 0xffff, 1].map((bits) => decode(device, both, bits))).toEqual([null, null, 1]);
    // A pattern of a float comes besides NaN.
    const float = pointOf('f32', { notAvailable: ['0xFFFFFFFF', '0x00000000'] });
    expect([0, 0xffff].map((word) => decode(PLAIN, float, word, word))).toEqual([null, null]);
  });

  it('gives bigints only where numbers would lose digits', () => {
    expect(decode(PLAIN, pointOf('u64'), 0x001f, 0xffff, 0xffff, 0xffff)).toBe(2 ** 53 - 1);
    expect(decode(PLAIN, pointOf('u64'), 0x0020, 0, 0, 1)).toBe(2n ** 53n + 1n);
    expect(decode(PLAIN, pointOf('i64'), 0xffff, 0xffff, 0xffff, 0xffff)).toBe(-1);
  });

  it('unfolds a power factor that tells its quadrant', () => {
    const point = pointOf('f64', { quantity: 'powerFactor', unit: '1', encoding: 'four-quadrant' });
    const unfold = (value: number) => {
      const registers = new Uint16Array(4);
      makeEncoder(PLAIN, point)(value, registers, 0);
      return makeDecoder(PLAIN, point)(registers, 0);
    };
    expect([0.9, -0.9, 1.05, -1.05, 1, -1, 2, -2].map(unfold)).toEqual([0.9, -0.9, 0.95, -0.95, 1, -1, 0, 0]);
    expect(unfold(2.5)).toBeNull();
  });

  it('remembers bits, not moments: a new value is seen', () => {
    const decoder = makeDecoder(PLAIN, pointOf('u16'));
    expect([5, 5, 6, 5, 0].map((value) => decoder(Uint16Array.of(value), 0))).toEqual([5, 5, 6, 5, 0]);
  });

  it('refuses to read outside a reply', () => {
    expect(() => decode(PLAIN, pointOf('u32'), 1)).toThrow(RangeError);
  });
});

describe('encoding', () => {
  const readingOf = (type: ProfilePoint['type']): fc.Arbitrary<Reading> => {
    const bits = Number(type.slice(1));
    if (type === 'f32') return fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32);
    if (type === 'f64') return fc.double({ noNaN: true, noDefaultInfinity: true });
    const low = type.startsWith('i') ? -(2n ** BigInt(bits - 1)) : 0n;
    return fc
      .bigInt({ min: low, max: low + 2n ** BigInt(bits) - 1n })
      .map((whole) => (Number.isSafeInteger(Number(whole)) ? Number(whole) : whole));
  };

  it.each(REGISTER_TYPES)('is the inverse of decoding for %s in every order', (type) => {
    fc.assert(
      fc.property(
        readingOf(type),
        fc.constantFrom(...ORDERS),
        fc.constantFrom(...ORDERS),
        fc.nat(3),
        (reading, wordOrder, byteOrder, offset) => {
          const device = { wordOrder, byteOrder, notAvailable: {} };
          const registers = new Uint16Array(offset + registerCount(type) + 1).fill(0xabcd);
          makeEncoder(device, pointOf(type))(reading, registers, offset);
          const back = makeDecoder(device, pointOf(type))(registers, offset);
          expect(back).toBe(Object.is(reading, -0) ? 0 : reading);
          expect(registers[offset + registerCount(type)]).toBe(0xabcd);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('writes "no value" as the device does', () => {
    const device: DecodingTraits = {
      wordOrder: 'little',
      byteOrder: 'big',
      notAvailable: { i32: ['0x7FFFFFFF'] },
    };
    const registers = new Uint16Array(2);
    makeEncoder(device, pointOf('i32'))(null, registers, 0);
    expect([...registers]).toEqual([0xffff, 0x7fff]);
    makeEncoder(device, pointOf('f32'))(null, registers, 0);
    expect(makeDecoder(device, pointOf('f32'))(registers, 0)).toBeNull();
    makeEncoder(device, pointOf('u32'))(null, registers, 0);
    expect([...registers]).toEqual([0, 0]);
    const own = pointOf('u32', { notAvailable: ['0x7FFFXXXX'] });
    makeEncoder(device, own)(null, registers, 0);
    expect(makeDecoder(device, own)(registers, 0)).toBeNull();
  });

  it('refuses what does not fit', () => {
    const registers = new Uint16Array(1);
    expect(() => makeEncoder(PLAIN, pointOf('i16'))(32_768, registers, 0)).toThrow(RangeError);
    expect(() => makeEncoder(PLAIN, pointOf('u16'))(-1, registers, 0)).toThrow(RangeError);
    expect(() => makeEncoder(PLAIN, pointOf('u16'))(1.5, registers, 0)).toThrow(RangeError);
  });

  it('turns canonical values into what the device shows', () => {
    expect(rawReadingOf(pointOf('f32', { unit: 'kW' }), 4321.5)).toBe(4.3215);
    expect(rawReadingOf(pointOf('i32', { scale: '0.1' }), 43.26)).toBe(433);
    const counter = pointOf('i32', {
      quantity: 'activeEnergyImport',
      unit: 'kWh',
      scale: '0.1',
      counter: { behaviour: 'monotone' },
    });
    expect(rawReadingOf(counter, 199.9)).toBe(1);
  });
});
