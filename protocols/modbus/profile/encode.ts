import type { Reading } from '../../telemetry/decimal.ts';
import type { Rational } from '../../telemetry/unit.ts';
import type { DecodingTraits, EncodedValue } from './decode.ts';
import { patternsOf } from './not-available.ts';
import { canonicalScale, registerCount, type ProfilePoint, type RegisterType } from './profile.ts';

/** Writes the registers of a value into `registers` from `offset`. */
export type Encoder = (value: Reading | null, registers: Uint16Array, offset: number) => void;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * What a device does to show a value, for simulators: the exact inverse of the value's decoder. Null becomes the
 * first not-available pattern of the value or the device (0 for digits that may be anything), NaN for a float that has none, and 0 for an integer that has none (such
 * devices do show 0). A value that the type cannot hold throws a RangeError; a float is rounded to the nearest.
 */
export function makeEncoder(device: DecodingTraits, point: EncodedValue): Encoder {
  const width = registerCount(point.type);
  const littleWords = (point.wordOrder ?? device.wordOrder) === 'little';
  const swapBytes = device.byteOrder === 'little';
  const pattern = patternsOf(device.notAvailable, point)[0]?.replaceAll('X', '0');
  return (value, registers, offset) => {
    if (offset < 0 || offset + width > registers.length)
      throw new RangeError(`${width} registers at ${offset} lie outside a reply of ${registers.length}`);
    if (value !== null) writeScratch(point.type, value);
    else if (pattern !== undefined) scratch.setBigUint64(0, BigInt(pattern) << BigInt(64 - width * 16));
    else writeScratch(point.type, point.type.startsWith('f') ? Number.NaN : 0);
    for (let i = 0; i < width; i++)
      registers[offset + (littleWords ? width - 1 - i : i)] = scratch.getUint16(i * 2, swapBytes);
  };
}

function writeScratch(type: RegisterType, value: Reading): void {
  if (type === 'f32') scratch.setFloat32(0, Number(value));
  else if (type === 'f64') scratch.setFloat64(0, Number(value));
  else {
    const bits = Number(type.slice(1));
    const signed = type.startsWith('i');
    const whole = BigInt(value); // throws a RangeError on fractions, NaN and infinities
    const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
    if (whole < low || whole >= low + (1n << BigInt(bits)))
      throw new RangeError(`${value} does not fit ${type}`);
    scratch.setBigUint64(0, BigInt.asUintN(bits, whole) << BigInt(64 - bits));
  }
}

/**
 * The raw reading that a device of this kind shows for a value in the canonical unit (W, Wh, V, A, ...). Integer types
 * are cut to whole steps: counters downwards, since a register moves only when a step is complete, others to the nearest.
 * Where the device has factors in registers, it is not cut: the steps are those of what the factors multiply.
 * @param scale where it is not the profile's alone
 */
export function rawReadingOf(
  point: ProfilePoint,
  value: number,
  scale: Rational = canonicalScale(point),
): number {
  const raw = (value * Number(scale.den)) / Number(scale.num);
  if (point.type.startsWith('f') || point.factors !== undefined) return raw;
  return (point.counter === undefined ? Math.round(raw) : Math.floor(raw)) + 0;
}
