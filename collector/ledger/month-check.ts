import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { isBadSector, refuseUnreadable } from './bad-sectors.ts';
import { isMarkedDamaged, markDamaged, monthPath, unmarkDamaged, type Month } from './month-file.ts';
import { isDamage, openMonth, openMonthToRead, sqliteCode } from './month-schema.ts';
import { MonthReader } from './month-reader.ts';
import { salvageMonth } from './salvage-month.ts';

/** Lost ordinals are stepped over, so that no cursor that has passed them takes a new record for an old one. */
const ORDINALS_PER_LOST_FILE = 1_000_000_000;

/**
 * Opens every month of a ledger for reading, oldest first. A damaged file is set aside under another name, never wiped, and
 * said so; the month begins anew with every record of it that is sound. Throws an error of class `refuse` for a file of a
 * later version, before any other is touched.
 */
export function openMonths(options: {
  folder: string;
  months: readonly Month[];
  log: Log;
  /** Called with what shows at a read that a month is damaged; it throws. */
  onDamage: (path: string, error: unknown) => never;
  /** Wall time that names what is set aside, ms since the Unix epoch. */
  nowMs: number;
}): Map<Month, MonthReader> {
  const { folder, months, log, nowMs, onDamage } = options;
  const readers = new Map<Month, MonthReader>();
  let lastOrdinal = 0;
  let lostFiles = 0;
  for (const month of months) refuseNewer(monthPath(folder, month));
  for (const month of months) {
    const path = monthPath(folder, month);
    removeHalf(path);
    placeWhole(path);
    let reader = openChecked(path, log);
    if (reader === undefined) {
      lostFiles++;
      reader = salvage(path, nowMs, log);
    }
    const { last, floor } = reader.ordinals();
    lastOrdinal = Math.max(lastOrdinal, last ?? 0, floor);
    reader.close();
    readers.set(month, new MonthReader(path, log, (error) => onDamage(path, error)));
  }
  const newest = months.at(-1);
  if (lostFiles > 0 && newest !== undefined) {
    raiseFloor(monthPath(folder, newest), lastOrdinal + lostFiles * ORDINALS_PER_LOST_FILE);
  }
  return readers;
}

/** A damaged file is no later one, whatever it says. */
function refuseNewer(path: string): void {
  try {
    openMonthToRead(path).close();
  } catch (error) {
    if (error instanceof MillwattError) throw error;
  }
}

/** What a month was being written anew to when the process ended. */
function removeHalf(path: string): void {
  for (const ending of ['.new', '.new-wal', '.new-shm', '.salvaged', '.salvaged-wal', '.salvaged-shm'])
    rmSync(path + ending, { force: true });
}

/** A reader of the file, or undefined when the file is damaged. */
function openChecked(path: string, log: Log): MonthReader | undefined {
  if (isMarkedDamaged(path)) return undefined;
  let reader: MonthReader | undefined;
  try {
    // Opened for writing once, so that what a killed process left in the write-ahead log is taken in.
    openMonth(path).close();
    reader = new MonthReader(path, log);
    reader.ordinals();
    if (isCounted(reader)) return reader;
  } catch (error) {
    reader?.close();
    if (isDamage(error) || sqliteCode(error) === 1 || isBadSector(path, error)) return undefined;
    throw error;
  }
  reader.close();
  return undefined;
}

/** What is noted of chains is of one piece: damage in pages that nothing reads at a start shows when they are read. */
function isCounted(reader: MonthReader): boolean {
  const held = new Map<string, number>();
  for (const { agent, epoch, from, to } of reader.ranges())
    held.set(`${agent}/${epoch}`, (held.get(`${agent}/${epoch}`) ?? 0) + to - from + 1);
  const chains = reader.chains();
  reader.gone();
  return (
    chains.length === held.size &&
    chains.every(({ agent, epoch, records }) => held.get(`${agent}/${epoch}`) === records)
  );
}

function salvage(path: string, nowMs: number, log: Log): MonthReader {
  refuseUnreadable(path);
  const file = basename(path);
  const kept = `${path}.corrupt-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '')}`;
  log.error(
    { file, keptAs: basename(kept) },
    'A month of the ledger is damaged and is set aside; sound records of it are salvaged.',
  );
  // Until all of it is done, the next start does it again.
  markDamaged(path);
  const records = salvageMonth(path, `${path}.salvaged`);
  for (const ending of ['-wal', ''])
    if (existsSync(path + ending) && !existsSync(kept + ending)) linkSync(path + ending, kept + ending);
  renameSync(`${path}.salvaged`, `${path}.whole`);
  placeWhole(path);
  log.error(
    { file, records },
    'What was sound of the damaged month is in the ledger again; the rest is asked for from the agents. Stop the collector and restore the file from a backup if they do not have it any more.',
  );
  return new MonthReader(path, log);
}

/** Puts what was salvaged in the place of the damaged file, also where a process ended in the middle of that. */
function placeWhole(path: string): void {
  if (!existsSync(`${path}.whole`)) return;
  // What the damaged file had in its log would be taken for the other's.
  for (const ending of ['-wal', '-shm']) rmSync(path + ending, { force: true });
  renameSync(`${path}.whole`, path);
  unmarkDamaged(path);
}

function raiseFloor(path: string, floor: number): void {
  const db = openMonth(path);
  try {
    db.prepare("UPDATE meta SET value = max(value, ?) WHERE name = 'ordinal_floor'").run(floor);
  } finally {
    db.close();
  }
}
