import { MillwattError } from '../../../protocols/errors.ts';

/** What JSON can write. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/**
 * The one text of a JSON value (RFC 8785): keys in the order of their UTF-16 units, no white space, numbers as ECMAScript
 * writes them. Two values have the same text exactly when they are equal, so its hash names the value. Keys whose value is
 * `undefined` are left out, as JSON does. Throws an error of class `refuse` (code `no-canonical-text`) on what JSON cannot
 * write (a number that is not finite) or what has no UTF-8 (half of a surrogate pair).
 */
export function canonicalText(value: unknown): string {
  return write(value as JsonValue, '$');
}

function write(value: JsonValue, place: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeNumber(value, place);
  if (typeof value === 'string') return writeString(value, place);
  if (Array.isArray(value))
    return `[${value.map((item: JsonValue, at) => write(item, `${place}[${at}]`)).join(',')}]`;
  if (typeof value !== 'object')
    throw refuse(place, `is a ${typeof value}`, 'Leave it out, or write it as a text.');
  const members = Object.entries(value)
    .filter((member): member is [string, JsonValue] => member[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members
    .map(([key, inner]) => `${writeString(key, place)}:${write(inner, `${place}.${key}`)}`)
    .join(',')}}`;
}

function writeNumber(value: number, place: string): string {
  if (!Number.isFinite(value)) throw refuse(place, `is ${value}`, 'Write null for what is not known.');
  // -0 is written 0, and everything else as JSON.stringify does: the standard says so.
  return JSON.stringify(value);
}

function writeString(value: string, place: string): string {
  if (!value.isWellFormed())
    throw refuse(
      place,
      `is ${JSON.stringify(value)}, with half of a surrogate pair`,
      'Enter the text anew: it was cut within a character.',
    );
  return JSON.stringify(value);
}

function refuse(place: string, what: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'no-canonical-text', `${place} ${what}: it has no canonical text.`, {
    cure,
  });
}
