import { existsSync } from 'node:fs';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { indexMonth } from './month-index.ts';
import { listMonths, monthPath, type Month } from './month-file.ts';
import { MonthReader } from './month-reader.ts';
import { ChainIndex } from './chain-index.ts';
import type {
  ChainSummary,
  DamagedRecord,
  Delivery,
  GoneRange,
  Ledger,
  LedgerRecord,
  RecordMark,
} from './ledger.ts';

/** A ledger that is only looked at; its collector may be running in another process. */
export interface LedgerView extends Pick<
  Ledger,
  'chains' | 'configRecord' | 'damaged' | 'delivered' | 'gone' | 'mended' | 'readAfter' | 'readMachine'
> {
  /** What is noted beside records with ordinals above `after`, ascending, at most `limit`. */
  readMarks(after: number, limit: number): RecordMark[];
  /** Every `config` record, ascending by ordinal. */
  configRecords(): Iterable<LedgerRecord>;
  /** Agents that ever served a machine; undefined where readings were let go, and only the records themselves tell. */
  agentsOf(machine: string): ReadonlySet<string> | undefined;
  /** How many records `readMachine` would hand on. */
  countMachine(machine: string, fromMs: number, toMs: number): number;
  close(): void;
}

/**
 * Opens a ledger read-only; with `lastOrdinal`, `readAfter` ends with that record, whatever comes meanwhile. Throws an error of class `refuse` (code `no-ledger`) where there is none.
 */
export function readLedger(options: { folder: string; log: Log; lastOrdinal?: number }): LedgerView {
  const { folder, log, lastOrdinal = Infinity } = options;
  const months = existsSync(folder) ? listMonths(folder) : [];
  if (months.length === 0)
    throw new MillwattError('refuse', 'no-ledger', `There is no ledger in ${folder}.`, {
      cure: 'Give the configuration of a collector that has run, and run this on its computer.',
    });
  const readers = new Map(months.map((month) => [month, new MonthReader(monthPath(folder, month), log)]));
  return new OpenedLedger(readers, lastOrdinal);
}

class OpenedLedger implements LedgerView {
  /** Oldest month first. */
  readonly #months: readonly MonthReader[];
  readonly #lastOrdinal: number;
  readonly #byMonth: ReadonlyMap<Month, MonthReader>;
  #index: ChainIndex | undefined;

  constructor(byMonth: ReadonlyMap<Month, MonthReader>, lastOrdinal: number) {
    this.#byMonth = byMonth;
    this.#months = [...byMonth.values()];
    this.#lastOrdinal = lastOrdinal;
  }

  countMachine(machine: string, fromMs: number, toMs: number): number {
    return this.#months.reduce((sum, month) => sum + month.ordinalsOf(machine, fromMs, toMs).length, 0);
  }

  agentsOf(machine: string): ReadonlySet<string> | undefined {
    if (this.#months.some((month) => month.isPruned())) return undefined;
    return new Set(this.#months.flatMap((month) => month.agentsOf(machine)));
  }

  *readMachine(machine: string, fromMs: number, toMs: number): Iterable<LedgerRecord> {
    for (const month of this.#months) {
      for (const ordinal of month.ordinalsOf(machine, fromMs, toMs)) {
        const record = month.recordAt(ordinal);
        if (record !== undefined && record.headOnly !== true) yield record;
      }
    }
  }

  readAfter(after: number, limit: number): LedgerRecord[] {
    const records: LedgerRecord[] = [];
    for (const month of this.#months) {
      if (records.length >= limit) break;
      records.push(...month.readAfter(after, limit - records.length));
    }
    return records.filter(({ ordinal }) => ordinal <= this.#lastOrdinal);
  }

  readMarks(after: number, limit: number): RecordMark[] {
    const marks: RecordMark[] = [];
    for (const month of this.#months) {
      if (marks.length >= limit) break;
      marks.push(...month.readMarks(after, limit - marks.length));
    }
    return marks.filter(({ ordinal }) => ordinal <= this.#lastOrdinal);
  }

  configRecord(agent: string, configHash: string): LedgerRecord | undefined {
    for (const month of this.#months.toReversed()) {
      const record = month.configRecord(agent, configHash);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  *configRecords(): Iterable<LedgerRecord> {
    for (const month of this.#months)
      for (const ordinal of month.configOrdinals()) {
        const record = month.recordAt(ordinal);
        if (record !== undefined && ordinal <= this.#lastOrdinal) yield record;
      }
  }

  mended(): readonly DamagedRecord[] {
    return [];
  }

  damaged(): readonly DamagedRecord[] {
    return this.#months.flatMap((month) => [...month.damaged.values()]);
  }

  chains(): ChainSummary[] {
    return this.#chainIndex().summaries();
  }

  gone(agent: string, epoch: string): readonly GoneRange[] {
    return this.#chainIndex().gone(agent, epoch);
  }

  delivered(agent: string, epoch: string, waitFromMs: number): Delivery {
    return this.#chainIndex().delivered(agent, epoch, waitFromMs);
  }

  close(): void {
    for (const month of this.#months) month.close();
  }

  /** As of when it is first asked for. */
  #chainIndex(): ChainIndex {
    if (this.#index !== undefined) return this.#index;
    const index = new ChainIndex((agent, epoch, seq, month) =>
      this.#byMonth.get(month)?.lookUp(agent, epoch, seq),
    );
    for (const [month, reader] of this.#byMonth) indexMonth(index, month, reader);
    index.settle();
    this.#index = index;
    return index;
  }
}
