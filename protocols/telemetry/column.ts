import { decimalOf, type Reading } from './decimal.ts';

/**
 * A column of readings. Where every reading is a decimal with at most 20 places, it is the finest power of ten and
 * differences of whole numbers: `{"e":-1,"d":[12345,2,0,-1]}` is 1234.5, 1234.7, 1234.7, 1234.6. Otherwise it is the
 * plain decimals: `{"v":[1.5e300,null,"9007199254740993"]}`. Integers beyond 2^53 are text in both.
 */
export type EncodedColumn = { e: number; d: (number | string | null)[] } | { v: (number | string | null)[] };

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 21 }, (_, power) => Number(`1e${power}`));
const PLACES_MAX = POWERS.length - 1;
const INTEGER_TEXT = /^(?:0|-?[1-9]\d{0,39})$/;

/**
 * The denser form of a column; decoding gives the same decimals back, to the last digit. A bigint that a number can hold
 * comes back as a number. Negative zero is written as 0, and what is no number (not-a-number, infinities) as null,
 * because a decimal can be neither.
 */
export function encodeColumn(readings: readonly (Reading | null)[]): EncodedColumn {
  return encodeDifferences(readings) ?? encodeWideDifferences(readings) ?? encodePlain(readings);
}

/** The readings of a column, or undefined when it is malformed. */
export function decodeColumn(
  column: EncodedColumn | Record<string, unknown>,
): (Reading | null)[] | undefined {
  return 'd' in column ? decodeDifferences(column.e, column.d) : decodePlain(column['v']);
}

/** Differences in plain arithmetic, where no whole number goes beyond 2^53; undefined otherwise. */
function encodeDifferences(readings: readonly (Reading | null)[]): EncodedColumn | undefined {
  let places = 0;
  for (const reading of readings) {
    if (reading === null || !Number.isFinite(reading)) continue;
    while (!isWholeAt(Number(reading), POWERS[places] ?? 1)) {
      if (++places > PLACES_MAX) return undefined;
    }
  }
  const power = POWERS[places] ?? 1;
  const differences: (number | null)[] = [];
  let previous = 0;
  for (const reading of readings) {
    if (typeof reading === 'bigint') return undefined;
    if (reading === null || !Number.isFinite(reading)) {
      differences.push(null);
      continue;
    }
    // Adding 0 makes 0 of negative zero.
    const whole = Math.round(reading * power) + 0;
    const difference = whole - previous;
    // A reading taken at a coarser power may not fit the finest one.
    if (!isWholeAt(reading, power) || !Number.isSafeInteger(difference)) return undefined;
    differences.push(difference);
    previous = whole;
  }
  return { e: 0 - places, d: differences };
}

/** Differences of whole numbers of any size: 64-bit counters, doubles with many digits. Undefined where plain is denser. */
function encodeWideDifferences(readings: readonly (Reading | null)[]): EncodedColumn | undefined {
  const decimals = readings.map((reading) => (isNoDecimal(reading) ? null : decimalOf(reading)));
  let exponent = 0;
  for (const decimal of decimals) exponent = Math.min(exponent, decimal?.exponent ?? 0);
  if (exponent < -PLACES_MAX) return undefined;
  const differences: (number | string | null)[] = [];
  let previous = 0n;
  for (const [row, decimal] of decimals.entries()) {
    if (decimal === null) {
      differences.push(null);
      continue;
    }
    // Beyond 2^53, a whole number comes back as a bigint at exponent 0, and as a number at any other.
    const reading = readings[row];
    if (typeof reading === 'bigint' && exponent < 0) return undefined;
    if (Number.isInteger(reading) && !Number.isSafeInteger(reading)) return undefined;
    const whole = decimal.mantissa * 10n ** BigInt(decimal.exponent - exponent);
    const difference = whole - previous;
    const isSafe = Number.isSafeInteger(Number(difference));
    // Only the first whole number may be long: where differences are long too, the plain form is no longer.
    if (!isSafe && previous !== 0n) return undefined;
    differences.push(isSafe ? Number(difference) : writeInteger(difference));
    previous = whole;
  }
  return { e: exponent, d: differences };
}

function encodePlain(readings: readonly (Reading | null)[]): EncodedColumn {
  return {
    v: readings.map((reading) => {
      if (typeof reading === 'bigint') return writeInteger(reading);
      return reading !== null && Number.isFinite(reading) ? reading + 0 : null;
    }),
  };
}

function decodeDifferences(exponent: unknown, differences: unknown): (Reading | null)[] | undefined {
  if (typeof exponent !== 'number') return undefined;
  const power = POWERS[-exponent];
  if (power === undefined || !Array.isArray(differences)) return undefined;
  const readings: (Reading | null)[] = [];
  let whole = 0;
  let wideWhole: bigint | undefined;
  for (const difference of differences as unknown[]) {
    if (difference === null) {
      readings.push(null);
      continue;
    }
    if (!isInteger(difference)) return undefined;
    const sum = whole + Number(difference);
    if (wideWhole === undefined && typeof difference === 'number' && Number.isSafeInteger(sum)) {
      whole = sum;
      readings.push(whole / power);
      continue;
    }
    wideWhole = (wideWhole ?? BigInt(whole)) + BigInt(difference);
    const text = wideWhole.toString();
    if (!INTEGER_TEXT.test(text)) return undefined;
    readings.push(exponent < 0 ? Number(`${text}e${exponent}`) : narrow(wideWhole));
  }
  return readings;
}

function decodePlain(entries: unknown): (Reading | null)[] | undefined {
  if (!Array.isArray(entries)) return undefined;
  const readings: (Reading | null)[] = [];
  for (const entry of entries as unknown[]) {
    if (entry === null) readings.push(null);
    // Adding 0 turns the "-0" that JSON may hold into 0.
    else if (typeof entry === 'number' && Number.isFinite(entry)) readings.push(entry + 0);
    else if (typeof entry === 'string' && INTEGER_TEXT.test(entry)) readings.push(narrow(BigInt(entry)));
    else return undefined;
  }
  return readings;
}

function isNoDecimal(reading: Reading | null): reading is null {
  return reading === null || (typeof reading === 'number' && !Number.isFinite(reading));
}

/** True when `reading` is a whole number of 1/power, and dividing that number gives exactly the reading back. */
function isWholeAt(reading: number, power: number): boolean {
  const whole = Math.round(reading * power);
  return Number.isSafeInteger(whole) && whole / power === reading;
}

function isInteger(value: unknown): value is number | string {
  return typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'string' && INTEGER_TEXT.test(value);
}

/** An integer as JSON can hold it: a number up to 2^53, beyond that text. */
function writeInteger(value: bigint): number | string {
  const narrowed = narrow(value);
  if (typeof narrowed === 'number') return narrowed;
  const text = value.toString();
  if (!INTEGER_TEXT.test(text)) throw new RangeError('a reading of more than 40 digits cannot be written');
  return text;
}

function narrow(value: bigint): Reading {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
