import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseWanted } from '../../collector/ingest/wanted-records.ts';
import { verifyJournal } from '../../collector/journal/sqlite-journal.ts';
import { isDamage, openMonthToRead, RUNS_WALKED, versionOf } from '../../collector/ledger/month-schema.ts';
import { openViewsToRead } from '../../collector/ledger/views-schema.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { readKey } from '../journal-access.ts';
import { isDatabase, type StoreFile, type StoreKind } from './store-files.ts';

/** A thing that is wrong with a file, and what to do about it. */
export interface FileFault {
  /** A short stable word: `damaged`, `index-differs`, `newer`, `rights`, `set-aside`, `unreadable`. */
  code: string;
  file: string;
  says: string;
  cure: string;
}

/** What was found of one file. */
export interface CheckedFile {
  file: string;
  kind: StoreKind;
  bytes: number;
  /** Of its layout; null where it has none. */
  version: number | null;
  /** Records, hours, entries, keys, lines or messages in it; null where that could not be told. */
  holds: number | null;
  faults: FileFault[];
}

/** Of a file with many faults, so many are named. */
const FAULTS_MAX = 10;
const RESTORE =
  'Stop the collector, put the file of a backup in its place (with its -wal and -shm beside it removed), delete views.db in the data folder and start it again.';

/**
 * Checks one file: that SQLite finds it whole, that its version is one we know, that what it counts is what it holds, that
 * keys can be read by their owner only. Yields the share that is done, 0..1. A collector may write into it meanwhile: what is
 * looked at is of one moment. Never throws for what is wrong with the file.
 */
export function* checkFile(file: StoreFile): Generator<number, CheckedFile> {
  const checked: CheckedFile = {
    file: file.name,
    kind: file.kind,
    bytes: file.bytes,
    version: null,
    holds: null,
    faults: [],
  };
  const report = (code: string, says: string, cure: string) =>
    void checked.faults.push({ code, file: file.name, says, cure });
  try {
    if (isDatabase(file)) yield* checkDatabase(file, checked, report);
    else checkPlain(file, checked, report);
  } catch (error) {
    if (error instanceof MillwattError) report(codeOf(error), error.message, error.cure ?? cureOf(file.kind));
    else if (isDamage(error))
      report('damaged', `${file.name} is damaged: ${describeError(error)}.`, cureOf(file.kind));
    else
      report(
        'unreadable',
        `${file.name} cannot be read: ${describeError(error)}.`,
        'Check the disk, and that the user who runs this may read the data folder.',
      );
  }
  checked.faults.splice(FAULTS_MAX);
  return checked;
}

type Report = (code: string, says: string, cure: string) => void;

function* checkDatabase(file: StoreFile, checked: CheckedFile, report: Report): Generator<number, void> {
  const db = openToRead(file);
  try {
    checked.version = versionOf(db);
    // Everything below is of this moment.
    db.exec('BEGIN');
    const tables = db
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rootpage",
      )
      .all()
      .map(({ name }) => String(name));
    for (const [index, table] of tables.entries()) {
      yield index / (tables.length + 1);
      for (const row of db.prepare(`PRAGMA quick_check('${table}')`).all()) {
        const says = String(row['quick_check']);
        if (says !== 'ok') report('damaged', `${file.name}, table ${table}: ${says}.`, cureOf(file.kind));
      }
    }
    yield tables.length / (tables.length + 1);
    if (checked.faults.length > 0) return;
    if (file.kind === 'month') checkMonth(db, file, checked, report);
    else if (file.kind === 'views') checked.holds = count(db, 'SELECT count(*) AS n FROM hour');
    else if (file.kind === 'days') checked.holds = count(db, 'SELECT count(*) AS n FROM entry');
    else if (file.kind === 'journal') checkJournal(db, file, checked, report);
  } finally {
    db.close();
  }
}

function openToRead({ kind, path }: StoreFile): DatabaseSync {
  if (kind === 'month') return openMonthToRead(path);
  if (kind === 'views') return openViewsToRead(path);
  return new DatabaseSync(path, { readOnly: true, timeout: 5000 });
}

