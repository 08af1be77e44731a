import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** What the spool asks of its records. */
export function prepareSpoolStatements(
  database: DatabaseSync,
): Record<
  | 'insertRecord'
  | 'originals'
  | 'pendingHeaders'
  | 'pendingAfter'
  | 'setHash'
  | 'setAside'
  | 'record'
  | 'hashes'
  | 'receipt'
  | 'takeBack'
  | 'reject'
  | 'forked',
  StatementSync
> {
  return {
    insertRecord: database.prepare(
      `INSERT INTO records (epoch, seq, kind, hash, samples, first, last, size, bytes, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sealed')`,
    ),
    originals: database.prepare(
      `SELECT r.id, r.samples, h.age FROM records r LEFT JOIN headers h ON h.id = r.id
       WHERE r.epoch = ? AND r.seq BETWEEN ? AND ? AND r.state = 'sealed'`,
    ),
    pendingHeaders: database.prepare(
      `SELECT r.id, r.epoch, r.seq, r.kind, r.samples, r.size, h.* FROM records r JOIN headers h ON h.id = r.id
       WHERE r.state = 'sealed' AND r.id > ? ORDER BY r.id LIMIT ?`,
    ),
    setHash: database.prepare('UPDATE records SET hash = ? WHERE id = ?'),
    setAside: database.prepare(
      "UPDATE records SET state = 'corrupt', reason = 'corrupt' WHERE id = ? AND state = 'sealed' RETURNING samples",
    ),
    pendingAfter: database.prepare(
      "SELECT id, epoch, seq, hash, bytes FROM records WHERE state = 'sealed' AND id > ? ORDER BY id LIMIT ?",
    ),
    record: database.prepare('SELECT id, epoch, seq, hash, bytes FROM records WHERE epoch = ? AND seq = ?'),
    hashes: database.prepare(
      'SELECT hash, state FROM records WHERE epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
    ),
    receipt: database.prepare(
      `UPDATE records SET state = 'receipted', settled = ?
       WHERE epoch = ? AND seq BETWEEN ? AND ? AND state = 'sealed' RETURNING id, samples, kind, seq`,
    ),
    takeBack: database.prepare(
      `UPDATE records SET state = 'sealed', settled = NULL
       WHERE epoch = ? AND seq BETWEEN ? AND ? AND state = 'receipted' RETURNING id, seq, samples`,
    ),
    reject: database.prepare(
      `UPDATE records SET state = 'rejected', reason = ?, settled = ?
       WHERE epoch = ? AND seq = ? AND state = 'sealed' RETURNING id, samples`,
    ),
    forked: database.prepare(
      "SELECT 1 FROM records WHERE state = 'rejected' AND reason = 'fork' AND epoch = ? LIMIT 1",
    ),
  };
}
