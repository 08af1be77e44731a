/**
 * A reading is a decimal: a JavaScript number whose shortest text restores the source value exactly, or a bigint where
 * a number could not hold it. Nothing is rounded between the register and the derivation.
 */
export type Reading = number | bigint;

const probe = new Float32Array(1);

/**
 * The double whose shortest text is the shortest decimal that restores a 32-bit float exactly:
 * 1.184034824371338 (the float as a double) becomes 1.1840348. Not-a-number and infinities pass through.
 */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  probe[0] = value;
  const exact = probe[0];
  // 6 digits are often enough, 9 always are (IEEE 754 binary32).
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(exact.toPrecision(digits));
    probe[0] = candidate;
    if (probe[0] === exact) return candidate;
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
