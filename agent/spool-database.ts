import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describeError, MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';

/*
 * The spool, table by table (SQLite, WAL, synchronous=FULL):
 *
 *   meta      name -> text: format, epoch, seq and hash of the chain's head, hash of the last sealed config, pinned collector key
 *   boots     every process run with its latest clock anchor: what its rows need to be sealed after a crash
 *   open      readings that are durable and not sealed: the text of a MachinePart (protocols/telemetry/part.ts) a row
 *   records   sealed records, byte for byte; state sealed | receipted | rejected
 *   counters  sums that only grow: samples and records by fate
 *
 * Always: counters.sampled = counters.receipted + counters.rejected + dropped:* + samples in open + samples in records of
 * state sealed.
 */
const FORMAT = '1';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS boots (
    ordinal INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, config TEXT NOT NULL,
    mono INTEGER NOT NULL, wall INTEGER NOT NULL, state TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS open (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, machine TEXT NOT NULL, samples INTEGER NOT NULL, part TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL,
    samples INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT, settled INTEGER, bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS records_seq ON records (epoch, seq);
  CREATE INDEX IF NOT EXISTS records_state ON records (state, id, samples, size);
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`;
/** A full check of a larger file would hold up the start; it is then made only when the file is under suspicion. */
const CHECK_BYTES_MAX = 64_000_000;
const FILE = 'spool.sqlite';

/**
 * Opens the spool's database, made when it is not there. A corrupt one is moved aside to quarantine/ with a loud log,
 * never wiped, and a new one begins. Throws an error of class `refuse` for one that a newer version wrote.
 */
export function openSpoolDatabase(folder: string, log: Log): DatabaseSync {
  try {
    return open(folder);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    const place = moveAside(folder);
    log.error(
      { place, reason: describeError(error) },
      'the spool is corrupt; it was moved aside and a new one begins. Records in it that were not receipted can be recovered from there',
    );
    return open(folder);
  }
}

/** True for the errors by which SQLite says that a file is damaged or is no database. */
export function isCorruption(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return false;
  // Primary codes: 11 SQLITE_CORRUPT, 26 SQLITE_NOTADB; the upper bits refine them.
  return (code & 0xff) === 11 || (code & 0xff) === 26;
}

/** Runs a change as one transaction: all of it or nothing. */
export function transact<Result>(database: DatabaseSync, change: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = change();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT may already have rolled back.
    if (database.isTransaction) database.exec('ROLLBACK');
    if (isCorruption(error)) raiseSuspicion(database);
    throw error;
  }
}

function open(folder: string): DatabaseSync {
  const path = join(folder, FILE);
  const sizeBytes = existsSync(path) ? statSync(path).size : 0;
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;');
    const suspected = existsSync(suspicionOf(path));
    if (suspected || (sizeBytes > 0 && sizeBytes <= CHECK_BYTES_MAX)) {
      const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (verdict !== 'ok') throw corruption(`${path} fails its check: ${String(verdict)}`);
      rmSync(suspicionOf(path), { force: true });
    }
    database.exec(SCHEMA);
    requireFormat(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function requireFormat(database: DatabaseSync, path: string): void {
  database.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('format', ?)").run(FORMAT);
  const format = database.prepare("SELECT value FROM meta WHERE name = 'format'").get()?.['value'];
  if (format !== FORMAT) {
    throw new MillwattError(
      'refuse',
      'newer-spool',
      `${path} has format ${String(format)}; this version reads ${FORMAT}.`,
      {
        cure: 'Run the version of millwatt that wrote it, until everything in it is receipted.',
      },
    );
  }
}

/** Damage that shows while we run is looked for at the next start, whatever the size of the file. */
function raiseSuspicion(database: DatabaseSync): void {
  const path = database.location();
  if (path !== null) writeFileSync(suspicionOf(path), '');
}

function suspicionOf(path: string): string {
  return `${path}.suspect`;
}

function corruption(message: string): Error {
  return Object.assign(new Error(message), { errcode: 11 });
}

function moveAside(folder: string): string {
  const quarantine = join(folder, 'quarantine');
  mkdirSync(quarantine, { recursive: true });
  let number = 1;
  const target = () => join(quarantine, `${FILE}.${number}`);
  while (existsSync(target())) number += 1;
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(folder, `${FILE}${suffix}`);
    if (existsSync(path)) renameSync(path, `${target()}${suffix}`);
  }
  rmSync(suspicionOf(join(folder, FILE)), { force: true });
  return target();
}
