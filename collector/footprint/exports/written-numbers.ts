import { decimalOf, textOf, type DecimalText } from '../figures/decimal.ts';
import { WrittenNumber } from './json-rule.ts';

/** Parts of ECMAScript 2026 that the declarations of the compiler do not have yet. */
const json = JSON as unknown as {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};

/**
 * A number of a file in exactly the digits of the record: for `JSON.stringify`, which would write 0.0000001 as 1e-7 and
 * round what has more than 17 digits.
 */
export function writtenNumber(text: DecimalText): unknown {
  return json.rawJSON(textOf(decimalOf(text)));
}

/** What a JSON text says, with each number in the digits in which it is written. Throws a SyntaxError on what is no JSON. */
export function readWrittenNumbers(text: string): unknown {
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' ? new WrittenNumber(source ?? String(value)) : value,
  );
}
