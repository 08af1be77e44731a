import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SPOOL_FILE } from './spool-database.ts';

/** What of a spool waits for a collector. Times are wall ms by the agent's clock; null where there is no such record. */
export interface WaitingRecords {
  records: number;
  samples: number;
  /** When the oldest of them was read to its end. */
  sinceMs: number | null;
  /** When the newest one was read that a collector has receipted and that is kept still. */
  receiptedMs: number | null;
}

/** Asks the spool in a folder, whose agent may be running; null where there is none. Throws what SQLite throws. */
export function readWaiting(folder: string): WaitingRecords | null {
  const path = join(folder, SPOOL_FILE);
  if (!existsSync(path)) return null;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  try {
    const counted = database
      .prepare(
        "SELECT COUNT(*) AS records, COALESCE(SUM(samples), 0) AS samples FROM records WHERE state = 'sealed'",
      )
      .get();
    const readAt = (state: string, order: 'ASC' | 'DESC') =>
      database
        .prepare(
          `SELECT h.wall - h.mono + r.last AS at FROM records r JOIN headers h ON h.id = r.id
           WHERE r.state = ? ORDER BY r.id ${order} LIMIT 1`,
        )
        .get(state)?.['at'];
    const timeOf = (at: unknown) => (typeof at === 'number' ? at : null);
    return {
      records: Number(counted?.['records'] ?? 0),
      samples: Number(counted?.['samples'] ?? 0),
      sinceMs: timeOf(readAt('sealed', 'ASC')),
      receiptedMs: timeOf(readAt('receipted', 'DESC')),
    };
  } finally {
    database.close();
  }
}
