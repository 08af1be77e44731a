import type { Finding } from '../finding.ts';
import { findNearest } from '../nearest.ts';
import { readNumber, readTableLines, type TableLine } from './factor-lines.ts';
import {
  canonicalFactorText,
  FACTOR_COLUMNS,
  FACTOR_WORDS,
  sha256Of,
  type FactorColumn,
  type FactorRow,
} from './factor-row.ts';

/** Columns that may be left out, and what an empty field of theirs means; null: not known. */
const WHEN_EMPTY: Partial<Record<FactorColumn, string | null>> = {
  gwp: null,
  isOfficial: 'no',
  isSupplierSpecific: 'no',
  standardPercent: null,
  readIn: 'source',
  reference: '',
  licence: '',
};
const YES_NO = ['yes', 'no'];
const REGION = /^(?:[A-Z]{2}(?:-[A-Z0-9]{1,3})?|WORLD)$/;
/** Values below and above which one was most likely written in another unit, g/kWh. */
const PLAUSIBLE = { least: 1, most: 3000 };

/** A table's rows, or what is wrong with it; warnings do not keep it from being used. */
export interface CheckedTable {
  rows: FactorRow[] | undefined;
  findings: Finding[];
}

/** The rows that a factor table's text holds, with every fault of it at once. @param table its name, which its ids begin with */
export function checkFactorTable(text: string, table: string, file: string): CheckedTable {
  const findings: Finding[] = [];
  const lines = readTableLines(text, file, FACTOR_COLUMNS, Object.keys(WHEN_EMPTY), findings);
  const rows: FactorRow[] = [];
  const ids = new Map<string, number>();
  for (const line of lines) {
    const row = readRow(line, table, findings);
    if (row === undefined) continue;
    const { id } = row;
    const first = ids.get(id);
    if (first !== undefined)
      line.report(
        'id',
        `${id} is there already, in line ${first}.`,
        'Give each row an id of its own: /2 behind it.',
      );
    ids.set(id, first ?? line.number);
    rows.push(row);
  }
  const isSound = findings.every(({ severity }) => severity !== 'error');
  return { rows: isSound ? rows : undefined, findings };
}

/** The row of a line; undefined where something is wrong with it. */
function readRow(line: TableLine<FactorColumn>, table: string, findings: Finding[]): FactorRow | undefined {
  const before = findings.length;
  const text = (column: FactorColumn) => {
    const written = line.text(column);
    if (written !== written.trim())
      line.report(column, `${JSON.stringify(written)} has spaces round it.`, 'Take them out.');
    if (written === '' && !(column in WHEN_EMPTY)) line.report(column, 'is empty.', 'Every row needs it.');
    return written;
  };
  const word = <Value extends string>(column: FactorColumn, words: readonly Value[]) => {
    const written = text(column);
    if (written === '') return (WHEN_EMPTY[column] ?? null) as Value | null;
    const found = words.find((one) => one === written);
    if (found === undefined) {
      const nearest = findNearest(written, words);
      line.report(
        column,
        `${JSON.stringify(written)} is not a word of this column.`,
        nearest === undefined ? `Write one of ${words.join(', ')}.` : `Write ${nearest}.`,
      );
    }
    return found ?? null;
  };
  const row = {
    id: text('id'),
    table,
    region: text('region'),
    year: readYear(line, text('year')),
    gCo2ePerKwh: readNumber(line, 'gCo2ePerKwh', text('gCo2ePerKwh')),
    gases: word('gases', FACTOR_WORDS.gases),
    gwp: word('gwp', FACTOR_WORDS.gwp),
    boundary: word('boundary', FACTOR_WORDS.boundary),
    basis: word('basis', FACTOR_WORDS.basis),
    losses: word('losses', FACTOR_WORDS.losses),
    isOfficial: word('isOfficial', YES_NO) === 'yes',
    isSupplierSpecific: word('isSupplierSpecific', YES_NO) === 'yes',
    standardPercent: readNumber(line, 'standardPercent', text('standardPercent')) || null,
    readIn: word('readIn', FACTOR_WORDS.readIn),
    source: text('source'),
    reference: text('reference'),
    licence: text('licence'),
  };
  checkAcross(line, row);
  if (findings.slice(before).some(({ severity }) => severity === 'error')) return undefined;
  const sound = row as Omit<FactorRow, 'sha256'>;
  return { ...sound, sha256: sha256Of(canonicalFactorText(sound)) };
}

function readYear(line: TableLine<FactorColumn>, text: string): number {
  if (/^(?:19|20)\d\d$/.test(text)) return Number(text);
  if (text !== '')
    line.report(
      'year',
      `${JSON.stringify(text)} is not a year.`,
      'Write the year the electricity was made in: 2025.',
    );
  return 0;
}

/** What columns say about each other. */
function checkAcross(
  line: TableLine<FactorColumn>,
  row: Record<keyof Omit<FactorRow, 'sha256'>, unknown>,
): void {
  const { id, table, region, year, gCo2ePerKwh, basis } = row;
  if (region !== '' && !REGION.test(String(region)))
    line.report(
      'region',
      `${JSON.stringify(region)} is not a region.`,
      'Write ISO 3166-1 alpha-2 (VN), with a subdivision behind it (CN-N), or EU or WORLD.',
    );
  const stem = `${String(table)}/${String(region)}/${String(year)}`;
  if (
    id !== '' &&
    id !== stem &&
    !(String(id).startsWith(`${stem}/`) && /^[A-Za-z0-9._-]{1,40}$/.test(String(id).slice(stem.length + 1)))
  )
    line.report(
      'id',
      `${JSON.stringify(id)} does not name its table, region and year.`,
      `Write ${stem}, or ${stem}/2 for another of the same.`,
    );
  const value = Number(gCo2ePerKwh);
  if (gCo2ePerKwh !== '' && ((value > 0 && value < PLAUSIBLE.least) || value > PLAUSIBLE.most))
    line.report(
      'gCo2ePerKwh',
      `${String(gCo2ePerKwh)} g/kWh is ${value > PLAUSIBLE.most ? 'more' : 'less'} than any grid has.`,
      'Write g/kWh: kg/kWh and t/MWh x 1000, kg/MWh as it is.',
      'warning',
    );
  if (row.gases === 'CO2' && row.gwp !== null)
    line.report('gwp', 'belongs to factors of CO2e: CO2 alone needs none.', 'Leave it empty.');
  if (row.isSupplierSpecific === true && basis !== 'contract' && basis !== 'on-site')
    line.report(
      'isSupplierSpecific',
      `a factor of basis ${String(basis)} is no supplier's own.`,
      'Write no, or contract or on-site as basis.',
    );
  if (row.isSupplierSpecific === true && row.isOfficial === true)
    line.report(
      'isOfficial',
      "a supplier's own factor is not a state's.",
      'Write no in one of the two columns.',
    );
}
