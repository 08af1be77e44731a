import {
  decimalOf,
  decimalOfText,
  multiplyDecimals,
  type Decimal,
  type Reading,
} from '../../telemetry/decimal.ts';
import { makeDecoder, type DecodingTraits } from './decode.ts';
import type { RegisterFactor } from './profile.ts';

/** How a factor in a register of the device is read. */
export interface FactorReader {
  /** Which of the point's parts holds it. */
  readonly part: number;
  /** What the register holds (one byte of it where the profile says so); null when it was not read or has no value. */
  read(slice: { registers: Uint16Array; offset: number } | null): Reading | null;
  /** What the reading is multiplied by; null where the value has no meaning as a factor. */
  multiplierOf(value: Reading | null): Decimal | null;
}

/** Powers beyond these are no setting of a meter but a register that holds something else. */
const DECIMALS_MAX = 12;
const THOUSANDS_MAX = 5;

/** The reader of one factor. */
export function makeFactorReader(device: DecodingTraits, factor: RegisterFactor, part: number): FactorReader {
  const decode = makeDecoder(device, factor);
  const scale = decimalOfText(factor.scale);
  return {
    part,
    read(slice) {
      const value = slice === null ? null : decode(slice.registers, slice.offset);
      return value === null || factor.byte === undefined ? value : byteOf(Number(value), factor);
    },
    multiplierOf(value) {
      if (value === null) return null;
      if (factor.as === 'factor') return value > 0 ? multiplyDecimals(decimalOf(value), scale) : null;
      const power = Number(value);
      if (!Number.isInteger(power) || Math.abs(power) > DECIMALS_MAX) return null;
      if (factor.as === 'decimals') return powerOfTen(-power);
      return power < 0 || power > THOUSANDS_MAX ? null : powerOfTen(3 * power);
    },
  };
}

/** One byte of a register; of a signed register it is signed. */
function byteOf(value: number, { byte, type }: RegisterFactor): number {
  const bits = byte === 'high' ? (value >> 8) & 0xff : value & 0xff;
  return type === 'i16' ? (bits << 24) >> 24 : bits;
}

function powerOfTen(power: number): Decimal {
  return power >= 0 ? { mantissa: 10n ** BigInt(power), exponent: 0 } : { mantissa: 1n, exponent: power };
}
