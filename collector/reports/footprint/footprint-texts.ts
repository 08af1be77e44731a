import {
  compareDecimals,
  decimalOf,
  decimalOfNumber,
  dividedBy,
  minus,
  textOf,
  times,
  wholeDecimal,
  type DecimalText,
} from '../../footprint/figures/decimal.ts';
import type { SensitivityCase } from '../../footprint/record/footprint-record.ts';

/** kWh, exact. @param mwh whole mWh */
export const kwhText = (mwh: number): DecimalText => textOf(wholeDecimal(mwh, 6));

/** Hours with six digits. @param ms >= 0, need not be whole */
export const hoursText = (ms: number): DecimalText =>
  textOf(dividedBy(decimalOfNumber(ms, 3), decimalOf('3600000'), 6));

/** Mean power, W, three digits; null where the time is none as it is printed. */
export function meanWattText(mwh: number, ms: number): DecimalText | null {
  if (hoursText(ms) === '0') return null;
  return textOf(dividedBy(times(wholeDecimal(mwh), decimalOf('3600')), decimalOfNumber(ms, 3), 3));
}

/** kWh per unit, six digits; null where nobody knows how many units there were, or there were none. @param mwh whole mWh */
export function perUnitText(mwh: number, count: DecimalText | null): DecimalText | null {
  return count === null || count === '0'
    ? null
    : textOf(dividedBy(wholeDecimal(mwh, 6), decimalOf(count), 6));
}

/** A share in % with two digits, cut off and never rounded up: 94.999 % is not 95 %. @param part 0 to `of`, whole */
export function percentText(part: number, of: number): DecimalText {
  const hundredths = (BigInt(Math.min(part, of)) * 10_000n) / BigInt(of);
  return textOf(wholeDecimal(Number(hundredths), 2));
}

/** An uncertainty or another computed figure of 0 or more, with so many digits. */
export const figureText = (value: number, places: number): DecimalText =>
  textOf(decimalOfNumber(Math.max(0, value), places));

/** One figure with another choice; undefined where one of the two is not known. */
export function sensitivityOf(
  choice: string,
  change: string,
  figure: string,
  [from, to]: readonly [DecimalText | null, DecimalText | null],
): SensitivityCase | undefined {
  if (from === null || to === null) return undefined;
  const before = decimalOf(from);
  const isZero = compareDecimals(before, decimalOf('0')) === 0;
  const change100 = times(minus(decimalOf(to), before), decimalOf('100'));
  return {
    choice,
    change,
    figure,
    from,
    to,
    deltaPercent: isZero ? null : textOf(dividedBy(change100, before, 1)),
  };
}
