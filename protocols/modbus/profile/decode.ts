import { decimalOf, shortestFloat32, type Reading } from '../../telemetry/decimal.ts';
import { makeNarrowTest, makeWideTest, patternsOf } from './not-available.ts';
import {
  registerCount,
  type DeviceProfile,
  type Encoding,
  type Order,
  type RegisterType,
} from './profile.ts';

/** What a decoder needs to know of a device. */
export type DecodingTraits = Pick<DeviceProfile, 'wordOrder' | 'byteOrder' | 'notAvailable'>;

/** How one value lies in its registers: a point, a factor, a status word. */
export interface EncodedValue {
  type: RegisterType;
  /** Overrides the device's. */
  wordOrder?: Order | undefined;
  encoding?: Encoding | undefined;
  /** Patterns besides the device's. */
  notAvailable?: readonly string[] | undefined;
}

/**
 * Takes the point's registers out of a reply, from `offset`. The reading is raw: the decimal that the registers hold,
 * before any scale. Null where the device says that it has no value (its own patterns, NaN, infinities), never 0.
 */
export type Decoder = (registers: Uint16Array, offset: number) => Reading | null;

const scratch = new DataView(new ArrayBuffer(8));

/** The decoder of one value. Each keeps its last bits, because most values of a plant do not move between polls. */
export function makeDecoder(device: DecodingTraits, point: EncodedValue): Decoder {
  const width = registerCount(point.type);
  const littleWords = (point.wordOrder ?? device.wordOrder) === 'little';
  const swapBytes = device.byteOrder === 'little';
  const patterns = patternsOf(device.notAvailable, point);
  const interpret = (): Reading | null => {
    const reading = READ[point.type]();
    return reading !== null && point.encoding === 'four-quadrant' ? unfoldPowerFactor(reading) : reading;
  };
  const load = (registers: Uint16Array, offset: number) => {
    if (offset < 0 || offset + width > registers.length)
      throw new RangeError(`${width} registers at ${offset} lie outside a reply of ${registers.length}`);
    for (let i = 0; i < width; i++)
      scratch.setUint16(i * 2, registers[offset + (littleWords ? width - 1 - i : i)] ?? 0, swapBytes);
  };
  if (width === 4) {
    const isMissing = makeWideTest(patterns);
    return (registers, offset) => {
      load(registers, offset);
      return isMissing?.(scratch.getBigUint64(0)) === true ? null : interpret();
    };
  }
  const isMissing = makeNarrowTest(patterns);
  let lastBits = -1;
  let last: Reading | null = null;
  return (registers, offset) => {
    load(registers, offset);
    const bits = width === 1 ? scratch.getUint16(0) : scratch.getUint32(0);
    if (bits !== lastBits) {
      last = isMissing?.(bits) === true ? null : interpret();
      lastBits = bits;
    }
    return last;
  };
}

const READ: Readonly<Record<RegisterType, () => Reading | null>> = {
  u16: () => scratch.getUint16(0),
  i16: () => scratch.getInt16(0),
  u32: () => scratch.getUint32(0),
  i32: () => scratch.getInt32(0),
  u64: () => narrow(scratch.getBigUint64(0)),
  i64: () => narrow(scratch.getBigInt64(0)),
  f32: () => finite(shortestFloat32(scratch.getFloat32(0))),
  f64: () => finite(scratch.getFloat64(0)),
};

function narrow(whole: bigint): Reading {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

/** Adding 0 makes -0 a plain 0. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}

/**
 * Quadrants of a power factor: Q1 0 .. 1, Q2 -2 .. -1, Q3 -1 .. 0, Q4 1 .. 2. Unfolded it lies in -1 .. 1 with the sign
 * of active power; the difference is taken in decimals so that 1.05 becomes 0.95. Beyond 2 it means nothing.
 */
function unfoldPowerFactor(reading: Reading): Reading | null {
  const value = Number(reading);
  if (Math.abs(value) <= 1) return value;
  if (Math.abs(value) > 2) return null;
  const { mantissa, exponent } = decimalOf(reading);
  const two = (value > 0 ? 2n : -2n) * 10n ** BigInt(-exponent);
  return Number(`${two - mantissa}e${exponent}`) + 0;
}
