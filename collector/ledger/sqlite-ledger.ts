import { mkdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { systemClock, type Clock } from '../../protocols/clock.ts';
import { lockFolder } from '../../protocols/folder-lock.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import { ChainIndex, type ChainTip } from './chain-index.ts';
import { LedgerWriter, type RowWriter, type Written } from './ledger-writer.ts';
import type { LedgerWorkerData } from './ledger-worker.ts';
import type {
  ChainSummary,
  DamagedRecord,
  Delivery,
  GoneRange,
  Ledger,
  LedgerRecord,
  RecordMark,
  ToldGone,
} from './ledger.ts';
import { openMonths } from './month-check.ts';
import type { MonthFacts } from './month-facts.ts';
import {
  damagedMonth,
  listMonths,
  markDamaged,
  monthOf,
  monthPath,
  monthSpan,
  type Month,
} from './month-file.ts';
import { placeMonth } from './place-month.ts';
import { indexMonth } from './month-index.ts';
import { MonthReader } from './month-reader.ts';
import { rowOf } from './record-row.ts';

/** How many records a walk over a machine's time reads at once. */
const WALK_RECORDS = 64;

/** What admission asks of the ledger beyond the port that every reader uses. */
export interface AdmissionLedger extends Ledger {
  /** What the record of this seq names as its predecessor; undefined when it is not here. */
  prevOf(agent: string, epoch: string, seq: number): string | null | undefined;
  /** Sequence numbers below the largest one that are not here, ascending, at most `limit` ranges. */
  missing(agent: string, epoch: string, limit: number): { from: number; to: number }[];
  /** Every `config` record, ascending by ordinal. */
  configRecords(): Iterable<LedgerRecord>;
  /** What is noted beside records with ordinals above `after`, ascending, at most `limit`: also of damaged ones, and of those whose readings were let go. */
  readMarks(after: number, limit: number): RecordMark[];
  /** Records handed to `append` and not yet durable. */
  pendingAppends(): number;
  /**
   * Puts the bytes of a record in the place of those that are here and damaged, durably; its hash is that which was noted
   * when it was admitted. False where the record is not known to be damaged, or is so still. Rejects as `append` does.
   */
  mend(record: { bytes: Uint8Array; header: RecordHeader; hash: string }): Promise<boolean>;
  /** The files of the ledger, oldest first; the last one is written to. */
  months(): MonthFacts[];
  /**
   * Puts a file that was written anew (`pruneMonth`) in the place of a month's, durably; false where another process keeps
   * that from being done just now. Never of the last month.
   */
  replaceMonth(month: Month, newPath: string): boolean;
}

/** Where a ledger lies and how it is written. */
export interface LedgerOptions {
  folder: string;
  log: Log;
  /** Names files that are set aside, and the month of a new ledger. */
  clock?: Clock;
  /** How long records are gathered for one commit, ms; at most 50. */
  groupMs?: number;
  /** A month's file may not grow beyond this; appends are then rejected as on a full disk. */
  monthBytesMax?: number;
  /** A month turned out to be damaged (code `damaged-month`): start again, and what is sound is salvaged. Called once. */
  onCrash?: (error: MillwattError) => void;
  /** Starts what writes; a thread of its own by default. */
  startWriter?: (data: LedgerWorkerData) => RowWriter;
}

/**
 * Opens (or makes) the ledger in a folder: one SQLite file a month of arrival, written by a thread of its own and read
 * here. Throws errors of class `refuse`: `ledger-in-use`, `newer-ledger`.
 */
export async function openLedger(options: LedgerOptions): Promise<AdmissionLedger> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(options.folder, 'collector');
  try {
    // What shows to be damaged while it is being opened is noted so, and salvaged at the next try.
    for (let left = listMonths(options.folder).length; ; left--) {
      try {
        return new SqliteLedger(options, unlock);
      } catch (error) {
        if (left <= 0 || !(error instanceof MillwattError && error.code === 'damaged-month')) throw error;
      }
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

class SqliteLedger implements AdmissionLedger {
  readonly #folder: string;
  readonly #log: Log;
  readonly #unlock: () => void;
  readonly #readers: Map<Month, MonthReader>;
  readonly #index: ChainIndex;
  readonly #writer: RowWriter;
  /** Appends on their way, so that a record that comes twice at once is stored once. */
  readonly #underWay = new Map<string, { hash: string; ordinal: Promise<number> }>();
  /** First ordinal of each month that has records, oldest first. */
  readonly #firstOrdinals = new Map<Month, number>();
  readonly #mended: DamagedRecord[] = [];
  #onCrash: ((error: MillwattError) => void) | undefined;
  #crash: MillwattError | undefined;
  #lastOrdinal = 0;
  #closed = false;

  constructor(options: LedgerOptions, unlock: () => void) {
    const { folder, log } = options;
    const nowMs = (options.clock ?? systemClock).wallMs();
    this.#folder = folder;
    this.#log = log;
    this.#unlock = unlock;
    const months = listMonths(folder);
    this.#readers = openMonths({
      folder,
      months,
      log,
      nowMs,
      onDamage: (path, error) => this.#failDamaged(path, describeError(error), error),
    });
    this.#index = new ChainIndex((agent, epoch, seq, month) => this.#lookUp(agent, epoch, seq, month));
    try {
      for (const [month, reader] of this.#readers) this.#indexMonth(month, reader);
      this.#index.settle();
    } catch (error) {
      for (const reader of this.#readers.values()) reader.close();
      throw error;
    }
    this.#onCrash = options.onCrash;
    const startWriter = options.startWriter ?? ((data) => new LedgerWriter(data));
    this.#writer = startWriter({
      folder,
      nextOrdinal: this.#lastOrdinal + 1,
      newestMonth: months.at(-1) ?? monthOf(0),
      groupMs: options.groupMs ?? 20,
      ...(options.monthBytesMax === undefined ? {} : { monthBytesMax: options.monthBytesMax }),
    });
  }

  append(record: Parameters<Ledger['append']>[0]): Promise<number> {
    if (this.#closed)
      return Promise.reject(new MillwattError('retry', 'ledger-closed', 'The ledger is closed.'));
    const { agent, epoch, seq } = record.header;
    const name = `${agent}/${epoch}/${seq}`;
    const known = this.hashOf(agent, epoch, seq);
    const underWay = this.#underWay.get(name);
    if (known !== undefined || (underWay !== undefined && underWay.hash !== record.hash))
      return Promise.reject(duplicate(record.header, (known ?? underWay?.hash) === record.hash));
    if (underWay !== undefined) return underWay.ordinal;
    const ordinal = this.#write(record).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, { hash: record.hash, ordinal });
    return ordinal;
  }

  hashOf(agent: string, epoch: string, seq: number): string | undefined {
    const month = this.#index.monthOf(agent, epoch, seq);
    return month === undefined ? undefined : this.#lookUp(agent, epoch, seq, month)?.hash;
  }

  prevOf(agent: string, epoch: string, seq: number): string | null | undefined {
    const month = this.#index.monthOf(agent, epoch, seq);
    return month === undefined ? undefined : this.#lookUp(agent, epoch, seq, month)?.prev;
  }

  missing(agent: string, epoch: string, limit: number): { from: number; to: number }[] {
    return this.#index.missing(agent, epoch, limit);
  }

  readAfter(after: number, limit: number): LedgerRecord[] {
    return this.#readMonths(after, limit, (reader, left) => reader.readAfter(after, left));
  }

  readMarks(after: number, limit: number): RecordMark[] {
    return this.#readMonths(after, limit, (reader, left) => reader.readMarks(after, left));
  }

  *readMachine(machine: string, fromMs: number, toMs: number): Iterable<LedgerRecord> {
    for (const month of this.#firstOrdinals.keys()) {
      // The ordinals first, then record by record: no read stays open while the caller works.
      const ordinals = this.#reader(month).ordinalsOf(machine, fromMs, toMs);
      for (let start = 0; start < ordinals.length; start += WALK_RECORDS) {
        for (const ordinal of ordinals.slice(start, start + WALK_RECORDS)) {
          const record = this.#reader(month).recordAt(ordinal);
          if (record !== undefined && record.headOnly !== true) yield record;
        }
      }
    }
  }

  configRecord(agent: string, configHash: string): LedgerRecord | undefined {
    for (const month of [...this.#firstOrdinals.keys()].reverse()) {
      const record = this.#reader(month).configRecord(agent, configHash);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  *configRecords(): Iterable<LedgerRecord> {
    for (const month of this.#firstOrdinals.keys()) {
      for (const ordinal of this.#reader(month).configOrdinals()) {
        const record = this.#reader(month).recordAt(ordinal);
        if (record !== undefined) yield record;
      }
    }
  }

  chains(): ChainSummary[] {
    return this.#index.summaries();
  }

  gone(agent: string, epoch: string): readonly GoneRange[] {
    return this.#index.gone(agent, epoch);
  }

  delivered(agent: string, epoch: string, waitFromMs: number): Delivery {
    return this.#index.delivered(agent, epoch, waitFromMs);
  }

  lastOrdinal(): number {
    return this.#lastOrdinal;
  }

  months(): MonthFacts[] {
    return [...this.#firstOrdinals.keys()].map((month) => {
      const path = monthPath(this.#folder, month);
      const reader = this.#reader(month);
      return {
        month,
        file: basename(path),
        path,
        ...monthSpan(month),
        bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
        lastOrdinal: reader.ordinals().last ?? 0,
        pruned: reader.meta('pruned'),
        isPruned: reader.isPruned(),
      };
    });
  }

  replaceMonth(month: Month, newPath: string): boolean {
    if ([...this.#firstOrdinals.keys()].at(-1) === month) throw new Error('the last month is being written');
    this.#readers.get(month)?.close();
    this.#readers.delete(month);
    const isPlaced = placeMonth(monthPath(this.#folder, month), newPath);
    // In its place among the others: they are read oldest first.
    const readers = [...this.#firstOrdinals.keys()].map((one) => [one, this.#reader(one)] as const);
    this.#readers.clear();
    for (const [one, reader] of readers) this.#readers.set(one, reader);
    return isPlaced;
  }

  sizeBytes(): number {
    let bytes = 0;
    for (const month of this.#readers.keys())
      for (const ending of ['', '-wal'])
        bytes += statSync(monthPath(this.#folder, month) + ending, { throwIfNoEntry: false })?.size ?? 0;
    return bytes;
  }

  pendingAppends(): number {
    return this.#writer.pending();
  }

  damaged(): readonly DamagedRecord[] {
    return [...this.#readers.values()].flatMap((reader) => [...reader.damaged.values()]);
  }

  mended(): readonly DamagedRecord[] {
    return this.#mended;
  }

  async mend(record: Parameters<AdmissionLedger['mend']>[0]): Promise<boolean> {
    const { agent, epoch, seq } = record.header;
    const month = this.#index.monthOf(agent, epoch, seq);
    if (this.#closed || month === undefined) return false;
    const isThis = (one: DamagedRecord) => one.agent === agent && one.epoch === epoch && one.seq === seq;
    const found = [...this.#reader(month).damaged.values()].find(isThis);
    // What was noted beside it stays: only bytes with the hash it was admitted by are taken.
    if (found === undefined || this.#lookUp(agent, epoch, seq, month)?.hash !== record.hash) return false;
    const { ordinal } = found;
    await this.#writer.write({ ...rowOf({ ...record, receivedMs: 0 }), mends: { month, ordinal } });
    if (this.#closed) return true;
    const { damaged } = this.#reader(month);
    // The same one may have come twice at once.
    if (!damaged.delete(ordinal)) return true;
    // A disk that spoils it once more is found out at once.
    if (this.#reader(month).recordAt(ordinal) === undefined) return false;
    this.#mended.push(found);
    this.#log.info(
      { file: found.file, agent, epoch, seq, ordinal },
      'A damaged record in the ledger is whole again: its agent has sent it.',
    );
    return true;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([...this.#underWay.values()].map(({ ordinal }) => ordinal));
    // Readers before the writer: the last one to close folds the write-ahead log into the file.
    for (const reader of this.#readers.values()) reader.close();
    await this.#writer.close();
    this.#unlock();
  }

  #readMonths<T>(after: number, limit: number, read: (reader: MonthReader, left: number) => T[]): T[] {
    const found: T[] = [];
    const months = [...this.#firstOrdinals.keys()];
    for (const [index, month] of months.entries()) {
      const next = months[index + 1];
      // Ordinals rise from month to month: one that ends before the cursor need not be opened.
      if (next !== undefined && (this.#firstOrdinals.get(next) ?? 0) <= after + 1) continue;
      if (found.length >= limit) break;
      found.push(...read(this.#reader(month), limit - found.length));
    }
    return found;
  }

  async #write(record: {
    bytes: Uint8Array;
    header: RecordHeader;
    hash: string;
    receivedMs: number;
    gone?: readonly ToldGone[];
  }): Promise<number> {
    const row = rowOf(record);
    const written: Written = await this.#writer.write(row);
    if (!this.#firstOrdinals.has(written.month)) this.#noteMonth(written);
    this.#lastOrdinal = Math.max(this.#lastOrdinal, written.ordinal);
    this.#index.add({ ...row, ...written }, row.gone);
    return written.ordinal;
  }

  /** Oldest first: what failed in a month may turn out to be there when the next one has begun. */
  #noteMonth({ month, ordinal }: Written): void {
    const others = [...this.#firstOrdinals].filter(([other]) => other > month);
    this.#firstOrdinals.set(month, ordinal);
    for (const [other, first] of others) {
      this.#firstOrdinals.delete(other);
      this.#firstOrdinals.set(other, first);
    }
  }

  #indexMonth(month: Month, reader: MonthReader): void {
    const { first, last, floor } = reader.ordinals();
    if (first !== null) this.#firstOrdinals.set(month, first);
    this.#lastOrdinal = Math.max(this.#lastOrdinal, last ?? 0, floor);
    indexMonth(this.#index, month, reader);
  }

  #lookUp(
    agent: string,
    epoch: string,
    seq: number,
    month: Month,
  ): (ChainTip & { prev: string | null }) | undefined {
    const found = this.#reader(month).lookUp(agent, epoch, seq);
    // What is noted to be here is not found: an index is damaged.
    if (found === undefined)
      this.#failDamaged(monthPath(this.#folder, month), `record ${seq} of ${agent} is not found`);
    return found;
  }

  #failDamaged(path: string, message: string, cause?: unknown): never {
    if (this.#crash === undefined) {
      this.#crash = damagedMonth(message, cause);
      try {
        markDamaged(path);
      } catch {
        // A full disk takes no note: the next start finds the damage by itself, or when it is read again.
      }
      this.#log.error({ file: basename(path), error: message }, 'A month of the ledger is damaged.');
      this.#onCrash?.(this.#crash);
    }
    throw this.#crash;
  }

  #reader(month: Month): MonthReader {
    let reader = this.#readers.get(month);
    if (reader === undefined) {
      reader = new MonthReader(monthPath(this.#folder, month), this.#log, (error) =>
        this.#failDamaged(monthPath(this.#folder, month), describeError(error), error),
      );
      this.#readers.set(month, reader);
    }
    return reader;
  }
}

function duplicate(header: RecordHeader, same: boolean): MillwattError {
  return new MillwattError(
    'quarantine',
    same ? 'duplicate' : 'fork',
    same
      ? `Record ${header.seq} of agent ${header.agent} is in the ledger already.`
      : `The ledger holds another record ${header.seq} of agent ${header.agent} in epoch ${header.epoch}.`,
  );
}
