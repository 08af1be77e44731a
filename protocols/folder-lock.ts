import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MillwattError } from './errors.ts';

const SQLITE_BUSY = 5;

/**
 * Takes a folder for one process; the operating system gives it back when the process dies, however it dies. Throws an
 * error of class `refuse` (code `folder-in-use`) when another process, or another part of this one, has it.
 *
 * @param user who uses such a folder, for the message: `agent`, `collector`
 * @returns gives the folder back
 */
export function lockFolder(folder: string, user: string): () => void {
  // An SQLite file of its own: a lock on the data itself would keep readers such as `hours` out.
  const database = new DatabaseSync(join(folder, 'lock.sqlite'), { timeout: 0 });
  try {
    // A journal would have to be written before there is a lock: a full disk would look like a folder in use.
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new MillwattError('refuse', 'folder-in-use', `Another ${user} is using the folder ${folder}.`, {
      cure: `Stop the other ${user}, or give this one a data folder of its own.`,
      cause,
    });
  }
  return () => database.close();
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  // The upper bits refine it.
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY;
}
