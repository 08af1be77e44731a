import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';

/**
 * Takes a folder for one process; the operating system gives it back when the process dies, however it dies.
 * Throws an error of class `refuse` (code `folder-in-use`) when another process, or another agent of this one, has it.
 *
 * @returns gives the folder back
 */
export function lockFolder(folder: string): () => void {
  // An SQLite file of its own: the lock of the spool itself would keep readers such as `doctor` out.
  const database = new DatabaseSync(join(folder, 'lock.sqlite'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new MillwattError('refuse', 'folder-in-use', `Another agent is using the folder ${folder}.`, {
      cure: 'Stop the other agent, or give this one a data folder of its own.',
      cause,
    });
  }
  return () => database.close();
}

function isBusy(error: unknown): boolean {
  // 5 is SQLITE_BUSY; the upper bits refine it.
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' && (code & 0xff) === 5;
}
