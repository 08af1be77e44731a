import { MillwattError } from '../../../protocols/errors.ts';

declare const decimalText: unique symbol;
/**
 * A number as every record and export writes it: decimal, no exponent, no leading plus, no trailing zero behind the point
 * (`0`, `12.5`, `-0.004`). One number has one text, so texts can be compared and hashed.
 */
export type DecimalText = string & { readonly [decimalText]: true };

/** An exact decimal: digits x 10^-scale. Footprints are computed in these and never in floating point. */
export interface Decimal {
  readonly digits: bigint;
  /** Digits behind the point, >= 0. */
  readonly scale: number;
}

const SHAPE = /^([+-]?)(\d{1,60})(?:\.(\d{1,60}))?$/;

/** The decimal that a text such as `525.3` writes; throws an error of class `refuse` (code `bad-decimal`) on anything else. */
export function decimalOf(text: string): Decimal {
  const match = SHAPE.exec(text);
  if (match === null)
    throw new MillwattError('refuse', 'bad-decimal', `${JSON.stringify(text)} is not a decimal number.`, {
      cure: 'Write it with digits and a point, without exponent: 0.0525.',
    });
  const [, sign = '', whole = '', fraction = ''] = match;
  const digits = BigInt(whole + fraction);
  return reduce(sign === '-' ? -digits : digits, fraction.length);
}

/** A whole number, such as mWh or ms, divided by 10^scale: `wholeDecimal(12_500_000, 6)` is 12.5 kWh of mWh. @param whole a safe integer */
export function wholeDecimal(whole: number, scale = 0): Decimal {
  if (!Number.isSafeInteger(whole)) throw new RangeError(`${whole} is not a whole number`);
  return reduce(BigInt(whole), scale);
}

/** a + b, exact. */
export function plus(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return reduce(stretch(a, scale) + stretch(b, scale), scale);
}

/** a - b, exact. */
export function minus(a: Decimal, b: Decimal): Decimal {
  return plus(a, { digits: -b.digits, scale: b.scale });
}

/** a x b, exact. */
export function times(a: Decimal, b: Decimal): Decimal {
  return reduce(a.digits * b.digits, a.scale + b.scale);
}

/** a / b with so many digits behind the point, half away from zero. @param b not 0 */
export function dividedBy(a: Decimal, b: Decimal, places: number): Decimal {
  if (b.digits === 0n) throw new RangeError('a division by 0');
  const shift = places + b.scale - a.scale;
  const [over, under] =
    shift >= 0 ? [a.digits * 10n ** BigInt(shift), b.digits] : [a.digits, b.digits * 10n ** BigInt(-shift)];
  return reduce(divideHalfAway(over, under), places);
}

/** The decimal with at most so many digits behind the point, half away from zero. */
export function roundTo(value: Decimal, places: number): Decimal {
  if (value.scale <= places) return value;
  return reduce(divideHalfAway(value.digits, 10n ** BigInt(value.scale - places)), places);
}

/** The square root to so many digits behind the point, half up. @param value >= 0 */
export function squareRoot({ digits, scale }: Decimal, places: number): Decimal {
  // floor(sqrt(4 v 10^2p)) is floor(2 s) with s = sqrt(v) 10^p, and (floor(2 s) + 1) / 2, cut off, is s rounded half up.
  const [over, under] = [4n * digits * 10n ** BigInt(2 * places), 10n ** BigInt(scale)];
  return reduce((wholeRoot(over / under) + 1n) / 2n, places);
}

/** The one text of a decimal. */
export function textOf({ digits, scale }: Decimal): DecimalText {
  const sign = digits < 0n ? '-' : '';
  const all = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = all.slice(0, all.length - scale);
  return `${sign}${whole}${scale === 0 ? '' : `.${all.slice(-scale)}`}` as DecimalText;
}

/** -1, 0 or 1 as a is less than, equal to or more than b. */
export function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const { digits } = minus(a, b);
  return digits < 0n ? -1 : digits > 0n ? 1 : 0;
}

/**
 * A computed double, such as a share or an uncertainty, as a decimal with so many digits behind the point, half away from
 * zero of its shortest text. @param value finite, |value| < 1e21
 */
export function decimalOfNumber(value: number, places: number): Decimal {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e21) throw new RangeError(`${value} cannot be written`);
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const { digits, scale } = decimalOf(mantissa);
  const shift = scale - Number(exponent);
  return roundTo(shift >= 0 ? reduce(digits, shift) : reduce(digits * 10n ** BigInt(-shift), 0), places);
}

/** The decimal as a double: for plots and for formats that want numbers. */
export function numberOf(value: Decimal): number {
  return Number(textOf(value));
}

/** floor(sqrt(n)), by Newton from above. */
function wholeRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const next = (root + n / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

function stretch({ digits, scale }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

function divideHalfAway(over: bigint, under: bigint): bigint {
  const isNegative = over < 0n !== under < 0n;
  const [a, b] = [over < 0n ? -over : over, under < 0n ? -under : under];
  const quotient = (2n * a + b) / (2n * b);
  return isNegative ? -quotient : quotient;
}

/** Without zeros at the end behind the point. */
function reduce(digits: bigint, scale: number): Decimal {
  let [least, at] = [digits, scale];
  while (at > 0 && least % 10n === 0n) {
    least /= 10n;
    at--;
  }
  return { digits: least, scale: at };
}
