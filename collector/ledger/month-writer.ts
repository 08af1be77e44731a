import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { markDamaged, monthOf, monthPath, type Month } from './month-file.ts';
import { MonthRows, type RowToWrite } from './month-rows.ts';
import { isDamage, openMonth, sqliteCode } from './month-schema.ts';

/** What became of a row: durable in a month under an ordinal, or not there at all. */
export type WriteOutcome =
  | { id: number; ordinal: number; month: Month }
  | { id: number; code: string; message: string };

type Stray = Pick<RowToWrite, 'agent' | 'epoch' | 'seq' | 'hash'> & { ordinal: number };

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
  /** Months in which a commit failed, and from which ordinal on: nothing is written before they are settled. */
  readonly #failed = new Map<Month, number>();
  /** Records of a failed commit that are there after all, and that nobody was told of. */
  readonly #strays = new Map<string, Stray & { month: Month }>();

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
      for (const [failed, ordinal] of this.#failed) {
        try {
          this.#settle(failed, ordinal);
        } catch (error) {
          return [...outcomes, ...this.#notWritten(failed, rows.slice(start), error)];
        }
      }
      const month = this.#monthFor(rows[start]);
      const newest = month > this.#newestMonth ? month : this.#newestMonth;
      let end = start + 1;
      while (end < rows.length && this.#monthFor(rows[end], newest) === month) end++;
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
    if (row?.mends !== undefined) return row.mends.month;
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
      if (month > this.#newestMonth) this.#newestMonth = month;
      // An older month is written to for a mending only, and may be put anew in its place by another.
      else if (month < this.#newestMonth) this.#closeOpen();
      return outcomes;
    } catch (error) {
      this.#nextOrdinal = firstOrdinal;
      // After a failed sync nothing is known of this connection's pages: begin anew from what is on disk.
      if (!this.#failed.has(month)) this.#failed.set(month, firstOrdinal);
      this.#abandon();
      return this.#notWritten(month, rows, error);
    }
  }

  #notWritten(month: Month, rows: readonly RowToWrite[], error: unknown): WriteOutcome[] {
    const isDamaged = isDamage(error);
    if (isDamaged) markDamaged(monthPath(this.#folder, month));
    const code = isDamaged ? 'ledger-damaged' : sqliteCode(error) === 13 ? 'ledger-full' : 'ledger-write';
    const message = error instanceof Error ? error.message : String(error);
    return rows.map(({ id }) => ({ id, code, message }));
  }

  #insert(file: OpenMonth, row: RowToWrite): WriteOutcome {
    const { id, mends } = row;
    if (mends !== undefined)
      return file.rows.mend(mends.ordinal, row)
        ? { id, ...mends }
        : { id, code: 'duplicate', message: 'The ledger holds no such record to be mended.' };
    const stray = this.#strays.get(nameOf(row));
    if (stray !== undefined && stray.hash === row.hash)
      return { id: row.id, ordinal: stray.ordinal, month: stray.month };
    const ordinal = stray === undefined ? file.rows.insert(this.#nextOrdinal, row) : undefined;
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
   * it is written once more, into the file itself, before anything rests on it. Its records will come again.
   */
  #settle(month: Month, fromOrdinal: number): void {
    const path = monthPath(this.#folder, month);
    if (existsSync(path)) {
      const db = openMonth(path);
      try {
        const { busy, log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(FULL)').get() as Record<
          string,
          unknown
        >;
        if (busy !== 0 || log !== checkpointed)
          throw new Error('the log of the ledger cannot be folded in just now');
        const rows = db
          .prepare('SELECT agent, epoch, seq, hash, ordinal FROM record WHERE ordinal >= ?')
          .all(fromOrdinal) as unknown as Stray[];
        for (const row of rows) {
          this.#strays.set(nameOf(row), { ...row, month });
          this.#nextOrdinal = Math.max(this.#nextOrdinal, row.ordinal + 1);
          if (month > this.#newestMonth) this.#newestMonth = month;
        }
      } finally {
        db.close();
      }
    }
    this.#failed.delete(month);
  }

  #abandon(): void {
    try {
      this.#closeOpen();
    } catch {
      // The connection is given up either way; its locks go with it.
      this.#open = undefined;
    }
  }
}

function nameOf({ agent, epoch, seq }: Pick<RowToWrite, 'agent' | 'epoch' | 'seq'>): string {
  return `${agent}/${epoch}/${seq}`;
}
