import { MillwattError } from '../../../protocols/errors.ts';
import { decimalOf, decimalOfNumber, numberOf, textOf, type DecimalText } from '../figures/decimal.ts';

/**
 * The number that is printed as a record's text, for formats that want numbers. Throws an error of class `refuse` (code
 * `too-many-digits`) where no double is: beyond some 15 digits.
 */
export function exactNumber(text: DecimalText): number {
  const number = numberOf(decimalOf(text));
  if (textOf(decimalOfNumber(number, 60)) !== text)
    throw new MillwattError(
      'refuse',
      'too-many-digits',
      `${text} has more digits than this format's numbers.`,
      {
        cure: 'Take a shorter period, or a format with decimal texts.',
      },
    );
  return number;
}
