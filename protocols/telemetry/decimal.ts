/**
 * A reading is a decimal: a finite JavaScript number whose shortest text restores the source value exactly, or a bigint
 * of at most 40 digits where a number could not hold it. Nothing is rounded between the register and the derivation.
 */
export type Reading = number | bigint;

/** 10^0 .. 10^13; each is a double exactly. */
const POWERS = Array.from({ length: 14 }, (_, power) => Number(`1e${power}`));
/** Sizes from 10^-4 on fall below the n-th of these when they have n - 3 digits before the point. */
const BOUNDS = [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

/**
 * The double whose shortest text is the shortest decimal that restores a 32-bit float exactly:
 * 1.184034824371338 (the float as a double) becomes 1.1840348. Takes a value that a float can hold; whole numbers,
 * not-a-number and infinities pass through. (Just above a power of two, and below 1.2e-38, the text may be a digit longer
 * than the shortest; it restores the float all the same.)
 */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  const exact = Math.fround(value);
  const size = Math.abs(exact);
  if (size < 1e-4) return shortestByText(exact);
  // A float with a fraction is below 2^23, so at most seven digits stand before its point.
  let before = -3;
  while (size >= (BOUNDS[before + 3] ?? Infinity)) before++;
  // 6 digits are often enough, 9 always are (IEEE 754 binary32).
  for (let fraction = 6 - before; fraction <= 9 - before; fraction++) {
    // 24 bits times 10^fraction are less than 53 for every fraction up to 12: this product is exact.
    const power = POWERS[fraction];
    if (power === undefined) continue;
    const candidate = Math.round(size * power) / power;
    if (Math.fround(candidate) === size) return exact < 0 ? -candidate : candidate;
  }
  return shortestByText(exact);
}

function shortestByText(exact: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(exact.toPrecision(digits));
    if (Math.fround(candidate) === exact) return candidate;
  }
  return Number(exact.toPrecision(9));
}

/** A decimal number as an integer times a power of ten: value = mantissa x 10^exponent, exponent <= 0. */
export interface Decimal {
  mantissa: bigint;
  exponent: number;
}

/** The exact decimal that a reading writes; throws a RangeError on not-a-number and infinities. */
export function decimalOf(reading: Reading): Decimal {
  if (typeof reading === 'bigint') return { mantissa: reading, exponent: 0 };
  if (Number.isSafeInteger(reading)) return { mantissa: BigInt(reading), exponent: 0 };
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(reading));
  if (match === null) throw new RangeError(`${reading} is not a finite decimal`);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const exponent = Number(power) - fraction.length;
  const mantissa = BigInt(`${sign}${whole}${fraction}`);
  return exponent > 0
    ? { mantissa: mantissa * 10n ** BigInt(exponent), exponent: 0 }
    : { mantissa, exponent };
}

/** The exact decimal of a positive text such as `0.1`, `1000` or `1e-3`; throws a RangeError on anything else. */
export function decimalOfText(text: string): Decimal {
  const match = /^\+?(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(text);
  if (match === null) throw new RangeError(`${text} is not a positive decimal number`);
  const [, whole = '', fraction = '', power = '0'] = match;
  const exponent = Number(power) - fraction.length;
  const mantissa = BigInt(whole + fraction);
  return exponent > 0
    ? { mantissa: mantissa * 10n ** BigInt(exponent), exponent: 0 }
    : { mantissa, exponent };
}

/** The exact sum. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return {
    mantissa:
      a.mantissa * 10n ** BigInt(a.exponent - exponent) + b.mantissa * 10n ** BigInt(b.exponent - exponent),
    exponent,
  };
}

/** The exact product. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return { mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
}

/**
 * The reading that a decimal is: exactly so wherever a reading can hold it, which is any whole number and any decimal of
 * up to 15 digits; a fraction of more digits becomes the nearest number, so that what grows never seems to fall.
 */
export function readingOfDecimal({ mantissa, exponent }: Decimal): Reading {
  const divisor = 10n ** BigInt(-exponent);
  if (mantissa % divisor === 0n) {
    const whole = mantissa / divisor;
    const number = Number(whole);
    // More digits than a bigint reading may have are those of a large double.
    return Number.isSafeInteger(number) || Math.abs(number) >= 1e39 ? number : whole;
  }
  return Number(`${mantissa}e${exponent}`);
}
