import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Log } from '../protocols/log.ts';
import type { SpoolAccounts } from './spool-accounts.ts';
import type { SpoolDrops } from './spool-drops.ts';

/** How many records one sweep looks at; sweeps follow each other until there is room. */
const SWEEP_RECORDS = 64;
/** Beyond the rows themselves SQLite keeps a write-ahead log and half-filled pages. */
const FILL_SHARE = 0.9;
/** So much of it the log may take before it is carried over, and no more pages than SQLite's own default. */
const LOG_SHARE = 0.04;
const LOG_PAGES_MIN = 8;
const LOG_PAGES_MAX = 1000;

/**
 * A snapshot is kept while anything rests on it, what is still to be read as well: a ledger that lost it with its disk could
 * make nothing of the readings that it has.
 */
const IS_RESTED_ON = `r.kind = 'config' AND r.state = 'receipted' AND EXISTS (
  SELECT 1 FROM headers c WHERE c.id = r.id AND (
    EXISTS (SELECT 1 FROM meta WHERE name = 'head' AND json_extract(value, '$.epoch') = r.epoch
      AND json_extract(value, '$.config') = c.config)
    OR EXISTS (SELECT 1 FROM headers h JOIN records x ON x.id = h.id
      WHERE h.config = c.config AND x.epoch = r.epoch AND x.kind = 'readings')))`;

/** What keeps the spool within its size and age. */
export interface RetentionOptions {
  maxBytes: number;
  /** How long receipted records are kept, ms of wall time. */
  keepMs: number;
  /** Running time of the agent after which readings that no collector took are dropped, ms. */
  maxAgeMs: number;
  accounts: SpoolAccounts;
  drops: SpoolDrops;
  log: Log;
}

/**
 * Keeps the spool within its size and age: receipted records go first, then those set aside, and only then the oldest readings
 * that no collector has, counted, told in the chain and said loudly. Configs and logs that no collector has stay while readings do.
 */
export class SpoolRetention {
  readonly #options: RetentionOptions;
  readonly #settled: StatementSync;
  readonly #oldest: StatementSync;
  readonly #texts: StatementSync;
  readonly #expired: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeHeader: StatementSync;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  readonly #pageBytes: number;

