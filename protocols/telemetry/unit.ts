/**
 * Units as types. A branded number costs nothing at run time and keeps watts from being added to watt-hours.
 * Interval energy is counted in whole milliwatt-hours, so that sums are exact (2^53 mWh = 9 TWh).
 */
declare const unit: unique symbol;
type Quantified<Name extends string> = number & { readonly [unit]: Name };

/** Power, W. */
export type Watts = Quantified<'W'>;
/** Interval energy [start, end), whole mWh. Not a meter reading. */
export type MilliwattHours = Quantified<'mWh'>;
/** What a cumulative meter shows, whole mWh since it began: only the difference of two is energy. */
export type MeterReadingMwh = Quantified<'mWh shown'>;

/** Marks a number as W. */
export const watts = (value: number): Watts => value as Watts;
/** Marks a whole number as mWh. */
export const milliwattHours = (value: number): MilliwattHours => value as MilliwattHours;
/** Marks a whole number as what a meter shows, mWh. */
export const meterReadingMwh = (value: number): MeterReadingMwh => value as MeterReadingMwh;

/** W x ms in a mWh. */
export const WATT_MS_PER_MWH = 3600;

/** The energy between two readings of one meter; negative when it fell. Differences telescope. */
export function energyBetween(from: MeterReadingMwh, to: MeterReadingMwh): MilliwattHours {
  return milliwattHours(to - from);
}

/** A rational factor num/den of two positive decimal integers, so that 0.1 stays a tenth. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

/** num/den in lowest terms; both must be positive. */
export function rational(num: bigint, den: bigint = 1n): Rational {
  if (num <= 0n || den <= 0n) throw new RangeError(`a scale must be positive, not ${num}/${den}`);
  let [a, b] = [num, den];
  while (b !== 0n) [a, b] = [b, a % b];
  return { num: num / a, den: den / a };
}

/** The exact product of two rationals. */
export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.num * b.num, a.den * b.den);
}

/** The rational that a decimal such as `0.1`, `1000` or `1e-3` writes; throws a RangeError on anything else. */
export function rationalOf(decimal: string | number): Rational {
  const match = /^\+?(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(String(decimal));
  if (match === null) throw new RangeError(`${decimal} is not a positive decimal number`);
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0 ? rational(digits * 10n ** BigInt(shift)) : rational(digits, 10n ** BigInt(-shift));
}

/** The rational as a double: for display and power, never for counters. */
export function toNumber(scale: Rational): number {
  return Number(scale.num) / Number(scale.den);
}

/** A unit that an operator may write. */
export interface Unit {
  /** The unit the project calculates in. */
  canonical: string;
  /** value in canonical unit = value x factor */
  factor: Rational;
}

/**
 * Every unit an operator may write, with the canonical unit it belongs to and the factor to reach it.
 * Inherits nothing, so that `constructor` is no unit.
 */
export const UNITS: Readonly<Record<string, Unit>> = Object.assign(Object.create(null) as object, {
  W: { canonical: 'W', factor: rational(1n) },
  kW: { canonical: 'W', factor: rational(1000n) },
  MW: { canonical: 'W', factor: rational(1_000_000n) },
  mW: { canonical: 'W', factor: rational(1n, 1000n) },
  VA: { canonical: 'VA', factor: rational(1n) },
  kVA: { canonical: 'VA', factor: rational(1000n) },
  var: { canonical: 'var', factor: rational(1n) },
  kvar: { canonical: 'var', factor: rational(1000n) },
  Wh: { canonical: 'Wh', factor: rational(1n) },
  kWh: { canonical: 'Wh', factor: rational(1000n) },
  MWh: { canonical: 'Wh', factor: rational(1_000_000n) },
  Ws: { canonical: 'Wh', factor: rational(1n, 3600n) },
  J: { canonical: 'Wh', factor: rational(1n, 3600n) },
  kJ: { canonical: 'Wh', factor: rational(10n, 36n) },
  MJ: { canonical: 'Wh', factor: rational(10_000n, 36n) },
  varh: { canonical: 'varh', factor: rational(1n) },
  kvarh: { canonical: 'varh', factor: rational(1000n) },
  VAh: { canonical: 'VAh', factor: rational(1n) },
  kVAh: { canonical: 'VAh', factor: rational(1000n) },
  V: { canonical: 'V', factor: rational(1n) },
  kV: { canonical: 'V', factor: rational(1000n) },
  A: { canonical: 'A', factor: rational(1n) },
  mA: { canonical: 'A', factor: rational(1n, 1000n) },
  Hz: { canonical: 'Hz', factor: rational(1n) },
  '1': { canonical: '1', factor: rational(1n) },
  '%': { canonical: '%', factor: rational(1n) },
  '1/min': { canonical: '1/min', factor: rational(1n) },
  Nm: { canonical: 'Nm', factor: rational(1n) },
  degC: { canonical: 'degC', factor: rational(1n) },
  Nm3: { canonical: 'Nm3', factor: rational(1n) },
});
