import { decimalOf, type Reading } from './decimal.ts';

/**
 * A column of readings. Where every reading is a decimal of at most 2^53 at the column's finest power of ten, it is
 * that power and differences of whole numbers: `{"e":-1,"d":[12345,2,0,-1]}` is 1234.5, 1234.7, 1234.7, 1234.6.
 * Otherwise it is the plain decimals, with text for integers beyond 2^53: `{"v":[1.5e300,"9007199254740993",null]}`.
 */
export type EncodedColumn = { e: number; d: (number | null)[] } | { v: (number | string | null)[] };

/** Finer columns than this hold doubles with no short decimal: written plain. */
const FINEST_EXPONENT = -9;
const POWERS = Array.from({ length: 10 }, (_, power) => 10 ** power);

/** The denser form of a column; decoding gives the same readings back, to the last digit. */
export function encodeColumn(readings: readonly (Reading | null)[]): EncodedColumn {
  let exponent = 0;
  for (const reading of readings) {
    if (reading === null || Number.isSafeInteger(reading)) continue;
    if (typeof reading === 'bigint') return plain(readings);
    const own = decimalOf(reading).exponent;
    if (own < FINEST_EXPONENT) return plain(readings);
    if (own < exponent) exponent = own;
  }
  const power = POWERS[-exponent] ?? 1;
  const scaled: (number | null)[] = [];
  let previous = 0;
  for (const reading of readings) {
    if (reading === null) {
      scaled.push(null);
      continue;
    }
    const whole = Math.round((reading as number) * power);
    // The round trip decides: a reading that the scaled integer does not restore exactly is never encoded so.
    if (!Number.isSafeInteger(whole) || whole / power !== reading || Object.is(reading, -0))
      return plain(readings);
    const delta = whole - previous;
    if (!Number.isSafeInteger(delta)) return plain(readings);
    scaled.push(delta);
    previous = whole;
  }
  return { e: exponent, d: scaled };
}

/** The readings of a column, or undefined when it is malformed. */
export function decodeColumn(
  column: EncodedColumn | Record<string, unknown>,
): (Reading | null)[] | undefined {
  if ('d' in column) {
    const power = POWERS[-(column.e as number)];
    if (power === undefined || !Array.isArray(column.d)) return undefined;
    const readings: (Reading | null)[] = [];
    let whole = 0;
    for (const delta of column.d as unknown[]) {
      if (delta === null) {
        readings.push(null);
        continue;
      }
      if (typeof delta !== 'number') return undefined;
      whole += delta;
      if (!Number.isSafeInteger(whole)) return undefined;
      readings.push(whole / power);
    }
    return readings;
  }
  if (!Array.isArray(column['v'])) return undefined;
  const readings: (Reading | null)[] = [];
  for (const entry of column['v'] as unknown[]) {
    if (entry === null || (typeof entry === 'number' && Number.isFinite(entry))) readings.push(entry);
    else if (typeof entry === 'string' && /^-?\d{1,40}$/.test(entry)) readings.push(BigInt(entry));
    else return undefined;
  }
  return readings;
}

function plain(readings: readonly (Reading | null)[]): EncodedColumn {
  return { v: readings.map((reading) => (typeof reading === 'bigint' ? reading.toString() : reading)) };
}
