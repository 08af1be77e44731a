import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { MillwattError } from '../../protocols/errors.ts';
import { sqliteCode } from './month-schema.ts';

/** What is read at once where it is only tried; a page of a database, a sector of any disk. */
const PIECE_BYTES = 4096;

/**
 * Refuses to go on (code `unreadable-ledger`) where the disk reads nothing at all of a month's file: a disk that is gone has
 * damaged nothing, and comes back with all of it.
 */
export function refuseUnreadable(path: string): void {
  const { good, bad } = tryPieces(path);
  if (bad === 0 || good > 0) return;
  throw new MillwattError('refuse', 'unreadable-ledger', `The disk cannot read anything of ${path}.`, {
    cure: 'Is the disk there, and its cable? Where it is broken, restore the data folder from a backup: agents are asked for what is newer.',
  });
}

/** Whether an error of SQLite comes of places in a month's file that the disk cannot read, while it reads others. */
export function isBadSector(path: string, error: unknown): boolean {
  if (sqliteCode(error) !== 10) return false;
  const { good, bad } = tryPieces(path);
  return bad > 0 && good > 0;
}

function tryPieces(path: string): { good: number; bad: number } {
  const handle = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    const tried = { good: 0, bad: 0 };
    for (let at = 0; at < size; at += PIECE_BYTES)
      tried[readAt(handle, at, Math.min(PIECE_BYTES, size - at)) === undefined ? 'bad' : 'good']++;
    return tried;
  } finally {
    closeSync(handle);
  }
}

/** Bytes of a file; undefined where it ends before, or where the disk cannot read them. */
export function readAt(handle: number, at: number, bytes: number): Uint8Array | undefined {
  const buffer = new Uint8Array(bytes);
  try {
    return readSync(handle, buffer, 0, bytes, at) === bytes ? buffer : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return undefined;
    throw error;
  }
}

/** A file as far as the disk can read it; the rest is zero. */
export function readWhatCanBe(path: string, pieceBytes = 512): Uint8Array {
  const handle = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    const whole = readAt(handle, 0, size);
    if (whole !== undefined) return whole;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += pieceBytes)
      bytes.set(readAt(handle, at, Math.min(pieceBytes, size - at)) ?? [], at);
    return bytes;
  } finally {
    closeSync(handle);
  }
}
