import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  plus,
  textOf,
  type Decimal,
} from '../figures/decimal.ts';

/** Collects what does not agree in a record, each with place, value and what it should be. */
export class Agreement {
  readonly faults: string[] = [];

  /** Must hold; says `place sentence`. */
  holds(isTrue: boolean, place: string, sentence: string): void {
    if (!isTrue) this.faults.push(`$.${place} ${sentence}`);
  }

  /** The text must write exactly this. */
  equals(text: string, right: Decimal, place: string, why: string): void {
    this.holds(text === textOf(right), place, `is ${text}, but ${why} is ${textOf(right)}`);
  }

  /** The text must write this or differ from it by at most `apart`: what was rounded twice. */
  nearly(text: string, right: Decimal, apart: string, place: string, why: string): void {
    const difference = minus(decimalOf(text), right);
    const size = {
      digits: difference.digits < 0n ? -difference.digits : difference.digits,
      scale: difference.scale,
    };
    this.holds(
      compareDecimals(size, decimalOf(apart)) <= 0,
      place,
      `is ${text}, but ${why} is ${textOf(right)}`,
    );
  }

  /** A figure per unit is the total by the count, six digits; null where nobody knows how many or there were none. */
  perUnit(text: string | null, total: string, count: string | null, place: string): void {
    const isKnown = count !== null && count !== '0';
    if (text === null || !isKnown)
      this.holds(
        (text === null) === !isKnown,
        place,
        `is ${text}, but there were ${count ?? 'unknown'} units`,
      );
    else
      this.equals(text, dividedBy(decimalOf(total), decimalOf(count), 6), place, `${total} / ${count} units`);
  }
}

/** Exact sum of decimal texts. */
export function sumOf(texts: readonly string[]): Decimal {
  return texts.map(decimalOf).reduce(plus, decimalOf('0'));
}

/** Whether a text writes 0. */
export function isZero(text: string): boolean {
  return decimalOf(text).digits === 0n;
}
