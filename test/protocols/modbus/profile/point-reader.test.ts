import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldOfFactor, fieldsOfPoint } from '../../../../protocols/modbus/profile/point-encoder.ts';
import { makePointReader, type ReadingTraits } from '../../../../protocols/modbus/profile/point-reader.ts';
import {
  ORDERS,
  REGISTER_TYPES,
  registerCount,
  type ProfilePoint,
  type RegisterFactor,
} from '../../../../protocols/modbus/profile/profile.ts';
import { decimalOf, type Reading } from '../../../../protocols/telemetry/decimal.ts';

const LIMITS: ReadingTraits['limits'] = {
  maxRegisters: 125,
  even: false,
  wholeValues: false,
  maxGap: 124,
  forbidden: [],
  readable: [],
  whole: [],
};

const ENERGY: ProfilePoint = {
  quantity: 'activeEnergyImport',
  phase: 'total',
  address: 100,
  type: 'u32',
  scale: '1',
  unit: 'Wh',
  counter: { behaviour: 'monotone' },
};

function deviceOf(points: readonly ProfilePoint[], more: Partial<ReadingTraits> = {}): ReadingTraits {
  return {
    wordOrder: 'big',
    byteOrder: 'big',
    notAvailable: {},
    functionCode: 3,
    limits: LIMITS,
    points,
    ...more,
  };
}

/** Reads a point from a memory of registers, as a driver would. */
function readFrom(device: ReadingTraits, point: ProfilePoint, memory: ReadonlyMap<number, number>) {
  const reader = makePointReader(device, point);
  return reader.read(
    reader.parts.map(({ address, count }) => ({
      registers: Uint16Array.from({ length: count }, (_, i) => memory.get(address + i) ?? 0),
      offset: 0,
    })),
  );
}

/** A decimal as a fraction of whole numbers. */
function fractionOf(reading: Reading): [num: bigint, den: bigint] {
  const { mantissa, exponent } = decimalOf(reading);
  return [mantissa, 10n ** BigInt(-exponent)];
}

function expectEqualFraction(reading: Reading | null, num: bigint, den: bigint): void {
  expect(reading).not.toBeNull();
  const [readNum, readDen] = fractionOf(reading ?? 0);
  expect(readNum * den).toBe(num * readDen);
}

describe('the parts of a point', () => {
  it('are one for a sum whose registers lie side by side, so that it belongs to one moment', () => {
    const point = { ...ENERGY, plus: [102] };
    expect(makePointReader(deviceOf([point]), point).parts).toEqual([
      { functionCode: 3, address: 100, count: 4 },
    ]);
  });

  it('are one where what lies between is known to be there', () => {
    const point = { ...ENERGY, plus: [104] };
    const between: ProfilePoint = { ...ENERGY, quantity: 'activeEnergyExport', address: 102 };
    expect(makePointReader(deviceOf([point, between]), point).parts).toHaveLength(1);
    expect(makePointReader(deviceOf([point, { ...between, functionCode: 4 }]), point).parts).toHaveLength(2);
  });

  it.each<[string, Partial<ReadingTraits['limits']>]>([
    ['a request may not be that long', { maxRegisters: 3 }],
    ['what lies between is forbidden', { forbidden: [{ first: 102, last: 102 }] }],
    [
      'they are readable apart only',
      {
        readable: [
          { first: 100, last: 101 },
          { first: 102, last: 110 },
        ],
      },
    ],
    ['one of them belongs to a whole block', { whole: [{ first: 102, last: 109 }] }],
  ])('are several where %s', (_, limits) => {
    const point = { ...ENERGY, plus: [102] };
    const device = deviceOf([point], { limits: { ...LIMITS, ...limits } });
    expect(makePointReader(device, point).parts).toEqual([
      { functionCode: 3, address: 100, count: 2 },
      { functionCode: 3, address: 102, count: 2 },
    ]);
  });

  it('have the factors behind them, each where it lies', () => {
    const point: ProfilePoint = {
      ...ENERGY,
      functionCode: 4,
      factors: [
        { address: 6, type: 'u16', as: 'factor', scale: '1' },
        { address: 30, type: 'f32', as: 'thousands', scale: '1', functionCode: 3 },
      ],
    };
    expect(makePointReader(deviceOf([point]), point).parts).toEqual([
      { functionCode: 4, address: 100, count: 2 },
      { functionCode: 4, address: 6, count: 1 },
      { functionCode: 3, address: 30, count: 2 },
    ]);
  });
});

