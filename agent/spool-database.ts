import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describeError, MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { isFullDisk, useAlone } from './spool-alone.ts';
import { syncFolder } from './spool-folder.ts';
import { applyFormat, refuseNewerFormat } from './spool-format.ts';
import { dropFirstPage, hasFirstPage, keepFirstPage, mendFirstPage } from './spool-pages.ts';
import { salvageSpool, type Salvage } from './spool-salvage.ts';
import { mendWal } from './spool-wal.ts';

/** A full check of a larger file would hold up the start; it is then made only when the file is under suspicion. */
const CHECK_BYTES_MAX = 64_000_000;
/** The spool in the data folder of an agent. */
export const SPOOL_FILE = 'spool.sqlite';

/**
 * Opens the spool's database, made when it is not there. What still proves itself is copied out of a corrupt one, which is
 * moved aside to quarantine/ with a loud log, never wiped. Throws an error of class `refuse` for one that a newer version wrote.
 *
 * @param isLazy durability `os`: not every commit was made certain
 */
export function openSpoolDatabase(folder: string, log: Log, isLazy = false): DatabaseSync {
  const path = join(folder, SPOOL_FILE);
  // An earlier start was cut off between taking the old one away and putting the new one there.
  if (existsSync(salvagedOf(path))) replaceBySalvaged(folder);
  if (mendWal(path, isLazy)) {
    writeFileSync(suspicionOf(path), '');
    log.error(
      { path },
      "a bit of the spool's write-ahead log was spoilt; it was mended, and the old one kept in quarantine/",
    );
  }
  if (mendFirstPage(path)) {
    writeFileSync(suspicionOf(path), '');
    log.error(
      { path },
      'the first page of the spool was spoilt; it was mended, and the old one kept in quarantine/',
    );
  }
  try {
    return open(path);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    const salvage = takeOver(folder, log);
    const place = replaceBySalvaged(folder);
    log.error(
      {
        place,
        reason: describeError(error),
        ...salvage,
        cure: 'Nothing has to be done for the readings; what could not be saved counts as dropped (corrupt), and energy counters go over it. If it comes again, the disk fails: replace it. The file in quarantine/ may be deleted.',
      },
      'the spool is corrupt; it was moved aside, and what still proves itself was taken over into a new one',
    );
    if (salvage?.sums === 'counted')
      log.warn(
        { place },
        'the sums of the spool were lost with it; they are counted anew from what is here. What was receipted, rejected or dropped and let go before is not in them any more: totals of this agent begin lower, and what the collector has is not touched',
      );
    return open(path);
  }
}

/** True for the errors by which SQLite says that a file is damaged or is no database. */
export function isCorruption(error: unknown): boolean {
  if (error instanceof MillwattError) return error.code === 'corrupt-spool';
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return false;
  // Primary codes: 11 SQLITE_CORRUPT, 26 SQLITE_NOTADB; the upper bits refine them.
  return (code & 0xff) === 11 || (code & 0xff) === 26;
}

/** Runs a change as one transaction: all of it or nothing. */
export function transact<Result>(database: DatabaseSync, change: () => Result): Result {
  return watch(database, () => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // A failed COMMIT may already have rolled back.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });
}

/** Damage that shows while we run is looked for at the next start, whatever the size of the file. */
export function watch<Result>(database: DatabaseSync, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const path = isCorruption(error) && database.isOpen ? database.location() : null;
    if (path !== null) raiseSuspicion(path);
    throw error;
  }
}

function raiseSuspicion(path: string): void {
  try {
    writeFileSync(suspicionOf(path), '');
  } catch {
    // A disk that takes nothing is told of elsewhere; the damage shows again.
  }
}

function open(path: string): DatabaseSync {
  try {
    if (existsSync(path) && statSync(path).size > 0 && hasLog(path)) refuseNewer(path);
    return openFile(path, () => {});
  } catch (error) {
    if (!isFullDisk(error)) throw error;
    // It takes nothing until there is room, but what is in it can be delivered.
    return openFile(path, useAlone);
  }
}

function openFile(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  const sizeBytes = existsSync(path) ? statSync(path).size : 0;
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    prepare(database);
    // Before anything is written.
    refuseNewerFormat(database, path);
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;');
    const suspected = existsSync(suspicionOf(path));
    if (suspected || (sizeBytes > 0 && sizeBytes <= CHECK_BYTES_MAX)) {
      const verdict = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      if (verdict !== 'ok') throw corruption(`${path} fails its check: ${String(verdict)}`);
      rmSync(suspicionOf(path), { force: true });
    }
    const isNew = transact(database, () => applyFormat(database));
    if (isNew || !hasFirstPage(path)) copyFirstPage(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function copyFirstPage(database: DatabaseSync, path: string): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    keepFirstPage(path);
  } catch (error) {
    // The next start does it.
    if (!isFullDisk(error)) throw error;
  }
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Looked at without the right to write: a file that we do not understand stays as it is, to the byte, and whoever may write
 * carries the log over when he closes it.
 */
function refuseNewer(path: string): void {
  const made = ['-wal', '-shm'].map((suffix) => `${path}${suffix}`).filter((beside) => !existsSync(beside));
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    refuseNewerFormat(database, path);
  } catch (error) {
    // Primary code 8: a start was cut off while it made the file, and what it began must be undone first.
    if ((Number((error as { errcode?: unknown }).errcode ?? 0) & 0xff) !== 8) throw error;
  } finally {
    database.close();
    // Looking made them, and they are empty.
    for (const beside of made) rmSync(beside, { force: true });
  }
}

/** Undefined where there is no room for a copy: then a new spool begins, and the old one can be salvaged by hand. */
function takeOver(folder: string, log: Log): Salvage | undefined {
  const path = join(folder, SPOOL_FILE);
  try {
    const salvage = salvageSpool(path, `${path}.salvaging`);
    renameSync(`${path}.salvaging`, salvagedOf(path));
    syncFolder(folder);
    return salvage;
  } catch (error) {
    log.error({ reason: describeError(error) }, 'nothing could be taken over from the corrupt spool');
    rmSync(`${path}.salvaging`, { force: true });
    return undefined;
  }
}

/** Moves the old one aside, then puts what was salvaged in its place. Cut off anywhere, the next start does the rest. */
function replaceBySalvaged(folder: string): string {
  const path = join(folder, SPOOL_FILE);
  dropFirstPage(path);
  const place = moveAside(folder);
  // A log of the old one must never come back beside the new one.
  syncFolder(folder);
  if (existsSync(salvagedOf(path))) renameSync(salvagedOf(path), path);
  syncFolder(folder);
  return place;
}

function suspicionOf(path: string): string {
  return `${path}.suspect`;
}

function salvagedOf(path: string): string {
  return `${path}.salvaged`;
}

function corruption(message: string): Error {
  return Object.assign(new Error(message), { errcode: 11 });
}

function moveAside(folder: string): string {
  const quarantine = join(folder, 'quarantine');
  mkdirSync(quarantine, { recursive: true, mode: 0o700 });
  chmodSync(quarantine, 0o700);
  let number = 1;
  const target = () => join(quarantine, `${SPOOL_FILE}.${number}`);
  while (['', '-wal'].some((suffix) => existsSync(`${target()}${suffix}`))) number += 1;
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(folder, `${SPOOL_FILE}${suffix}`);
    if (!existsSync(path)) continue;
    renameSync(path, `${target()}${suffix}`);
    chmodSync(`${target()}${suffix}`, 0o600);
  }
  rmSync(suspicionOf(join(folder, SPOOL_FILE)), { force: true });
  return target();
}
