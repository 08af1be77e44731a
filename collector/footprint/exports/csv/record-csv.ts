import type { FootprintRecord } from '../../record/footprint-record.ts';
import { readCsv } from '../brightway/read-csv.ts';
import type { ExportFile } from '../export-file.ts';

const HEADER: readonly [string, string] = ['path', 'value'];

/**
 * The record as CSV (RFC 4180): a row for every text, figure and truth in it, by its path (`activity.energyKwh`,
 * `emissions[0].kgCo2e`), in the order of the record. What is not known has an empty value; lists and tables without
 * anything in them have no row. A text that a spreadsheet would take for a formula gets an apostrophe in front.
 */
export function writeRecordCsv(record: FootprintRecord): ExportFile[] {
  const rows = [HEADER, ...leavesOf(record, '')];
  return [
    { path: `${record.id}.csv`, content: rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('') },
  ];
}

/** Where a file does not say what the record says, row by row; empty for a sound one. */
export function checkRecordCsv(files: readonly ExportFile[], record: FootprintRecord): string[] {
  const wanted = [HEADER, ...leavesOf(record, '')];
  return files.flatMap(({ path, content }) => {
    const rows = readCsv(typeof content === 'string' ? content : new TextDecoder().decode(content));
    const faults = wanted.flatMap(([place, value], index) => {
      const [ownPlace, ownValue, ...further] = rows[index] ?? [];
      const isSame = ownPlace === guarded(place) && ownValue === guarded(value) && further.length === 0;
      return isSame ? [] : [`${path}: row ${index + 1} is not ${place} with ${JSON.stringify(value)}`];
    });
    return rows.length > wanted.length
      ? [...faults, `${path}: has ${rows.length} rows, not ${wanted.length}`]
      : faults;
  });
}

function* leavesOf(value: unknown, path: string): Generator<readonly [string, string]> {
  if (value === undefined) return;
  if (value === null || typeof value !== 'object') {
    yield [path, typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value)];
    return;
  }
  const entries = Array.isArray(value)
    ? value.map((one, index) => [`${path}[${index}]`, one] as const)
    : Object.entries(value).map(([key, one]) => [path === '' ? key : `${path}.${key}`, one] as const);
  for (const [place, one] of entries) yield* leavesOf(one, place);
}

/** Negative figures are figures, not formulas. */
const guarded = (text: string) =>
  /^\s*[=+\-@]/.test(text) && !/^-\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;

function cellOf(text: string): string {
  const safe = guarded(text);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
