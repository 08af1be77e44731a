import type { CounterTraits } from '../../protocols/telemetry/channel.ts';
import { decimalOf, shortestFloat32, type Reading } from '../../protocols/telemetry/decimal.ts';
import {
  meterReadingMwh,
  multiply,
  rational,
  type MeterReadingMwh,
  type Rational,
} from '../../protocols/telemetry/unit.ts';

const MWH_PER_WH = 1000;
/** Doubles carry 53 bits; four roundings on the way stay well below this share of the value. */
const RELATIVE_ERROR = 2e-15;

/** A counter's arithmetic and identity, as plain text so that it can be kept in a checkpoint. */
export interface CounterDefinition {
  /** Meter, scale and modulus in one text: another identity is another counter. */
  identity: string;
  /** What tells this meter and point from any other. */
  meter: string;
  /** True when the meter is known by its serial number; else it is only known by its address, which may change. */
  named: boolean;
  /** raw x num / den = Wh, decimal integers. */
  num: string;
  den: string;
  /** The scale as it is wired, `num/den`; another one than that only where an amendment corrects it. */
  wired: string;
  /** The raw value at which it starts again at 0; null when it never wraps. */
  modulus: string | null;
  /** The raw value at which it stops for good; null when it does not, or nobody knows where. */
  maximum: string | null;
  /** True for a meter that saves its counter only now and then, and falls back to that at a power loss. */
  stepsBack: boolean;
  /** True where an amendment turned its direction and nothing counts the other way: it tells nothing of the energy asked for. */
  silent: boolean;
  /** Raw steps it moves in; null when nobody declared them. */
  resolution: string | null;
  /** num / den in mWh as a double, for the short way. */
  mwhPerRaw: number;
}

/**
 * A counter's definition from its scale and traits; `meter` tells this meter and point from any other, for certain when
 * it is `named` by a serial number.
 */
export function defineCounter(
  meter: string,
  scale: readonly [num: string, den: string],
  traits: { [Trait in keyof CounterTraits]?: CounterTraits[Trait] | undefined } & { named?: boolean } = {},
): CounterDefinition {
  const [num, den] = scale;
  return complete({
    meter,
    named: traits.named ?? true,
    num,
    den,
    wired: `${num}/${den}`,
    modulus: traits.modulus ?? null,
    maximum: traits.behaviour === 'saturating' ? (traits.maximum ?? null) : null,
    stepsBack: traits.stepsBack ?? false,
    silent: false,
    resolution: traits.resolution ?? null,
  });
}

/** The same counter as an amendment corrects it: its scale times an exact factor, or known as another meter. */
export function amendCounter(
  definition: CounterDefinition,
  factor: Rational,
  meter: string,
): CounterDefinition {
  const { num, den } = multiply(rational(BigInt(definition.num), BigInt(definition.den)), factor);
  // A factor of one leaves the scale as it is written.
  const scale = factor.num === factor.den ? {} : { num: String(num), den: String(den) };
  return complete({ ...definition, ...scale, meter });
}

/** True where two definitions say the same in every respect. */
export function isSameDefinition(a: CounterDefinition, b: CounterDefinition): boolean {
  return a === b || (a.identity === b.identity && traitsText(a) === traitsText(b));
}

/** What a definition says beside its identity: of two readings of one time, the smaller text wins. */
export function traitsText(definition: CounterDefinition): string {
  const { named, wired, maximum, stepsBack, silent, resolution } = definition;
  return `${resolution} ${maximum} ${wired} ${named} ${stepsBack} ${silent}`;
}

/** True for one meter whose scale differs by nothing but an amendment: the same raw reading means both. */
export function isAmendedAlone(a: CounterDefinition, b: CounterDefinition): boolean {
  return a.meter === b.meter && a.wired === b.wired && a.modulus === b.modulus;
}

/** True for a counter that stands at the value at which it stops. */
export function isAtMaximum(raw: PlainReading, { maximum }: CounterDefinition): boolean {
  if (maximum === null) return false;
  return typeof raw === 'number' ? raw >= Number(maximum) : BigInt(raw) >= BigInt(maximum);
}

function complete(terms: Omit<CounterDefinition, 'identity' | 'mwhPerRaw'>): CounterDefinition {
  const { meter, num, den, modulus } = terms;
  return {
    ...terms,
    identity: `${meter} x ${num}/${den}${modulus === null ? '' : ` mod ${modulus}`}`,
    mwhPerRaw: (Number(num) * MWH_PER_WH) / Number(den),
  };
}

/** A raw reading in a form that JSON keeps: a number, or the text of an integer that a number cannot hold. */
export type PlainReading = number | string;

/** The plain form of a reading. */
export function plainReading(reading: Reading): PlainReading {
  return typeof reading === 'bigint' ? reading.toString() : reading;
}

/**
 * The cumulative energy that a raw reading shows, whole mWh, rounded half up exactly once from the exact decimal; so
 * differences of two of them telescope. Null for what no counter can show: negative, or beyond 2^53 mWh (9 TWh).
 *
 * @param wraps how often the counter has started again since its epoch began
 */
export function cumulativeMwh(
  raw: PlainReading,
  definition: CounterDefinition,
  wraps: number,
): MeterReadingMwh | null {
  if (typeof raw === 'number') {
    const wrapped = wraps === 0 ? raw : raw + wraps * Number(definition.modulus ?? 0);
    const approximate = wrapped * definition.mwhPerRaw;
    if (!(approximate >= 0) || approximate > Number.MAX_SAFE_INTEGER) return null;
    // Far enough from a half, the rounding of the double is the rounding of the exact decimal.
    const distance = Math.abs(approximate - Math.floor(approximate) - 0.5);
    if (distance > approximate * RELATIVE_ERROR + 1e-9) return meterReadingMwh(Math.round(approximate));
  }
  return exactMwh(raw, definition, wraps);
}

/** One raw step of the counter in mWh, at least 1: as declared, else the last digit that the readings show. */
export function stepMwh(raw: PlainReading, definition: CounterDefinition): number {
  const factor = definition.mwhPerRaw;
  if (definition.resolution !== null) return Math.max(1, Math.ceil(Number(definition.resolution) * factor));
  const { exponent } = decimalOf(typeof raw === 'string' ? BigInt(raw) : raw);
  return Math.max(1, Math.ceil(Math.max(10 ** exponent, floatStep(raw)) * factor));
}

/** The distance to the next 32-bit float, where the reading is one: a large one moves by more than its last digit. */
function floatStep(raw: PlainReading): number {
  if (typeof raw !== 'number' || raw <= 0 || shortestFloat32(Math.fround(raw)) !== raw) return 0;
  return 2 ** (Math.floor(Math.log2(raw)) - 23);
}

function exactMwh(raw: PlainReading, definition: CounterDefinition, wraps: number): MeterReadingMwh | null {
  const { mantissa, exponent } = decimalOf(typeof raw === 'string' ? BigInt(raw) : raw);
  const power = 10n ** BigInt(-exponent);
  const whole = mantissa + BigInt(wraps) * BigInt(definition.modulus ?? 0) * power;
  if (whole < 0n) return null;
  const numerator = whole * BigInt(definition.num) * BigInt(MWH_PER_WH);
  const denominator = BigInt(definition.den) * power;
  const rounded = (2n * numerator + denominator) / (2n * denominator);
  return rounded > BigInt(Number.MAX_SAFE_INTEGER) ? null : meterReadingMwh(Number(rounded));
}
