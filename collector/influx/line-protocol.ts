import { MillwattError } from '../../protocols/errors.ts';

/**
 * One value of a point. The type of a field is fixed for ever by the first point that InfluxDB sees: a number is always
 * a float (never `3i`), a bigint always an integer, and so on.
 */
export type Field = number | bigint | string | boolean;

/** One point: a measurement, its tags in the order written, at least one field, and a time in ms since the Unix epoch. */
export interface Point {
  measurement: string;
  tags: readonly (readonly [name: string, value: string])[];
  fields: readonly (readonly [name: string, value: Field])[];
  timeMs: number;
}

/** Names of measurements, tags and fields, and tag values: nothing in them needs escaping, so nothing can be smuggled in. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,191}$/;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
/** A program name is short; what is longer is cut, because one field may not fill a request. */
const TEXT_LENGTH_MAX = 1024;
// Lines end at a line feed; no other control character belongs in a word of a control either.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** One point as a line of line protocol without its line feed, for precision ms. Throws (class `crash`) on a name or number that cannot be written. */
export function encodePoint(point: Point): string {
  if (point.fields.length === 0) throw unwritable(`a point of ${point.measurement} without fields`);
  const fields = point.fields.map(([name, value]) => `${requireName(name)}=${encodeField(value)}`);
  return `${encodeSeries(point.measurement, point.tags)} ${fields.join(',')} ${encodeTime(point.timeMs)}`;
}

/** The measurement and tags of a line: what all points of a series begin with. */
export function encodeSeries(measurement: string, tags: Point['tags']): string {
  return [
    requireName(measurement),
    ...tags.map(([name, value]) => `${requireName(name)}=${requireName(value)}`),
  ].join(',');
}

/** One field's value. */
export function encodeField(value: Field): string {
  if (typeof value === 'string') return `"${cleanText(value).replace(/["\\]/g, '\\$&')}"`;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') {
    if (value > INT64_MAX || value < INT64_MIN) throw unwritable(`the integer ${value}, beyond 64 bits`);
    return `${value}i`;
  }
  if (!Number.isFinite(value)) throw unwritable(`the number ${value}`);
  // -0 is 0: it must not look like a change.
  return value === 0 ? '0' : String(value);
}

/** A time as whole ms. */
export function encodeTime(timeMs: number): string {
  if (!Number.isSafeInteger(timeMs)) throw unwritable(`the time ${timeMs}`);
  return String(timeMs);
}

/** The time of a line that we encoded, ms since the Unix epoch. */
export function timeOfLine(line: string): number {
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** A text as it is stored: control characters and broken surrogates become U+FFFD, and at most 1,024 units stay. */
export function cleanText(text: string): string {
  return text.slice(0, TEXT_LENGTH_MAX).toWellFormed().replace(CONTROL, '\uFFFD');
}

function requireName(name: string): string {
  if (NAME.test(name)) return name;
  throw unwritable(`the name ${JSON.stringify(name)}`);
}

function unwritable(what: string): MillwattError {
  return new MillwattError('crash', 'unwritable-point', `InfluxDB line protocol cannot carry ${what}.`);
}
