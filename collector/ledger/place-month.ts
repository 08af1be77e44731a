import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openMonth } from './month-schema.ts';

/**
 * Puts a month that was written anew in the place of the old file, which nobody writes to any more. Whoever reads the old
 * one goes on with it. Wherever this ends, one of the two is there, whole. False, and nothing changed, while another
 * process keeps the write-ahead log of the old one from being folded in.
 */
export function placeMonth(path: string, newPath: string): boolean {
  const db = openMonth(path);
  try {
    // What stayed in the log would be taken for the new file's.
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] !== 0) return false;
  } finally {
    db.close();
  }
  for (const ending of ['-wal', '-shm']) rmSync(path + ending, { force: true });
  renameSync(newPath, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return true;
}
