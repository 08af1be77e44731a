import {
  addDecimals,
  decimalOf,
  decimalOfText,
  multiplyDecimals,
  readingOfDecimal,
  type Decimal,
  type Reading,
} from '../../telemetry/decimal.ts';
import type { DecodingTraits } from './decode.ts';
import { makeEncoder, type Encoder } from './encode.ts';
import { makeFactorReader } from './factor-reader.ts';
import {
  functionCodeOf,
  registerCount,
  type DeviceProfile,
  type ProfilePoint,
  type RegisterFactor,
  type RegisterFunction,
} from './profile.ts';

/** Registers that a simulated device answers from one value. */
export interface RegisterField {
  functionCode: RegisterFunction;
  address: number;
  count: number;
  /** Writes them into a reply that holds 0 there, from `offset`. */
  write(registers: Uint16Array, offset: number): void;
}

/** What a field needs to know of a device. */
export type EncodingTraits = DecodingTraits & Pick<DeviceProfile, 'functionCode'>;

/** What a simulated device has in the register (or the byte) of a factor, such that it is 1 or close to it. */
export function usualFactorValue({ as, scale }: RegisterFactor): number {
  if (as === 'thousands') return 0;
  if (as === 'decimals') return 2;
  const { mantissa, exponent } = decimalOfText(scale);
  const once = 1 / Number(`${mantissa}e${exponent}`);
  return Number.isInteger(once) ? once : 1;
}

/**
 * The registers of a point's own value and of those that are added to it, for simulators: the inverse of its reader.
 * `valueOf` gives the reading after factors and sums.
 * @param factorValueOf what the registers of the point's factors hold
 * @param sumsShared added values share the sum evenly, in whole steps; otherwise the first has all of it
 */
export function fieldsOfPoint(
  device: EncodingTraits,
  point: ProfilePoint,
  valueOf: () => Reading | null,
  factorValueOf: (factor: RegisterFactor) => number,
  sumsShared = false,
): RegisterField[] {
  const functionCode = functionCodeOf(device, point);
  const count = registerCount(point.type);
  const addresses = [point.address, ...(point.plus ?? [])];
  const multiplier = multiplierOf(device, point, factorValueOf);
  const isPlain = addresses.length === 1 && point.factors === undefined;
  return addresses.map((address, share) => {
    const encode: Encoder = makeEncoder(device, point);
    return {
      functionCode,
      address,
      count,
      write: isPlain
        ? (registers, offset) => encode(valueOf(), registers, offset)
        : (registers, offset) => {
            const value = valueOf();
            if (value === null) encode(null, registers, offset);
            else {
              const sum = divide(point, value, multiplier);
              const shares = sumsShared ? addresses.length : 1;
              encode(share < shares ? shareOf(sum, share, shares) : 0, registers, offset);
            }
          },
    };
  });
}

/** The register of a factor. Two factors may be the two bytes of one register: each writes its own. */
export function fieldOfFactor(
  device: EncodingTraits,
  point: ProfilePoint,
  factor: RegisterFactor,
  value: number,
): RegisterField {
  const encode = makeEncoder(device, { ...factor, type: factor.byte === undefined ? factor.type : 'u16' });
  const whole = factor.byte === undefined ? value : (value & 0xff) << (factor.byte === 'high' ? 8 : 0);
  const count = registerCount(factor.type);
  const image = new Uint16Array(count);
  encode(whole, image, 0);
  return {
    functionCode: factor.functionCode ?? functionCodeOf(device, point),
    address: factor.address,
    count,
    write: (registers, offset) => {
      for (let i = 0; i < count; i++) registers[offset + i] = (registers[offset + i] ?? 0) | (image[i] ?? 0);
    },
  };
}

function multiplierOf(
  device: DecodingTraits,
  point: ProfilePoint,
  factorValueOf: (factor: RegisterFactor) => number,
): Decimal {
  let product: Decimal = { mantissa: 1n, exponent: 0 };
  for (const factor of point.factors ?? []) {
    const one = makeFactorReader(device, factor, 0).multiplierOf(factorValueOf(factor));
    if (one === null)
      throw new RangeError(`${factorValueOf(factor)} is no factor (register ${factor.address})`);
    product = multiplyDecimals(product, one);
  }
  return product;
}

/** What the registers of integer types hold are whole steps, cut as `rawReadingOf` cuts; floats take the nearest. */
function divide(point: ProfilePoint, value: Reading, multiplier: Decimal): Decimal {
  const dividend = decimalOf(value);
  const shift = dividend.exponent - multiplier.exponent;
  const num = dividend.mantissa * 10n ** BigInt(Math.max(shift, 0));
  const exponent = Math.min(shift, 0);
  if (point.type.startsWith('f')) {
    return num % multiplier.mantissa === 0n
      ? { mantissa: num / multiplier.mantissa, exponent }
      : decimalOf(Number(value) / Number(`${multiplier.mantissa}e${multiplier.exponent}`));
  }
  const den = multiplier.mantissa * 10n ** BigInt(-exponent);
  const isCut = point.counter !== undefined;
  return {
    mantissa: isCut ? floorDivide(num, den) : floorDivide(2n * num + den, 2n * den),
    exponent: 0,
  };
}

/** The first of the added values has what the others, in whole steps, leave over. */
function shareOf(sum: Decimal, share: number, shares: number): Reading {
  const each = floorDivide(sum.mantissa, BigInt(shares) * 10n ** BigInt(-sum.exponent));
  if (share > 0) return readingOfDecimal({ mantissa: each, exponent: 0 });
  return readingOfDecimal(addDecimals(sum, { mantissa: -each * BigInt(shares - 1), exponent: 0 }));
}

function floorDivide(num: bigint, den: bigint): bigint {
  const quotient = num / den;
  return num % den < 0n ? quotient - 1n : quotient;
}
