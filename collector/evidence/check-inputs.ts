import {
  canonicalFactorText,
  FACTOR_COLUMNS,
  sha256Of,
  type FactorRow,
} from '../../config/library/factor-row.ts';
import { loadShippedFactors } from '../../config/library/factor-library.ts';
import { isCount } from '../../protocols/telemetry/ids.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import { canonicalJson } from '../journal/canonical-json.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { entryId, isSigned, isWhole } from '../journal/seal-entry.ts';
import type { CheckLines } from './check-line.ts';
import { isObject, type Manifest } from './manifest.ts';
import type { PackageFiles } from './package-files.ts';
import { unpackModel } from './packed-model.ts';

/** The machine's model as the package has it; a fault when it is none. Amendments are not in it: they are signed one by one. */
export function readModel(
  files: PackageFiles,
  { machine }: Manifest,
  lines: CheckLines,
): MachineModel | undefined {
  const model = unpackModel(files.json('model.json'), machine);
  if (model !== undefined) return model;
  lines.fail('model', 'model.json', `It is no model of ${machine} that this version knows.`);
  return undefined;
}

/** What people decided of the machine, as signed in the collector's journal. */
export function readAmendments(
  files: PackageFiles,
  { machine, collector }: Manifest,
  lines: CheckLines,
): JournalEntry[] {
  const entries: JournalEntry[] = [];
  let line = 0;
  for (const value of files.lines('amendments.jsonl')) {
    const place = `amendments.jsonl, line ${++line}`;
    if (!isEntry(value)) {
      lines.fail('amendments', place, 'It is no entry of a journal.');
      continue;
    }
    const stored = { ...value, body: canonicalJson(value.body) };
    if (!isWhole(stored) || !isSigned(stored, collector))
      lines.fail('amendments', place, 'It is not what the collector signed.');
    else if (value.machine !== machine) lines.fail('one-machine', place, 'It is of another machine.');
    else if (!['amendment', 'revocation'].includes(value.kind) || value.seq <= (entries.at(-1)?.seq ?? 0))
      lines.fail('amendments', place, `Entry ${entryId(value)} is of another kind, or out of order.`);
    else entries.push(value);
  }
  return entries;
}

/** The machine-hours of the package by their start, in order. */
export function readHours(
  files: PackageFiles,
  manifest: Manifest,
  lines: CheckLines,
): Map<number, MachineHour> {
  const { machine, site, fromMs, toMs } = manifest;
  const hours = new Map<number, MachineHour>();
  let lastMs = -1;
  let line = 0;
  for (const value of files.lines('hours.jsonl')) {
    const place = `hours.jsonl, line ${++line}`;
    const hourMs = isObject(value) ? value['hourMs'] : undefined;
    if (!isObject(value) || value['v'] !== 1 || !isCount(hourMs) || hourMs <= lastMs)
      lines.fail('hours', place, 'It is no machine-hour, or out of order.');
    else if (value['machine'] !== machine || value['site'] !== site)
      lines.fail('one-machine', place, 'It is of another machine.');
    else if (hourMs < fromMs || hourMs >= toMs || hourMs % 3_600_000 !== 0)
      lines.fail('hours', place, 'It is of another time than manifest.json says.');
    else {
      hours.set(hourMs, value as unknown as MachineHour);
      lastMs = hourMs;
    }
  }
  return hours;
}

/** Checks that every factor has the hash of its row. Returns the hashes by id. */
export function checkFactors(value: unknown, place: string, lines: CheckLines): Map<string, string> {
  const hashes = new Map<string, string>();
  if (!Array.isArray(value)) {
    lines.fail('factors', place, 'It is no list of factors.');
    return hashes;
  }
  for (const [index, row] of (value as unknown[]).entries()) {
    const at = `${place}, factor ${index + 1}`;
    if (!isFactor(row)) lines.fail('factors', at, 'It is no row of a factor table.');
    else if (sha256Of(canonicalFactorText(row)) !== row.sha256)
      lines.fail('factors', at, `${row.id} does not have the hash of its row: a value was changed.`);
    else if (!row.id.startsWith(`${row.table}/`) || hashes.has(row.id))
      lines.fail('factors', at, `${row.id} is there twice, or is of another table than its id says.`);
    else hashes.set(row.id, row.sha256);
  }
  return hashes;
}

/**
 * Holds rows of tables that come with millwatt to those tables: a hash alone anybody can make. Rows of a plant's own tables, and
 * rows that a table here does not have, are told as not proven.
 *
 * @param hashes of the package's rows, by id
 */
export function checkShipped(hashes: ReadonlyMap<string, string>, place: string, lines: CheckLines): void {
  if (hashes.size === 0) return;
  const tables = loadShippedFactors();
  const known = new Set(tables.map(({ name }) => name));
  const shipped = new Map(tables.flatMap(({ rows }) => rows.map(({ id, sha256 }) => [id, sha256] as const)));
  const own: string[] = [];
  const unknown: string[] = [];
  for (const [id, sha256] of hashes) {
    const due = shipped.get(id);
    const [table = ''] = id.split('/');
    if (due === undefined) (known.has(table) ? unknown : own).push(id);
    else if (due !== sha256)
      lines.fail(
        'factors',
        place,
        `${id} is not the row that millwatt ships under this id: a value was changed.`,
      );
  }
  if (own.length > 0)
    lines.unproven(
      'factors',
      place,
      `${own.join(', ')}: of a table of the plant's own. That these are the values of their sources is its word: compare them with the sources that the rows name.`,
    );
  if (unknown.length > 0)
    lines.unproven(
      'factors',
      place,
      `${unknown.join(', ')}: of a table that millwatt ships, in which this version has no such row. Compare with the sources that the rows name, or with the version that made the package.`,
    );
}

/** The text that is hashed writes null, nothing and an empty list alike: what may stand where is held here. */
function isFactor(value: unknown): value is FactorRow {
  if (!isObject(value) || Object.keys(value).length !== FACTOR_COLUMNS.length + 2) return false;
  return [...FACTOR_COLUMNS, 'table', 'sha256'].every((column) => {
    const one = value[column];
    if (column === 'year') return isCount(one);
    if (column === 'isOfficial' || column === 'isSupplierSpecific') return typeof one === 'boolean';
    if (column === 'gwp' || column === 'standardPercent')
      return one === null || (typeof one === 'string' && one !== '');
    return typeof one === 'string';
  });
}

const ENTRY_KEYS = 'atMs,body,by,hash,kind,machine,prev,seq,signature';

function isEntry(value: unknown): value is JournalEntry {
  return (
    isObject(value) &&
    Object.keys(value).sort().join() === ENTRY_KEYS &&
    isCount(value['seq']) &&
    isCount(value['atMs']) &&
    isObject(value['body']) &&
    ['kind', 'by', 'prev', 'hash', 'signature'].every((key) => typeof value[key] === 'string')
  );
}