/** What a month counts beside its records, and what refers to them, against the records themselves. */
function checkMonth(db: DatabaseSync, { name, kind }: StoreFile, checked: CheckedFile, report: Report): void {
  checked.holds = count(db, 'SELECT count(*) AS n FROM record');
  const differ = (what: string, sql: string) => {
    const found = count(db, `SELECT count(*) AS n FROM (${sql})`);
    if (found > 0) report('index-differs', `${name}: ${found} ${what}.`, cureOf(kind));
  };
  differ(
    'chains are counted otherwise than their records are',
    `SELECT agent, epoch, count(*) AS records, sum(samples) AS samples, min(ordinal) AS first FROM record GROUP BY agent, epoch
     EXCEPT SELECT agent, epoch, records, samples, first_ordinal FROM chain`,
  );
  differ(
    'chains are counted without any record',
    'SELECT agent, epoch FROM chain EXCEPT SELECT agent, epoch FROM record',
  );
  differ(
    'entries of machines point at records that are not there',
    'SELECT ordinal FROM part EXCEPT SELECT ordinal FROM record',
  );
  if (versionOf(db) < 2) return;
  const runs = 'SELECT agent, epoch, from_seq, to_seq FROM run';
  differ('runs of records are missing from the index', `${RUNS_WALKED} EXCEPT ${runs}`);
  differ('runs of the index are not those of the records', `${runs} EXCEPT SELECT * FROM (${RUNS_WALKED})`);
  differ(
    'ranges that are gone are told by no record, or are none',
    'SELECT ordinal FROM gone WHERE from_seq > to_seq OR ordinal NOT IN (SELECT ordinal FROM record)',
  );
}

function checkJournal(
  db: DatabaseSync,
  { name, path, kind }: StoreFile,
  checked: CheckedFile,
  report: Report,
): void {
  checked.holds = count(db, 'SELECT count(*) AS n FROM entry');
  const folder = dirname(path);
  const { fault } = verifyJournal({ folder, publicKey: readKey(folder).publicKey });
  if (fault !== undefined) report('damaged', `${name}: ${fault}`, cureOf(kind));
  checkRights(path, name, report);
}

function checkPlain({ name, path, kind }: StoreFile, checked: CheckedFile, report: Report): void {
  if (kind === 'key') {
    readKey(dirname(path));
    checked.holds = 1;
    checkRights(path, name, report);
  } else if (kind === 'wanted') {
    try {
      checked.holds = parseWanted(readFileSync(path, 'utf8')).length;
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      report(
        'damaged',
        `${name} does not say which records are to be asked for: ${describeError(error)}.`,
        'Put it back from a backup, or delete it: a record that comes and names one before it that is not here notes that one again.',
      );
    }
  } else if (kind === 'lines') {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    checked.holds = lines.length;
  } else if (kind === 'quarantine') {
    checked.holds = 1;
    const [hash] = basename(path).split('.');
    if (sha256(readFileSync(path)) !== hash)
      report('damaged', `${name} is not what was set aside.`, 'Delete it: it is of no use to anyone.');
  } else if (kind === 'set-aside')
    report(
      'set-aside',
      `${name} was found damaged at a start, and set aside.`,
      'Restore the month from a backup, or let the agents send again what they still hold; then move this file away.',
    );
}

/** What signs, and what people told, is for nobody else to read or write. */
function checkRights(path: string, name: string, report: Report): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0)
    report(
      'rights',
      `${name} can be read or written by others (mode ${mode.toString(8)}).`,
      `chmod 600 ${path}`,
    );
}

function count(db: DatabaseSync, sql: string): number {
  return Number(db.prepare(sql).get()?.['n']);
}

function codeOf({ code }: MillwattError): string {
  if (code.startsWith('newer') || code === 'other-views') return 'newer';
  return code.endsWith('damaged') ? 'damaged' : 'unreadable';
}

function cureOf(kind: StoreKind): string {
  if (kind === 'views')
    return 'Stop the collector, delete views.db in its data folder and start it: it is computed again from the ledger.';
  if (kind === 'journal' || kind === 'key')
    return 'Stop the collector, put journal.db and collector-key.pem back from one backup (remove journal.db-wal and -shm first): what people decided cannot be computed again.';
  return RESTORE;
}
