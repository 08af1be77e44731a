import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ToldGone } from './ledger.ts';
import type { Month } from './month-file.ts';
import { sqliteCode } from './month-schema.ts';
import { RunRows } from './run-rows.ts';

/** One record on its way to the disk; times are wall ms since the Unix epoch. */
export interface RowToWrite {
  id: number;
  receivedMs: number;
  agent: string;
  epoch: string;
  seq: number;
  hash: string;
  key: string;
  kind: string;
  firstMs: number;
  lastMs: number;
  sealedToMs: number;
  samples: number;
  config: string;
  prev: string | null;
  machines: string[];
  /** What it says will never come. */
  gone: readonly ToldGone[];
  bytes: Uint8Array;
  /** It is here, and its bytes are damaged: they are replaced by these, nothing else is written. */
  mends?: { month: Month; ordinal: number };
}

/** Puts records into an open month, with all that is noted beside them. */
export class MonthRows {
  readonly #record: StatementSync;
  readonly #part: StatementSync;
  readonly #chain: StatementSync;
  readonly #gone: StatementSync;
  readonly #longest: StatementSync;
  readonly #known: StatementSync;
  readonly #mend: StatementSync;
  readonly #runs: RunRows;

  constructor(db: DatabaseSync) {
    this.#record = db.prepare('INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)');
    this.#part = db.prepare('INSERT OR IGNORE INTO part VALUES (?,?,?,?)');
    this.#chain = db.prepare(
      `INSERT INTO chain VALUES (?1, ?2, ?3, ?4, 1, ?5)
       ON CONFLICT DO UPDATE SET records = records + 1, samples = samples + ?5`,
    );
    this.#gone = db.prepare('INSERT OR IGNORE INTO gone VALUES (?,?,?,?,?,?)');
    this.#longest = db.prepare("UPDATE meta SET value = ? WHERE name = 'longest_ms' AND value < ?");
    this.#known = db.prepare('SELECT ordinal, hash FROM record WHERE agent = ? AND epoch = ? AND seq = ?');
    this.#mend = db.prepare('UPDATE record SET bytes = ? WHERE ordinal = ? AND hash = ?');
    this.#runs = new RunRows(db);
  }

  /** Puts good bytes in the place of damaged ones; false where no record of this ordinal has this hash. */
  mend(ordinal: number, { hash, bytes }: Pick<RowToWrite, 'hash' | 'bytes'>): boolean {
    return Number(this.#mend.run(bytes, ordinal, hash).changes) === 1;
  }

  /**
   * Writes one record under an ordinal. Returns the ordinal under which it is there: another one where it was already,
   * undefined where another record has its sequence number. Throws SQLite's own errors, also for an ordinal that is taken.
   */
  insert(ordinal: number, row: Omit<RowToWrite, 'id'>): number | undefined {
    const { agent, epoch, seq, hash, key, firstMs, lastMs, samples } = row;
    try {
      this.#record.run(
        ordinal,
        row.receivedMs,
        agent,
        epoch,
        seq,
        hash,
        key,
        row.kind,
        firstMs,
        lastMs,
        row.sealedToMs,
        samples,
        row.config,
        row.prev,
        row.bytes,
      );
    } catch (error) {
      if (sqliteCode(error) !== 19) throw error;
      const known = this.#known.get(agent, epoch, seq);
      if (known === undefined) throw error;
      return known['hash'] === hash ? Number(known['ordinal']) : undefined;
    }
    for (const machine of row.machines) this.#part.run(machine, firstMs, ordinal, lastMs);
    this.#chain.run(agent, epoch, row.key, ordinal, samples);
    this.#runs.add(row);
    for (const { from, to, fate, epoch: of = epoch } of row.gone)
      this.#gone.run(agent, of, ordinal, from, to, fate);
    this.#longest.run(lastMs - firstMs, lastMs - firstMs);
    return ordinal;
  }
}
