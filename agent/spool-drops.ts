import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Something that will never come: records from..to of an epoch, or samples alone (both null). */
export interface Drop {
  id: number;
  epoch: string;
  /** One short word: `spool-full`, `too-old`, `corrupt`, `disk-failed`, `unreadable`. */
  reason: string;
  from: number | null;
  to: number | null;
  samples: number;
}

/**
 * What was dropped and is not told in the chain for certain. It stands in the database from the transaction of the drop until
 * the log record that tells it is receipted: neither a crash nor the drop of that record lets it be forgotten.
 */
export class SpoolDrops {
  readonly #extend: StatementSync;
  readonly #insert: StatementSync;
  readonly #untold: StatementSync;
  readonly #tell: StatementSync;
  readonly #untell: StatementSync;
  readonly #forget: StatementSync;
  /** False only while nothing waits to be told for certain: it is asked four times a second, and nothing is dropped for years. */
  #mayBeUntold = true;

  constructor(database: DatabaseSync) {
    // Ranges that follow each other are one: a spool that is full for weeks must not fill with the tale of it.
    this.#extend = database.prepare(
      `UPDATE drops SET last = ?3, samples = samples + ?4
       WHERE told IS NULL AND epoch = ?1 AND reason = ?5 AND last = ?2 - 1`,
    );
    this.#insert = database.prepare(
      'INSERT INTO drops (epoch, reason, first, last, samples) VALUES (?, ?, ?, ?, ?)',
    );
    this.#untold = database.prepare(
      'SELECT id, epoch, reason, first, last, samples FROM drops WHERE told IS NULL ORDER BY id LIMIT ?',
    );
    this.#tell = database.prepare('UPDATE drops SET told = ? WHERE id = ?');
    this.#untell = database.prepare('UPDATE drops SET told = NULL WHERE told = ?');
    this.#forget = database.prepare('DELETE FROM drops WHERE told = ?');
  }

  /** Inside the transaction that drops them. */
  addRecords(epoch: string, reason: string, from: number, to: number, samples: number): void {
    this.#mayBeUntold = true;
    const { changes } = this.#extend.run(epoch, from, to, samples, reason);
    if (changes === 0) this.#insert.run(epoch, reason, from, to, samples);
  }

  /** Samples that never were in a record, or no one knows in which. */
  addSamples(epoch: string, reason: string, samples: number): void {
    this.#mayBeUntold = true;
    this.#insert.run(epoch, reason, null, null, samples);
  }

  /** Outside a transaction: what it sees must not be rolled back. */
  untold(limit: number): Drop[] {
    if (!this.#mayBeUntold) return [];
    const drops = this.#untold.all(limit).map((row) => ({
      id: Number(row['id']),
      epoch: String(row['epoch']),
      reason: String(row['reason']),
      from: row['first'] === null ? null : Number(row['first']),
      to: row['last'] === null ? null : Number(row['last']),
      samples: Number(row['samples']),
    }));
    this.#mayBeUntold = drops.length > 0;
    return drops;
  }

  /** The log record that tells these was sealed, in the same transaction. */
  markTold(ids: readonly number[], epoch: string, seq: number): void {
    for (const id of ids) this.#tell.run(placeOf(epoch, seq), id);
  }

  /** The log record that told of them is dropped itself. */
  untell(epoch: string, seq: number): void {
    this.#mayBeUntold = true;
    this.#untell.run(placeOf(epoch, seq));
  }

  /** The log record that told of them has arrived, or never will be accepted. */
  forget(epoch: string, seq: number): void {
    this.#forget.run(placeOf(epoch, seq));
  }
}

function placeOf(epoch: string, seq: number): string {
  return `${epoch}/${seq}`;
}
