import type { Reading } from './decimal.ts';

/**
 * A column of readings. Where every reading is a decimal of at most 2^53 at the column's finest power of ten, it is
 * that power and differences of whole numbers: `{"e":-1,"d":[12345,2,0,-1]}` is 1234.5, 1234.7, 1234.7, 1234.6.
 * Otherwise it is the plain decimals, with text for integers beyond 2^53: `{"v":[1.5e300,"9007199254740993",null]}`.
 */
export type EncodedColumn = { e: number; d: (number | null)[] } | { v: (number | string | null)[] };

/** Finer columns than 10^-9 hold doubles with no short decimal: written plain. */
const POWERS = Array.from({ length: 10 }, (_, power) => Number(`1e${power}`));
const FINEST = POWERS.length - 1;
const INTEGER_TEXT = /^(?:0|-?[1-9]\d{0,39})$/;

/**
 * The denser form of a column; decoding gives the same readings back, to the last digit. Negative zero is written as 0,
 * and what is no number (not-a-number, infinities) as null, because a decimal can be neither.
 */
export function encodeColumn(readings: readonly (Reading | null)[]): EncodedColumn {
  let fraction = 0;
  for (const reading of readings) {
    if (typeof reading === 'bigint') return plain(readings);
    if (reading === null || !Number.isFinite(reading)) continue;
    while (!isWholeAt(reading, POWERS[fraction] ?? 1)) {
      if (fraction === FINEST) return plain(readings);
      fraction++;
    }
  }
  const power = POWERS[fraction] ?? 1;
  const differences: (number | null)[] = [];
  let previous = 0;
  for (const reading of readings) {
    if (typeof reading !== 'number' || !Number.isFinite(reading)) {
      differences.push(null);
      continue;
    }
    // Adding 0 makes 0 of negative zero.
    const whole = Math.round(reading * power) + 0;
    const difference = whole - previous;
    // A reading taken at a coarser power may not fit the finest one.
    if (!isWholeAt(reading, power) || !Number.isSafeInteger(difference)) return plain(readings);
    differences.push(difference);
    previous = whole;
  }
  return { e: fraction === 0 ? 0 : -fraction, d: differences };
}

/** The readings of a column, or undefined when it is malformed. */
export function decodeColumn(
  column: EncodedColumn | Record<string, unknown>,
): (Reading | null)[] | undefined {
  return 'd' in column ? decodeDifferences(column.e, column.d) : decodePlain(column['v']);
}

function decodeDifferences(exponent: unknown, differences: unknown): (Reading | null)[] | undefined {
  const power = typeof exponent === 'number' ? POWERS[-exponent] : undefined;
  if (power === undefined || !Array.isArray(differences)) return undefined;
  const readings: (Reading | null)[] = [];
  let whole = 0;
  for (const difference of differences as unknown[]) {
    if (difference === null) {
      readings.push(null);
      continue;
    }
    if (typeof difference !== 'number' || !Number.isSafeInteger(difference)) return undefined;
    whole += difference;
    if (!Number.isSafeInteger(whole)) return undefined;
    readings.push(whole / power);
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
    else if (typeof entry === 'string' && INTEGER_TEXT.test(entry)) readings.push(BigInt(entry));
    else return undefined;
  }
  return readings;
}

/** True when `reading` is a whole number of 1/power, and dividing that number gives exactly the reading back. */
function isWholeAt(reading: number, power: number): boolean {
  const whole = Math.round(reading * power);
  return Number.isSafeInteger(whole) && whole / power === reading;
}

function plain(readings: readonly (Reading | null)[]): EncodedColumn {
  return {
    v: readings.map((reading) => {
      if (typeof reading !== 'bigint')
        return reading !== null && Number.isFinite(reading) ? reading + 0 : null;
      const text = reading.toString();
      if (!INTEGER_TEXT.test(text))
        throw new RangeError('a reading of more than 40 digits cannot be written');
      return text;
    }),
  };
}