  constructor(database: DatabaseSync, options: RetentionOptions) {
    this.#options = options;
    const columns = 'r.id, r.epoch, r.seq, r.kind, r.samples, r.size, h.age, h.thinned_from, h.thinned_to';
    const from = 'records r LEFT JOIN headers h ON h.id = r.id';
    this.#settled = database.prepare(
      `SELECT id, size FROM records r WHERE state = ? AND NOT (${IS_RESTED_ON}) ORDER BY id LIMIT ?`,
    );
    // A log that tells of drops goes with them: what it tells stands in `drops` still, and is told again.
    this.#oldest = database.prepare(
      `SELECT ${columns} FROM ${from} WHERE r.state = 'sealed' AND
         (r.kind = 'readings' OR r.kind = 'log' AND r.epoch || '/' || r.seq IN (SELECT told FROM drops))
       ORDER BY r.id LIMIT ?`,
    );
    // Only where no readings wait any more; a config that is the last one of its chain is what readings to come rest on.
    this.#texts = database.prepare(
      `SELECT ${columns} FROM ${from} WHERE r.state = 'sealed' AND (r.kind = 'log' OR EXISTS (
         SELECT 1 FROM records l WHERE l.state = 'sealed' AND l.kind = 'config' AND l.epoch = r.epoch AND l.id > r.id))
       ORDER BY r.id LIMIT ?`,
    );
    // Only the oldest are looked at: a kept record must not cost anything at every seal.
    this.#expired = database.prepare(
      `SELECT id FROM records WHERE settled < ? AND id IN
       (SELECT id FROM records r WHERE state = 'receipted' AND NOT (${IS_RESTED_ON}) ORDER BY id LIMIT ${SWEEP_RECORDS})`,
    );
    this.#remove = database.prepare('DELETE FROM records WHERE id = ?');
    this.#removeHeader = database.prepare('DELETE FROM headers WHERE id = ?');
    this.#pages = database.prepare('PRAGMA page_count');
    this.#free = database.prepare('PRAGMA freelist_count');
    this.#pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size'] ?? 4096);
    const pages = Math.floor((options.maxBytes * LOG_SHARE) / this.#pageBytes);
    const logPages = Math.max(LOG_PAGES_MIN, Math.min(LOG_PAGES_MAX, pages));
    // The log is on the same disk: what it takes counts.
    database.exec(
      `PRAGMA wal_autocheckpoint=${logPages}; PRAGMA journal_size_limit=${logPages * this.#pageBytes}`,
    );
  }

  /** Bytes that rows take in the file. */
  usedBytes(): number {
    const pages = Number(this.#pages.get()?.['page_count'] ?? 0);
    return (pages - Number(this.#free.get()?.['freelist_count'] ?? 0)) * this.#pageBytes;
  }

  /** By how many bytes the spool would be too large with so many more, >= 0. */
  excessBytes(bytes: number): number {
    return Math.max(0, this.usedBytes() + bytes - this.#options.maxBytes * FILL_SHARE);
  }

  /** Deletes receipted records that have been kept long enough, and drops readings that waited too long. Inside a transaction. */
  expire(ageMs: number): void {
    // By running time: a wall clock that was set would make all that came before it look old.
    const { keepMs, maxAgeMs } = this.#options;
    if (ageMs > keepMs) for (const row of this.#expired.all(ageMs - keepMs)) this.remove(Number(row['id']));
    // Nothing is older than the agent has run: in its first year it reads nothing here.
    if (ageMs <= maxAgeMs) return;
    const tooOld = this.#oldest
      .all(SWEEP_RECORDS)
      .filter((row) => row['age'] !== null && Number(row['age']) < ageMs - maxAgeMs);
    if (tooOld.length > 0) this.#drop(tooOld, 'too-old');
  }

  /** Makes room for so many bytes more; gives how many samples were dropped for it. Inside a transaction. */
  makeRoom(bytes: number): number {
    const readings = this.#dropFor(this.freeSettled(bytes), this.#oldest);
    const texts = this.#dropFor(readings.excess, this.#texts);
    return readings.samples + texts.samples;
  }

  /**
   * Makes room as far as records allow that nobody waits for: receipted, then set aside. Gives by how many bytes the spool is
   * too large then, as its records count: pages are free only when all of their rows are gone. Inside a transaction.
   */
  freeSettled(bytes: number): number {
    let excess = this.excessBytes(bytes);
    for (const state of ['receipted', 'rejected', 'corrupt']) {
      while (excess > 0) {
        const rows = this.#settled.all(state, SWEEP_RECORDS);
        if (rows.length === 0) break;
        for (const row of rows) {
          if (excess <= 0) break;
          this.remove(Number(row['id']));
          excess -= Number(row['size']);
        }
      }
    }
    return Math.max(0, excess);
  }

  /** Deletes a record; counting is the caller's. Inside a transaction. */
  remove(id: number): void {
    this.#remove.run(id);
    this.#removeHeader.run(id);
  }

  /** Gives how many bytes are too much then, and how many samples went. */
  #dropFor(tooMuch: number, candidates: StatementSync): { excess: number; samples: number } {
    let [excess, samples] = [tooMuch, 0];
    while (excess > 0) {
      const rows: Record<string, unknown>[] = [];
      for (const row of candidates.all(SWEEP_RECORDS)) {
        if (excess <= 0) break;
        rows.push(row);
        excess -= Number(row['size']);
      }
      if (rows.length === 0) break;
      samples += this.#drop(rows, 'spool-full');
    }
    return { excess, samples };
  }

  #drop(rows: readonly Record<string, unknown>[], reason: 'spool-full' | 'too-old'): number {
    const { accounts, drops, log } = this.#options;
    let samples = 0;
    for (const row of rows) {
      const [epoch, seq] = [String(row['epoch']), Number(row['seq'])];
      this.remove(Number(row['id']));
      if (row['kind'] === 'log') drops.untell(epoch, seq);
      // Nobody else tells of the originals of a thinned record.
      if (row['thinned_from'] !== null)
        drops.addRecords(epoch, reason, Number(row['thinned_from']), Number(row['thinned_to']), 0);
      drops.addRecords(epoch, reason, seq, seq, Number(row['samples']));
      samples += Number(row['samples']);
    }
    accounts.addDropped(reason, rows.length, samples);
    log.error(
      { records: rows.length, samples },
      reason === 'spool-full'
        ? 'the spool is full: the oldest records were dropped before any collector had them. Bring the collector back, or allow a larger spool.maxSize'
        : 'records that no collector took in spool.maxAge of running were dropped. Bring the collector back',
    );
    return samples;
  }
}
