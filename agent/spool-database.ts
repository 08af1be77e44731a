import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describeError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { applyFormat, refuseNewerFormat } from './spool-format.ts';

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
  if (sizeBytes > 0) refuseNewer(path);
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;');
    const suspected = existsSync(suspicionOf(path));
    if (suspected || (sizeBytes > 0 && sizeBytes <= CHECK_BYTES_MAX)) {
      const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (verdict !== 'ok') throw corruption(`${path} fails its check: ${String(verdict)}`);
      rmSync(suspicionOf(path), { force: true });
    }
    transact(database, () => applyFormat(database));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Looked at without the right to write: a file that we do not understand stays as it is, to the byte. */
function refuseNewer(path: string): void {
  const made = ['-wal', '-shm'].map((suffix) => `${path}${suffix}`).filter((beside) => !existsSync(beside));
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    refuseNewerFormat(database, path);
  } finally {
    database.close();
    // Looking made them, and they are empty.
    for (const beside of made) rmSync(beside, { force: true });
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