describe('the reading of a point', () => {
  const CT: RegisterFactor = { address: 6, type: 'u16', as: 'factor', scale: '1' };
  const VT: RegisterFactor = { address: 7, type: 'u16', as: 'factor', scale: '0.1' };
  const power: ProfilePoint = {
    quantity: 'activePower',
    phase: 'total',
    address: 10,
    type: 'u16',
    scale: '1',
    unit: 'W',
  };

  it('is the exact product of value and ratios', () => {
    const point = { ...power, factors: [CT, VT] };
    const device = deviceOf([point]);
    const memory = new Map([
      [10, 333],
      [6, 20],
      [7, 3],
    ]);
    expect(readFrom(device, point, memory)).toEqual({ value: 1998, factors: [20, 3] });
  });

  it('has the decimals and the thousands that registers say', () => {
    const decimals: RegisterFactor = { address: 20, type: 'u16', as: 'decimals', scale: '1', byte: 'high' };
    const point = { ...power, factors: [decimals] };
    expect(
      readFrom(
        deviceOf([point]),
        point,
        new Map([
          [10, 1234],
          [20, 0x0205],
        ]),
      ),
    ).toEqual({
      value: 12.34,
      factors: [2],
    });
    const thousands: RegisterFactor = { address: 20, type: 'u16', as: 'thousands', scale: '1' };
    const mega = { ...power, factors: [thousands] };
    expect(
      readFrom(
        deviceOf([mega]),
        mega,
        new Map([
          [10, 1234],
          [20, 2],
        ]),
      ).value,
    ).toBe(1_234_000_000);
    expect(readFrom(deviceOf([mega]), mega, new Map([[10, 1234]])).value).toBe(1234);
  });

  it.each<[string, RegisterFactor, number]>([
    ['a ratio of 0', CT, 0],
    ['a ratio that is not available', CT, 0xffff],
    ['a negative ratio', { ...CT, type: 'i16' }, 0xfff6],
    ['decimals that no device has', { ...CT, as: 'decimals' }, 4711],
    ['thousands of thousands of thousands', { ...CT, as: 'thousands' }, 6],
    ['negative thousands', { ...CT, as: 'thousands', type: 'i16' }, 0xfffe],
  ])('is null with %s', (_, factor, register) => {
    const point = { ...power, factors: [factor] };
    const device = deviceOf([point], { notAvailable: { u16: ['0xFFFF'] } });
    expect(
      readFrom(
        device,
        point,
        new Map([
          [10, 5],
          [6, register],
        ]),
      ).value,
    ).toBeNull();
  });

  it('is null when any register of it was not read or has no value', () => {
    const point = { ...ENERGY, plus: [200] };
    const device = deviceOf([point], { notAvailable: { u32: ['0xFFFFFFFF'] } });
    const reader = makePointReader(device, point);
    const slice = (value: number) => ({ registers: Uint16Array.of(value >>> 16, value & 0xffff), offset: 0 });
    expect(reader.read([slice(5), slice(6)]).value).toBe(11);
    expect(reader.read([slice(5), null]).value).toBeNull();
    expect(reader.read([slice(5), slice(0xffff_ffff)]).value).toBeNull();
    expect(reader.read([slice(5), slice(6)]).value).toBe(11);
    expect(reader.read([slice(5), slice(7)]).value).toBe(12);
  });

  it('shows that a factor moved, and only then', () => {
    const point = { ...power, factors: [CT] };
    const reader = makePointReader(deviceOf([point]), point);
    const read = (value: number, ratio: number) =>
      reader.read([value, ratio].map((one) => ({ registers: Uint16Array.of(0, one), offset: 1 })));
    const first = read(5, 20);
    const second = read(6, 20);
    const third = read(6, 25);
    expect([first.value, second.value, third.value]).toEqual([100, 120, 150]);
    expect(second.factors).toBe(first.factors);
    expect(third.factors).not.toBe(first.factors);
    expect(third.factors).toEqual([25]);
  });

  it('reads sums of 64 bits to the last digit', () => {
    const point: ProfilePoint = { ...ENERGY, type: 'u64', plus: [104] };
    const memory = new Map([
      [100, 0x20],
      [103, 1],
      [104, 0x20],
      [107, 2],
    ]);
    expect(readFrom(deviceOf([point]), point, memory).value).toBe(2n ** 54n + 3n);
  });
});

