import { MillwattError } from '../errors.ts';
import type { Decimal } from '../telemetry/decimal.ts';

/** A recording as a table: when each row was taken, and the texts of its columns. */
export interface Recording {
  /** Wall time of each row, ms since the Unix epoch, never falling. */
  rowTimesMs: readonly number[];
  /** The texts of a column, one a row; undefined when there is no such column. */
  column(name: string): readonly string[] | undefined;
  columnNames: readonly string[];
}

/**
 * Reads a recording from CSV text: a header line, commas, no quoted commas. Times are ISO 8601 with a zone, or local
 * `YYYY-MM-DD HH:MM:SS[.sss]` with `zoneOffset` (`+08:00`). Throws an error of class `refuse` (code `bad-recording`)
 * that names the line.
 */
export function parseRecording(csv: string, options: { timeColumn: string; zoneOffset?: string }): Recording {
  const lines = csv.split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const columnNames = (lines[0] ?? '').replace(/^\uFEFF/, '').split(',');
  const timeIndex = columnNames.indexOf(options.timeColumn);
  if (timeIndex < 0) throw bad(1, `has no column ${options.timeColumn}`);
  const columns = columnNames.map((): string[] => []);
  const rowTimesMs: number[] = [];
  for (let line = 1; line < lines.length; line++) {
    const fields = (lines[line] ?? '').split(',');
    if (fields.length !== columnNames.length)
      throw bad(line + 1, `has ${fields.length} fields where the header has ${columnNames.length}`);
    const timeMs = parseTime(fields[timeIndex] ?? '', options.zoneOffset);
    if (Number.isNaN(timeMs)) throw bad(line + 1, `has the time ${JSON.stringify(fields[timeIndex])}`);
    if (timeMs < (rowTimesMs.at(-1) ?? -Infinity)) throw bad(line + 1, 'lies before the line above it');
    rowTimesMs.push(timeMs);
    fields.forEach((field, index) => columns[index]?.push(field));
  }
  if (rowTimesMs.length === 0) throw bad(1, 'is the only one');
  return { rowTimesMs, columnNames, column: (name) => columns[columnNames.indexOf(name)] };
}

/** The exact decimal that a field writes; null for an empty field, `nan` and anything that is no number. */
export function parseField(field: string): Decimal | null {
  const text = field.trim();
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(text);
  if (match === null || !/\d/.test(text)) return null;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  if (whole + fraction === '') return null;
  const mantissa = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const exponent = Number(power) - fraction.length;
  return exponent > 0
    ? { mantissa: mantissa * 10n ** BigInt(exponent), exponent: 0 }
    : { mantissa, exponent };
}

/** The double nearest to decimal x num / den; exact decimals in, one rounding out. */
export function scaleDecimal(decimal: Decimal, num: bigint, den: bigint): number {
  // 40 digits below the mantissa's own leave a double nothing to guess.
  const spare = 40;
  const scaled = (decimal.mantissa * num * 10n ** BigInt(spare)) / den;
  return Number(`${scaled}e${decimal.exponent - spare}`);
}

function parseTime(text: string, zoneOffset: string | undefined): number {
  const trimmed = text.trim();
  if (/(?:Z|[+-]\d\d:?\d\d)$/.test(trimmed) && /T|:\d\d/.test(trimmed))
    return Date.parse(trimmed.replace(' ', 'T'));
  if (zoneOffset === undefined || !/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(trimmed)) return Number.NaN;
  return Date.parse(`${trimmed.replace(' ', 'T')}${zoneOffset}`);
}

function bad(line: number, what: string): MillwattError {
  return new MillwattError('refuse', 'bad-recording', `Line ${line} of the recording ${what}.`, {
    cure: 'Give a CSV file with a header line, times that never go back, and zoneOffset where the times have no zone.',
  });
}
