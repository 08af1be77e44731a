import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { monthOf, monthPath, type Month } from './month-file.ts';
import type { GoneRange } from './ledger.ts';
import { openMonth, sqliteCode } from './month-schema.ts';
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
  /** Of its own chain: what it says will never come. */
  gone: readonly GoneRange[];
  bytes: Uint8Array;
}

/** What became of a row: durable in a month under an ordinal, or not there at all. */
export type WriteOutcome =
  | { id: number; ordinal: number; month: Month }
  | { id: number; code: string; message: string };

interface OpenMonth {
  month: Month;
  db: DatabaseSync;
  insertRecord: StatementSync;
  insertPart: StatementSync;
  countRecord: StatementSync;
  longest: StatementSync;
  runs: RunRows;
  insertGone: StatementSync;
}

/** Writes rows into month files, each group in one durable transaction. Runs in the ledger's thread. */
export class MonthWriter {
  readonly #folder: string;
  readonly #bytesMax: number | undefined;
  #nextOrdinal: number;
  #newestMonth: Month;
  readonly #written = new Set<Month>();
  #open: OpenMonth | undefined;

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
      const code = sqliteCode(error) === 13 ? 'ledger-full' : 'ledger-write';
      return rows.map(({ id }) => ({
        id,
        code,
        message: error instanceof Error ? error.message : String(error),
      }));
    }
  }

  #insert(file: OpenMonth, row: RowToWrite): WriteOutcome {
    const ordinal = this.#nextOrdinal;
    try {
      file.insertRecord.run(
        ordinal,
        row.receivedMs,
        row.agent,
        row.epoch,
        row.seq,
        row.hash,
        row.key,
        row.kind,
        row.firstMs,
        row.lastMs,
        row.sealedToMs,
        row.samples,
        row.config,
        row.prev,
        row.bytes,
      );
    } catch (error) {
      if (sqliteCode(error) !== 19) throw error;
      return { id: row.id, code: 'duplicate', message: 'The ledger holds a record of this sequence number.' };
    }
    for (const machine of row.machines) file.insertPart.run(machine, row.firstMs, ordinal, row.lastMs);
    file.countRecord.run(row.agent, row.epoch, row.key, ordinal, row.samples);
    file.runs.add(row);
    for (const { from, to, fate } of row.gone)
      file.insertGone.run(row.agent, row.epoch, ordinal, from, to, fate);
    file.longest.run(row.lastMs - row.firstMs, row.lastMs - row.firstMs);
    this.#nextOrdinal++;
    return { id: row.id, ordinal, month: file.month };
  }

  #openFor(month: Month): OpenMonth {
    if (this.#open?.month === month) return this.#open;
    this.#closeOpen();
    const db = openMonth(monthPath(this.#folder, month), this.#bytesMax);
    this.#written.add(month);
    this.#open = {
      month,
      db,
      insertRecord: db.prepare('INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)'),
      insertPart: db.prepare('INSERT OR IGNORE INTO part VALUES (?,?,?,?)'),
      countRecord: db.prepare(
        `INSERT INTO chain VALUES (?1, ?2, ?3, ?4, 1, ?5)
         ON CONFLICT DO UPDATE SET records = records + 1, samples = samples + ?5`,
      ),
      runs: new RunRows(db),
      insertGone: db.prepare('INSERT OR IGNORE INTO gone VALUES (?,?,?,?,?,?)'),
      longest: db.prepare("UPDATE meta SET value = ? WHERE name = 'longest_ms' AND value < ?"),
    };
    return this.#open;
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