describe('reading and encoding, as properties', () => {
  const types = REGISTER_TYPES.filter((type) => !type.startsWith('f'));
  const rawOf = (type: string) => {
    const bits = BigInt(type.slice(1));
    const low = type.startsWith('i') ? -(1n << (bits - 1n)) : 0n;
    return fc.bigInt({ min: low, max: low + (1n << bits) - 1n });
  };

  it('sums and factors are exact against fractions of whole numbers', () => {
    const cases = fc.constantFrom(...types).chain((type) =>
      fc.record({
        type: fc.constant(type),
        terms: fc.array(rawOf(type), { minLength: 1, maxLength: 4 }),
        ratio: fc.integer({ min: 1, max: 65_535 }),
        ratioScale: fc.constantFrom('1', '0.1', '0.01', '2.5', '100'),
        thousands: fc.integer({ min: 0, max: 3 }),
        wordOrder: fc.constantFrom(...ORDERS),
        byteOrder: fc.constantFrom(...ORDERS),
      }),
    );
    fc.assert(
      fc.property(cases, ({ type, terms, ratio, ratioScale, thousands, wordOrder, byteOrder }) => {
        const width = registerCount(type);
        const point: ProfilePoint = {
          ...ENERGY,
          type,
          ...(terms.length === 1 ? {} : { plus: terms.slice(1).map((_, i) => 100 + (i + 1) * width) }),
          factors: [
            { address: 6, type: 'u16', as: 'factor', scale: ratioScale },
            { address: 8, type: 'u16', as: 'thousands', scale: '1' },
          ],
        };
        const device = deviceOf([point], { wordOrder, byteOrder });
        const memory = new Map<number, number>();
        const put = (bits: bigint, count: number, address: number, order = wordOrder) => {
          for (let i = 0; i < count; i++) {
            const word = Number((BigInt.asUintN(count * 16, bits) >> BigInt(16 * i)) & 0xffffn);
            const swapped = byteOrder === 'little' ? ((word & 0xff) << 8) | (word >> 8) : word;
            memory.set(address + (order === 'little' ? i : count - 1 - i), swapped);
          }
        };
        terms.forEach((term, i) => put(term, width, 100 + i * width));
        put(BigInt(ratio), 1, 6);
        put(BigInt(thousands), 1, 8);
        const { value } = readFrom(device, point, memory);
        const [scaleNum, scaleDen] = fractionOf(Number(ratioScale));
        const sum = terms.reduce((a, b) => a + b, 0n);
        const num = sum * BigInt(ratio) * scaleNum * 1000n ** BigInt(thousands);
        const digits = String(num < 0n ? -num : num).length;
        if (num % scaleDen === 0n || digits <= 15) expectEqualFraction(value, num, scaleDen);
        // A fraction of more digits than a number has: the nearest number.
        else expect(value).toBe(Number(`${num}e-${String(scaleDen).length - 1}`));
      }),
      { numRuns: 500 },
    );
  });

  it('what a simulated device holds is read as what it was given', () => {
    const cases = fc.constantFrom(...types).chain((type) =>
      fc.record({
        type: fc.constant(type),
        raw: rawOf(type),
        shares: fc.integer({ min: 1, max: 3 }),
        ratio: fc.integer({ min: 1, max: 500 }).map((one) => one * 10),
        wordOrder: fc.constantFrom(...ORDERS),
        byteOrder: fc.constantFrom(...ORDERS),
        shared: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(cases, ({ type, raw, shares, ratio, wordOrder, byteOrder, shared }) => {
        const width = registerCount(type);
        const factor: RegisterFactor = { address: 6, type: 'u16', as: 'factor', scale: '0.1' };
        const point: ProfilePoint = {
          ...ENERGY,
          type,
          ...(shares === 1
            ? {}
            : { plus: Array.from({ length: shares - 1 }, (_, i) => 100 + (i + 1) * width) }),
          factors: [factor],
        };
        const device = deviceOf([point], { wordOrder, byteOrder });
        const value = (raw * BigInt(ratio)) / 10n;
        const fields = [
          ...fieldsOfPoint(
            device,
            point,
            () => value,
            () => ratio,
            shared,
          ),
          fieldOfFactor(device, point, factor, ratio),
        ];
        const memory = new Map<number, number>();
        for (const field of fields) {
          const registers = new Uint16Array(field.count);
          field.write(registers, 0);
          registers.forEach((word, i) => memory.set(field.address + i, word));
        }
        expectEqualFraction(readFrom(device, point, memory).value, raw * BigInt(ratio), 10n);
      }),
      { numRuns: 500 },
    );
  });
});
