import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MillwattError } from '../../protocols/errors.ts';
import { formatFinding, type Finding } from '../finding.ts';
import { checkHourlyFactors, type HourlyFactors } from './factor-hours.ts';
import type { FactorRow } from './factor-row.ts';
import { checkFactorTable } from './factor-table.ts';
import { readAt } from './read-at.ts';

const READ_CURE = 'Put it there, and let the user that runs millwatt read it (chmod a+rX).';

/** The tables that come with millwatt: beside this folder, or, where it was compiled into dist/config, beside dist. */
const OWN_FOLDER =
  [join(import.meta.dirname, '../factors'), join(import.meta.dirname, '../../../config/factors')].find(
    (folder) => existsSync(folder),
  ) ?? join(import.meta.dirname, '../factors');
/** Faults of one file that an error tells; a column in the wrong unit has thousands. */
const TOLD = 20;
const TABLE_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})\.csv$/;

/** A factor table and the file it came from. */
export interface FactorTable {
  /** The file's name without `.csv`. */
  name: string;
  file: string;
  rows: FactorRow[];
  /** Whether it came with millwatt. */
  isShipped: boolean;
  /** What is unwise in it. */
  warnings: Finding[];
}

/** The tables that come with millwatt, by name. Throws as `loadFactorTable`. */
export function loadShippedFactors(): FactorTable[] {
  return namesIn(OWN_FOLDER)
    .filter((name) => TABLE_FILE.test(name))
    .map((name) => loadTable(join(OWN_FOLDER, name), true))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The shipped tables and an operator's own. Throws an error of class `refuse`: `bad-factors` names file, line, column, value
 * and cure of every fault, a table with a shipped or given name included, because ids are never given twice; `no-access`.
 */
export function loadFactors(ownFiles: readonly string[]): FactorTable[] {
  const tables = loadShippedFactors();
  for (const file of ownFiles) {
    const table = loadTable(file, false);
    const other = tables.find(({ name }) => name === table.name);
    if (other !== undefined)
      throw badFactors(
        `${file} has the name of ${other.isShipped ? 'a table of millwatt' : other.file}: ${table.name}.`,
        'Name the file, and the ids in it, otherwise.',
      );
    tables.push(table);
  }
  return tables;
}

/** The hourly values of a file, for rows of these tables. Throws as `loadFactors`. */
export function loadHourlyFactors(file: string, tables: readonly FactorTable[]): HourlyFactors[] {
  const known = new Set(tables.flatMap(({ rows }) => rows.map(({ id }) => id)));
  const { series, findings } = checkHourlyFactors(readText(file), file, known);
  if (series === undefined) throw unusable(file, findings);
  return series;
}

function loadTable(file: string, isShipped: boolean): FactorTable {
  const [, name] = TABLE_FILE.exec(basename(file)) ?? [];
  if (name === undefined)
    throw badFactors(
      `${file} has no name that a factor table can have.`,
      'Name it with letters, digits, dots, dashes and underscores, and .csv at the end: my-contracts.csv.',
    );
  const { rows, findings } = checkFactorTable(readText(file), name, file);
  if (rows === undefined) throw unusable(file, findings);
  return { name, file, rows, isShipped, warnings: findings };
}

function unusable(file: string, findings: readonly Finding[]): MillwattError {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return badFactors(
    [
      `${file} cannot be used as factors:`,
      ...errors.slice(0, TOLD).map(formatFinding),
      ...(errors.length > TOLD ? [`and ${errors.length - TOLD} more like them.`] : []),
    ].join('\n'),
    `Correct the ${errors.length === 1 ? 'place' : `${errors.length} places`} above; docs/factors.md says what each column holds.`,
  );
}

function badFactors(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'bad-factors', message, { cure });
}

/** UTF-8 and nothing else: a guessed letter would be another hash. */
function readText(file: string): string {
  const bytes = at(file, (path) => readFileSync(path));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badFactors(`${file} is not written in UTF-8.`, 'Save it as "CSV UTF-8".');
  }
}

function namesIn(folder: string): string[] {
  return at(folder, (path) => readdirSync(path));
}

function at<T>(path: string, read: (path: string) => T): T {
  return readAt(path, read, READ_CURE);
}
