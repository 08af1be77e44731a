import type { DatabaseSync } from 'node:sqlite';
import { markDamaged, monthOf, monthPath, type Month } from './month-file.ts';
import { MonthRows, type RowToWrite } from './month-rows.ts';
import { isDamage, openMonth, sqliteCode } from './month-schema.ts';

/** What became of a row: durable in a month under an ordinal, or not there at all. */
export type WriteOutcome =
  | { id: number; ordinal: number; month: Month }
  | { id: number; code: string; message: string };

interface OpenMonth {
  month: Month;
  db: DatabaseSync;
  rows: MonthRows;
}

/** Writes rows into month files, each group in one durable transaction. Runs in the ledger's thread. */
export class MonthWriter {
  readonly #folder: string;
  readonly #bytesMax: number | undefined;
  #nextOrdinal: number;
  #newestMonth: Month;
  readonly #written = new Set<Month>();
  #open: OpenMonth | undefined;
  /** The last commit failed. */
  #failed = false;

  constructor(options: { folder: string; nextOrdinal: number; newestMonth: Month; monthBytesMax?: number }) {
    this.#folder = options.folder;
    this.#nextOrdinal = options.nextOrdinal;
    this.#newestMonth = options.newestMonth;
    this.#bytesMax = options.monthBytesMax;
  }

  /** Durable when it returns; never throws. Rows that could not be written are reported one by one, and nothing of them stays. */
  write(rows: readonly RowToWrite[]): WriteOutcome[] {
    const outcomes: WriteOutcome[] = [];
    let start = 0;
    while (start < rows.length) {
      const month = this.#monthFor(rows[start]);
      let end = start + 1;
      while (end < rows.length && this.#monthFor(rows[end], month) === month) end++;
      outcomes.push(...this.#writeMonth(month, rows.slice(start, end)));
      start = end;
    }
    return outcomes;
  }

  /** Ends, folding the write-ahead log of every month that was written into its file: a copy of the file is then whole. */
  close(): void {
    this.#closeOpen();
    for (const month of this.#written) openMonth(monthPath(this.#folder, month)).close();
    this.#written.clear();
  }

  #closeOpen(): void {
    this.#open?.db.close();
    this.#open = undefined;
  }

  // Months only go forward, so that ordinals rise from file to file even where the wall clock steps back.
  #monthFor(row: RowToWrite | undefined, newest = this.#newestMonth): Month {
    const month = monthOf(row?.receivedMs ?? 0);
    return month > newest ? month : newest;
  }

  #writeMonth(month: Month, rows: readonly RowToWrite[]): WriteOutcome[] {
    const firstOrdinal = this.#nextOrdinal;
    try {
      const file = this.#openFor(month);
      file.db.exec('BEGIN IMMEDIATE');
      const outcomes = rows.map((row) => this.#insert(file, row));
      file.db.exec('COMMIT');
      this.#newestMonth = month;
      return outcomes;
    } catch (error) {
      this.#nextOrdinal = firstOrdinal;
      // After a failed sync nothing is known of this connection's pages: begin anew from what is on disk.
      this.#abandon();
      const code = isDamage(error)
        ? 'ledger-damaged'
        : sqliteCode(error) === 13
          ? 'ledger-full'
          : 'ledger-write';
      if (code === 'ledger-damaged') markDamaged(monthPath(this.#folder, month));
      return rows.map(({ id }) => ({
        id,
        code,
        message: error instanceof Error ? error.message : String(error),
      }));
    }
  }

  #insert(file: OpenMonth, row: RowToWrite): WriteOutcome {
    const ordinal = file.rows.insert(this.#nextOrdinal, row);
    if (ordinal === undefined)
      return { id: row.id, code: 'duplicate', message: 'The ledger holds a record of this sequence number.' };
    if (ordinal === this.#nextOrdinal) this.#nextOrdinal++;
    return { id: row.id, ordinal, month: file.month };
  }

  #openFor(month: Month): OpenMonth {
    if (this.#open?.month === month) return this.#open;
    this.#closeOpen();
    const db = openMonth(monthPath(this.#folder, month), this.#bytesMax);
    try {
      if (this.#failed) this.#settle(db);
      this.#written.add(month);
      this.#open = { month, db, rows: new MonthRows(db) };
      return this.#open;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /**
   * A commit that failed may be in the log all the same, and what a failed sync left of it in memory is not on the disk:
   * it is written once more, into the file itself, before anything rests on it.
   */
  #settle(db: DatabaseSync): void {
    const { busy, log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(FULL)').get() as Record<
      string,
      unknown
    >;
    if (busy !== 0 || log !== checkpointed)
      throw new Error('the log of the ledger cannot be folded in just now');
    const last = Number(db.prepare('SELECT coalesce(max(ordinal), 0) AS last FROM record').get()?.['last']);
    this.#nextOrdinal = Math.max(this.#nextOrdinal, last + 1);
    this.#failed = false;
  }

  #abandon(): void {
    this.#failed = true;
    try {
      this.#closeOpen();
    } catch {
      // The connection is given up either way; its locks go with it.
      this.#open = undefined;
    }
  }
}
