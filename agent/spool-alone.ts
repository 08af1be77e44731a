import { statfsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** SQLITE_IOERR_SHMSIZE: the index of the log, which processes share, finds no room. */
const NO_ROOM_FOR_INDEX = 4874;
/** Primary codes of SQLite. */
const IO_ERROR = 10;
const FULL = 13;
const FULL_DISK = new Set(['ENOSPC', 'EDQUOT']);
/** The index takes 32 KiB and grows with the log; less than this is no room yet, bytes. */
const ROOM_TO_SHARE = 1_000_000;

/** True where the disk has no room for what was to be written. */
export function isFullDisk(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  if (typeof code === 'string' && FULL_DISK.has(code)) return true;
  return typeof errcode === 'number' && (errcode === NO_ROOM_FOR_INDEX || (errcode & 0xff) === FULL);
}

/** True where the disk does not take what is written, for want of room or because it fails. */
export function isRefusedByDisk(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return (
    isFullDisk(error) || code === 'EIO' || (typeof errcode === 'number' && (errcode & 0xff) === IO_ERROR)
  );
}

/**
 * Keeps the index of the log in memory: on a full disk a spool can be read in no other way. No other process can read it
 * meanwhile. Call it before anything is read.
 */
export function useAlone(database: DatabaseSync): void {
  database.exec('PRAGMA locking_mode=EXCLUSIVE');
}

/** Whether no other process can read the database now. */
export function isAlone(database: DatabaseSync): boolean {
  return database.prepare('PRAGMA locking_mode').get()?.['locking_mode'] === 'exclusive';
}

/**
 * Lets other processes read the database again, once the disk has room; gives whether they can. SQLite moves the index
 * only when the log is gone, so it is carried over and begun anew; each step of that is whole or not done.
 */
export function shareAgain(database: DatabaseSync, folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < ROOM_TO_SHARE) return false;
  for (const mode of ['journal_mode=DELETE', 'locking_mode=NORMAL', 'journal_mode=WAL'])
    database.prepare(`PRAGMA ${mode}`).get();
  return !isAlone(database);
}
