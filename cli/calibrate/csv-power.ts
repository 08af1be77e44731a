import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { PowerSamples } from '../../collector/energy/calibration/power-samples.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { toNumber, UNITS } from '../../protocols/telemetry/unit.ts';

/** How a recording is to be read. */
export interface CsvWanted {
  file: string;
  /** Names of columns in the first line; found by their names where they are not given. */
  timeColumn?: string | undefined;
  powerColumn?: string | undefined;
  /** Unit of the power column; where it is not given, what the name of the column says, or W. */
  unit?: string | undefined;
}

/** A recording, and how it was read. */
export interface CsvPower {
  samples: PowerSamples;
  timeColumn: string;
  powerColumn: string;
  /** Lines without a time or a number. */
  skipped: number;
}

/**
 * The power of a recording: a CSV file (or one packed with gzip) whose first line names its columns, separated by commas,
 * semicolons or tabs. Times are ISO 8601 (without a zone: UTC), or numbers: seconds, or ms where they are large. The
 * interval asked for is the one that is in the middle. Throws errors of class `refuse`: `no-recording`, `bad-recording`.
 */
export function readCsvPower({ file, timeColumn, powerColumn, unit }: CsvWanted): CsvPower {
  const lines = readText(file).split(/\r\n|\r|\n/);
  const header = lines[0]?.replace(/^\uFEFF/, '') ?? '';
  const separator = [',', ';', '\t'].toSorted((a, b) => header.split(b).length - header.split(a).length)[0]!;
  const names = header.split(separator).map(unquote);
  const timeAt = findColumn(
    names,
    timeColumn,
    /^(time|timestamp|date|datetime|t|zeit)\b/i,
    '--time-column',
    file,
  );
  const powerAt = findColumn(
    names,
    powerColumn,
    /power|leistung|(^|[^a-z])[km]?w([^a-z]|$)/i,
    '--power-column',
    file,
  );
  const factor = factorOf(unit ?? unitIn(names[powerAt]!));
  const rows: { atMs: number; powerW: number }[] = [];
  let skipped = 0;
  for (const line of lines.slice(1)) {
    if (line.trim() === '') continue;
    const cells = line.split(separator);
    const atMs = readTime(unquote(cells[timeAt] ?? ''));
    const text = unquote(cells[powerAt] ?? '');
    // With semicolons between cells, a comma is a decimal point.
    const powerW =
      text === '' ? Number.NaN : Number(separator === ',' ? text : text.replace(',', '.')) * factor;
    if (Number.isFinite(atMs) && Number.isFinite(powerW)) rows.push({ atMs, powerW });
    else skipped++;
  }
  if (rows.length < 2)
    throw new MillwattError('refuse', 'bad-recording', `${file} has no two rows with a time and a power.`, {
      cure: `Name the columns: --time-column and --power-column, of: ${names.slice(0, 12).join(', ')}.`,
    });
  rows.sort((a, b) => a.atMs - b.atMs);
  const steps = rows.slice(1).map((row, index) => row.atMs - rows[index]!.atMs);
  const everyMs =
    steps.filter((step) => step > 0).sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 1000;
  return {
    samples: {
      timesMs: rows.map(({ atMs }) => atMs),
      powersW: rows.map(({ powerW }) => powerW),
      everyMs: rows.map(() => everyMs),
    },
    timeColumn: names[timeAt]!,
    powerColumn: names[powerAt]!,
    skipped,
  };
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'no-recording',
      `The recording ${file} cannot be read: ${describeFileFault(cause)}.`,
      {
        cure: 'Give the path of a CSV file.',
        cause,
      },
    );
  }
}

function findColumn(
  names: readonly string[],
  wanted: string | undefined,
  pattern: RegExp,
  option: string,
  file: string,
): number {
  const at = names.findIndex((name) => (wanted === undefined ? pattern.test(name) : name === wanted));
  if (at >= 0) return at;
  throw new MillwattError(
    'refuse',
    'bad-recording',
    wanted === undefined
      ? `It cannot be told which column of ${file} ${option} is.`
      : `${file} has no column ${wanted}.`,
    { cure: `Give ${option}, one of: ${names.slice(0, 24).join(', ')}.` },
  );
}

/** `kW` in `kW_machine` or `Power [kW]`. */
function unitIn(name: string): string {
  return /(^|[^A-Za-z])(kW|MW|mW)([^A-Za-z]|$)/.exec(name)?.[2] ?? 'W';
}

function factorOf(unit: string): number {
  const known = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (known?.canonical === 'W') return toNumber(known.factor);
  throw new MillwattError('refuse', 'usage', `${JSON.stringify(unit)} is no unit of power.`, {
    cure: 'Write --unit W, kW, MW or mW.',
  });
}

function readTime(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.round(Math.abs(number) < 1e11 ? number * 1000 : number);
  }
  const iso = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  return iso === null ? Number.NaN : Date.parse(`${iso[1]}T${iso[2]?.replace(',', '.')}${iso[3] ?? 'Z'}`);
}

function unquote(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, '$1');
}
