import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Log } from '../protocols/log.ts';
import type { SpoolAccounts } from './spool-accounts.ts';

/** How many records one sweep looks at; sweeps follow each other until there is room. */
const SWEEP_RECORDS = 64;
/** Beyond the rows themselves SQLite keeps a write-ahead log and half-filled pages. */
const FILL_SHARE = 0.9;

/**
 * Keeps the spool within its size: receipted records go first, then rejected ones, and only then the oldest that no
 * collector has, counted and said loudly.
 */
export class SpoolRetention {
  readonly #maxBytes: number;
  readonly #keepMs: number;
  readonly #accounts: SpoolAccounts;
  readonly #log: Log;
  readonly #oldest: StatementSync;
  readonly #expired: StatementSync;
  readonly #remove: StatementSync;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  readonly #pageBytes: number;

  constructor(
    database: DatabaseSync,
    options: { maxBytes: number; keepMs: number; accounts: SpoolAccounts; log: Log },
  ) {
    this.#maxBytes = options.maxBytes * FILL_SHARE;
    this.#keepMs = options.keepMs;
    this.#accounts = options.accounts;
    this.#log = options.log;
    // A config record that no collector has stays: every later reading of its chain rests on it.
    this.#oldest = database.prepare(
      "SELECT id, samples, size FROM records WHERE state = ?1 AND (?1 <> 'sealed' OR kind <> 'config') ORDER BY id LIMIT ?2",
    );
    // Only the oldest are looked at: a kept record must not cost anything at every seal.
    this.#expired = database.prepare(
      `DELETE FROM records WHERE settled < ? AND id IN
       (SELECT id FROM records WHERE state = 'receipted' ORDER BY id LIMIT ${SWEEP_RECORDS})`,
    );
    this.#remove = database.prepare('DELETE FROM records WHERE id = ?');
    this.#pages = database.prepare('PRAGMA page_count');
    this.#free = database.prepare('PRAGMA freelist_count');
    this.#pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size'] ?? 4096);
  }

  /** Bytes that rows take in the file. */
  usedBytes(): number {
    const pages = Number(this.#pages.get()?.['page_count'] ?? 0);
    return (pages - Number(this.#free.get()?.['freelist_count'] ?? 0)) * this.#pageBytes;
  }

  /** Deletes receipted records that have been kept long enough. Inside a transaction. */
  expire(nowMs: number): void {
    this.#expired.run(nowMs - this.#keepMs);
  }

  /** Makes room for so many bytes more. Inside a transaction. */
  makeRoom(bytes: number): void {
    let excess = this.usedBytes() + bytes - this.#maxBytes;
    for (const state of ['receipted', 'rejected', 'sealed']) {
      while (excess > 0) {
        const freed = this.#sweep(state, excess);
        if (freed === 0) break;
        excess -= freed;
      }
    }
  }

  #sweep(state: string, excess: number): number {
    let freed = 0;
    let records = 0;
    let samples = 0;
    for (const row of this.#oldest.all(state, SWEEP_RECORDS)) {
      if (freed >= excess) break;
      this.#remove.run(Number(row['id']));
      freed += Number(row['size']);
      records += 1;
      samples += Number(row['samples']);
    }
    if (state === 'sealed' && records > 0) {
      this.#accounts.addDropped('spool-full', records, samples);
      this.#log.error(
        { records, samples },
        'the spool is full: the oldest records were dropped before any collector had them. Bring the collector back, or allow a larger spool.maxSize',
      );
    }
    return freed;
  }
}
