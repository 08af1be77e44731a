import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import { sqliteCode } from './month-schema.ts';

/**
 * Takes the ledger for this process. The operating system holds the lock, so it ends with the process, however that
 * ends. Throws an error of class `refuse` (code `ledger-in-use`) when another collector has it.
 */
export function lockLedger(folder: string): { release: () => void } {
  const db = new DatabaseSync(join(folder, 'lock.db'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    if (sqliteCode(cause) !== 5) throw cause;
    throw new MillwattError(
      'refuse',
      'ledger-in-use',
      `Another collector is using the ledger in ${folder}.`,
      {
        cure: 'Stop the other collector, or give this one a data folder of its own.',
        cause,
      },
    );
  }
  return { release: () => db.close() };
}
