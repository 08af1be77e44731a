import { renameSync, existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Log } from '../../protocols/log.ts';
import { monthPath, type Month } from './month-file.ts';
import { isDamage, openMonth } from './month-schema.ts';
import { MonthReader } from './month-reader.ts';

/** Lost ordinals are stepped over, so that no cursor that has passed them takes a new record for an old one. */
const ORDINALS_PER_LOST_FILE = 1_000_000_000;

/**
 * Opens every month of a ledger for reading, oldest first. A damaged file is set aside under another name, never wiped,
 * and said so; the month begins anew. Throws an error of class `refuse` for a file of a later version.
 */
export function openMonths(options: {
  folder: string;
  months: readonly Month[];
  log: Log;
  /** Wall time that names what is set aside, ms since the Unix epoch. */
  nowMs: number;
}): Map<Month, MonthReader> {
  const { folder, months, log, nowMs } = options;
  const readers = new Map<Month, MonthReader>();
  let lastOrdinal = 0;
  let lostFiles = 0;
  for (const month of months) {
    const path = monthPath(folder, month);
    const reader = openChecked(path, log);
    if (reader === undefined) {
      setAside(path, nowMs, log);
      lostFiles++;
      continue;
    }
    const { last, floor } = reader.ordinals();
    lastOrdinal = Math.max(lastOrdinal, last ?? 0, floor);
    readers.set(month, reader);
  }
  const newest = months.at(-1);
  if (lostFiles > 0 && newest !== undefined) {
    raiseFloor(monthPath(folder, newest), lastOrdinal + lostFiles * ORDINALS_PER_LOST_FILE);
    if (!readers.has(newest)) readers.set(newest, new MonthReader(monthPath(folder, newest), log));
  }
  return readers;
}

/** A reader of the file, or undefined when the file is damaged. */
function openChecked(path: string, log: Log): MonthReader | undefined {
  let reader: MonthReader | undefined;
  try {
    // Opened for writing once, so that what a killed process left in the write-ahead log is taken in.
    openMonth(path).close();
    reader = new MonthReader(path, log);
    // These walk the whole index that admission rests on.
    reader.ranges();
    reader.chains();
    reader.ordinals();
    return reader;
  } catch (error) {
    reader?.close();
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function setAside(path: string, nowMs: number, log: Log): void {
  const suffix = `corrupt-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '')}`;
  for (const ending of ['', '-wal', '-shm'])
    if (existsSync(path + ending)) renameSync(path + ending, `${path}.${suffix}${ending}`);
  log.error(
    { file: basename(path), keptAs: `${basename(path)}.${suffix}` },
    'A month of the ledger is damaged and was set aside. Stop the collector and restore the file from a backup; what agents still hold is asked for again.',
  );
}

function raiseFloor(path: string, floor: number): void {
  const db = openMonth(path);
  try {
    db.prepare("UPDATE meta SET value = max(value, ?) WHERE name = 'ordinal_floor'").run(floor);
  } finally {
    db.close();
  }
}
