import {
  addDecimals,
  decimalOf,
  multiplyDecimals,
  readingOfDecimal,
  type Decimal,
  type Reading,
} from '../../telemetry/decimal.ts';
import { makeDecoder, type Decoder, type DecodingTraits } from './decode.ts';
import { functionCodeOf, registerCount, type DeviceProfile, type ProfilePoint } from './profile.ts';
import { makeFactorReader, type FactorReader } from './factor-reader.ts';
import type { WantedRegisters } from '../plan/read-plan.ts';

/** Where the registers of a part lie in a reply; null when they could not be read. */
export interface RegisterSlice {
  registers: Uint16Array;
  /** Of the part's first register. */
  offset: number;
}

/** What the registers of a point say. */
export interface PointReading {
  /** Raw in the sense of the channel's scale: sums made, factors of the device multiplied. Null: no value, never 0. */
  value: Reading | null;
  /**
   * What the point's factor registers hold, in the order of the profile; null where unknown. It is the same array as the
   * last time while none of them moves: a poll in which it is another one may have mixed an old value with a new factor.
   */
  factors: readonly (Reading | null)[];
}

/** How one point is read. */
export interface PointReader {
  /** Registers that one request must hold each, in the profile's own addresses. */
  readonly parts: readonly WantedRegisters[];
  /** One slice a part, in the same order. */
  read(slices: readonly (RegisterSlice | null)[]): PointReading;
}

/** What a point reader needs to know of a device. */
export type ReadingTraits = DecodingTraits & Pick<DeviceProfile, 'functionCode' | 'limits' | 'points'>;

/** One of the values that are added. */
interface Term {
  part: number;
  /** Registers from the part's first. */
  at: number;
  decode: Decoder;
}

const NO_FACTORS: readonly (Reading | null)[] = [];

/**
 * The registers a point needs and how they become one exact reading. Registers that are added (tariff 1 and 2) are one
 * part where the registers between them are known to exist and one request may hold them: then the sum belongs to one
 * moment. Otherwise each is a part of its own, and a counter that moves on between two requests is seen a poll later.
 * Factors are parts of their own: they stand still.
 */
export function makePointReader(device: ReadingTraits, point: ProfilePoint): PointReader {
  const terms: Term[] = [];
  const parts: WantedRegisters[] = [];
  const functionCode = functionCodeOf(device, point);
  const count = registerCount(point.type);
  for (const group of groupAddresses(device, point)) {
    const first = group[0] ?? point.address;
    const last = group.at(-1) ?? first;
    for (const address of group)
      terms.push({ part: parts.length, at: address - first, decode: makeDecoder(device, point) });
    parts.push({ functionCode, address: first, count: last + count - first });
  }
  const factors = (point.factors ?? []).map((factor) => {
    const part = parts.length;
    parts.push({
      functionCode: factor.functionCode ?? functionCode,
      address: factor.address,
      count: registerCount(factor.type),
    });
    return makeFactorReader(device, factor, part);
  });
  const [only] = terms;
  if (terms.length === 1 && factors.length === 0 && only !== undefined) {
    return {
      parts,
      read: ([slice]) => ({
        value: slice ? only.decode(slice.registers, slice.offset) : null,
        factors: NO_FACTORS,
      }),
    };
  }
  return makeComputedReader(parts, terms, factors);
}

/** Every computation is remembered with what went into it: most values of a plant do not move between polls. */
function makeComputedReader(
  parts: readonly WantedRegisters[],
  terms: readonly Term[],
  factors: readonly FactorReader[],
): PointReader {
  const lastTerms: (Reading | null)[] = terms.map(() => null);
  let last: PointReading = { value: null, factors: factors.map(() => null) };
  return {
    parts,
    read(slices) {
      let moved = false;
      for (const [i, { part, at, decode }] of terms.entries()) {
        const slice = slices[part] ?? null;
        const value = slice === null ? null : decode(slice.registers, slice.offset + at);
        moved ||= value !== lastTerms[i];
        lastTerms[i] = value;
      }
      const values = factors.map((factor) => factor.read(slices[factor.part] ?? null));
      const sameFactors = values.every((value, i) => value === last.factors[i]);
      if (moved || !sameFactors) {
        const used = sameFactors ? last.factors : values;
        last = { value: compute(lastTerms, factors, used), factors: used };
      }
      return last;
    },
  };
}

function compute(
  terms: readonly (Reading | null)[],
  factors: readonly FactorReader[],
  values: readonly (Reading | null)[],
): Reading | null {
  let product: Decimal = { mantissa: 0n, exponent: 0 };
  for (const term of terms) {
    if (term === null) return null;
    product = addDecimals(product, decimalOf(term));
  }
  for (const [i, factor] of factors.entries()) {
    const multiplier = factor.multiplierOf(values[i] ?? null);
    if (multiplier === null) return null;
    product = multiplyDecimals(product, multiplier);
  }
  return readingOfDecimal(product);
}

/** The addresses that are added, in ascending order, those that one request reads together in one group. */
function groupAddresses(device: ReadingTraits, point: ProfilePoint): number[][] {
  const addresses = [point.address, ...(point.plus ?? [])].sort((a, b) => a - b);
  if (addresses.length === 1) return [addresses];
  const count = registerCount(point.type);
  const first = addresses[0] ?? 0;
  const end = (addresses.at(-1) ?? 0) + count;
  return isOneRequest(device, functionCodeOf(device, point), first, end - first)
    ? [addresses]
    : addresses.map((address) => [address]);
}

/** True when the device allows one request for these registers and every one of them belongs to a value it has. */
function isOneRequest(device: ReadingTraits, functionCode: number, address: number, count: number): boolean {
  const { limits } = device;
  const end = address + count;
  const reach = limits.even ? count + (address % 2) + ((address + count) % 2) : count;
  if (reach > limits.maxRegisters) return false;
  const touches = (range: { first: number; last: number }) => range.first < end && range.last >= address;
  if (limits.forbidden.some(touches)) return false;
  if (limits.whole.some((range) => touches(range) && (range.first > address || range.last < end - 1)))
    return false;
  if (
    limits.readable.length > 0 &&
    !limits.readable.some((one) => one.first <= address && one.last >= end - 1)
  )
    return false;
  const known = new Set<number>();
  for (const point of device.points) {
    if (functionCodeOf(device, point) !== functionCode) continue;
    for (const start of [point.address, ...(point.plus ?? [])])
      for (let i = 0; i < registerCount(point.type); i++) known.add(start + i);
  }
  for (let register = address; register < end; register++) if (!known.has(register)) return false;
  return true;
}
