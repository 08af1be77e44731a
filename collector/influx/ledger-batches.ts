import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { wallTimeMs } from '../../protocols/telemetry/record.ts';
import { BootClocks } from '../derivation/boot-clocks.ts';
import { isDated } from '../derivation/dated-record.ts';
import { unsetOrdinals } from '../derivation/ordinal-ranges.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { DeferredRecords } from './deferred-records.ts';
import { timeOfLine } from './line-protocol.ts';
import { createRecordReader } from './record-lines.ts';

/** One request holds about this many lines and bytes: InfluxDB's own advice is 5,000 to 10,000 lines. */
const LINES_MAX = 5_000;
const BYTES_MAX = 2_000_000;
const RECORDS_A_READ = 8;
/** What records wait for that were written by a time that turned out wrong: their turn. */
const MISREAD = 'misread';

/** One request's worth of the ledger. */
export interface LedgerBatch {
  lines: string[];
  /** Ordinal of its last record: the cursor once it is written. */
  last: number;
  /** When its first record came, ms since the Unix epoch by the collector's clock. */
  receivedMs: number;
  /** Records that had waited, and for what: their lines are in it. */
  settled: Waiting[];
}

/** A record that waits for something. */
interface Waiting {
  cause: string;
  ordinal: number;
}

/** What a reader must know of records before its cursor, as plain data. */
export interface ReaderMemory {
  boots: ReturnType<BootClocks['save']>;
  /** Up to this ordinal records are in `boots`. */
  notedTo: number;
}

/** Reads the ledger as batches of lines, and remembers which records wait for their wiring or their clock. */
export interface BatchReader {
  /** Reads on after an ordinal until a request is full; undefined when there is nothing. @param nowMs collector wall time */
  gather(after: number, nowMs: number): LedgerBatch | undefined;
  /** Says that a batch is written; gives the ordinal from which the ledger is to be read again, or 0. */
  settle(batch: LedgerBatch): number;
  /** The smallest ordinal that waits; 0 when none does. */
  firstWaiting(): number;
  /** What has to be kept with the cursor; undefined when nothing of it changed since the last call. */
  takeMemory(): ReaderMemory | undefined;
  stats(): {
    waitingRecords: number;
    samples: number;
    quarantinedRecords: number;
    undatedRecords: number;
    badReadings: number;
    unknownReadings: number;
  };
}

/** A part of time, [fromMs, toMs), wall ms. */
export interface ProjectedRange {
  fromMs: number;
  toMs: number;
}

/** How a reader begins, and what it reads. */
export interface BatchReaderOptions {
  memory?: ReaderMemory | undefined;
  /** How many records that wait are remembered. */
  waitingMax?: number | undefined;
  /** Only points of this time. */
  range?: ProjectedRange | undefined;
}

/** A reader with nothing waiting. */
export function createBatchReader(
  ledger: Pick<Ledger, 'readAfter' | 'configRecord'>,
  log: Log,
  { memory, waitingMax, range }: BatchReaderOptions = {},
): BatchReader {
  const reader = createRecordReader(ledger);
  const deferred = new DeferredRecords(waitingMax);
  const clocks = new BootClocks(memory?.boots);
  const boots = new Set(memory?.boots.map(bootCause));
  let notedTo = memory?.notedTo ?? 0;
  let isChanged = false;
  /** Records whose turn has come. */
  const ready: Waiting[] = [];
  let turn = 0;
  const counts = {
    samples: 0,
    quarantinedRecords: 0,
    undatedRecords: 0,
    badReadings: 0,
    unknownReadings: 0,
  };

  const readOne = (ordinal: number): LedgerRecord | undefined => {
    const [record] = ledger.readAfter(ordinal - 1, 1);
    return record?.ordinal === ordinal ? record : undefined;
  };

  /** Lines of a record by the clock that holds for it; or what it has to wait for. */
  const linesOf = (record: LedgerRecord): string[] | string => {
    const { header } = record;
    if (header.kind !== 'readings') return [];
    try {
      const dated = clocks.dated(record);
      if (dated === undefined) return bootCause(header);
      // By its own label: should the clock of its boot become known after all, it is read again.
      if (dated.header.clock.state === 'unsynced')
        clocks.noteTaken(record, wallTimeMs(header, header.first), wallTimeMs(header, header.last));
      if (!isDated(dated)) {
        counts.undatedRecords++;
        return [];
      }
      if (range !== undefined && !touches(dated, range)) return [];
      const read = reader.read(dated);
      if (read === undefined) return wiringCause(header);
      counts.badReadings += read.bad;
      counts.unknownReadings += read.unknown;
      counts.samples += read.samples;
      return range === undefined ? read.lines : read.lines.filter((line) => isIn(timeOfLine(line), range));
    } catch (error) {
      counts.quarantinedRecords++;
      log.warn(
        { agent: header.agent, seq: header.seq, reason: describeError(error) },
        'A record cannot be read and is left out of InfluxDB; the ledger still has it.',
      );
      return [];
    }
  };

  const release = (cause: string): void => {
    for (const ordinal of deferred.waitingFor(cause)) ready.push({ cause, ordinal });
  };

  /** Lets go what waited for clocks that are known now. */
  const releaseBoots = (): void => {
    for (const cause of deferred.causes()) {
      if (!cause.startsWith('boot ')) continue;
      const record = readOne(deferred.waitingFor(cause)[0] ?? 0);
      if (record === undefined || clocks.dated(record) !== undefined) release(cause);
    }
  };

  /** Takes note of what a record tells of others, once. */
  const note = (record: LedgerRecord): void => {
    const { header, ordinal } = record;
    if (header.kind === 'config') release(wiringCause(header));
    if (ordinal <= notedTo) return;
    notedTo = ordinal;
    const { settled, misread } = clocks.note(record);
    const boot = bootCause(header);
    if (settled || header.clock.state === 'unsynced' || !boots.has(boot)) isChanged = true;
    boots.add(boot);
    if (misread !== null) {
      for (const taken of unsetOrdinals(ledger, misread)) deferred.add(MISREAD, taken);
      release(MISREAD);
    }
    if (settled) releaseBoots();
  };

  return {
    gather: (after, nowMs) => {
      const batch: LedgerBatch = { lines: [], last: after, receivedMs: nowMs, settled: [] };
      let bytes = 0;
      const take = (record: LedgerRecord): string | undefined => {
        const lines = linesOf(record);
        if (typeof lines === 'string') return lines;
        for (const line of lines) {
          batch.lines.push(line);
          bytes += line.length + 1;
        }
        return undefined;
      };
      const isFull = () => batch.lines.length >= LINES_MAX || bytes >= BYTES_MAX;
      if (clocks.expire(nowMs)) {
        isChanged = true;
        releaseBoots();
      }
      for (;;) {
        for (let one = ready[turn]; one !== undefined; one = ready[turn]) {
          turn++;
          const record = readOne(one.ordinal);
          const cause = record === undefined ? undefined : take(record);
          if (cause !== undefined) deferred.add(cause, one.ordinal);
          if (cause !== one.cause) batch.settled.push(one);
          if (isFull()) return batch;
        }
        ready.length = 0;
        turn = 0;
        const records = ledger.readAfter(batch.last, RECORDS_A_READ);
        if (records.length === 0)
          return batch.last === after && batch.settled.length === 0 ? undefined : batch;
        for (const record of records) {
          if (batch.last === after) batch.receivedMs = record.receivedMs;
          note(record);
          const cause = take(record);
          if (cause !== undefined) deferred.add(cause, record.ordinal);
          batch.last = record.ordinal;
          if (isFull()) return batch;
          // What waited for this one goes first, so that no more is ready than one record lets go.
          if (ready.length > 0) break;
        }
      }
    },
    settle: ({ settled }) => {
      for (const { cause, ordinal } of settled) deferred.settle(cause, ordinal);
      return deferred.takeBeyond();
    },
    firstWaiting: () => deferred.first(),
    takeMemory: () => {
      if (!isChanged) return undefined;
      isChanged = false;
      return { boots: clocks.save(), notedTo };
    },
    stats: () => ({ ...counts, waitingRecords: deferred.count }),
  };
}

function touches({ header }: LedgerRecord, { fromMs, toMs }: ProjectedRange): boolean {
  return wallTimeMs(header, header.last) >= fromMs && wallTimeMs(header, header.first) < toMs;
}

function isIn(timeMs: number, { fromMs, toMs }: ProjectedRange): boolean {
  return timeMs >= fromMs && timeMs < toMs;
}

function wiringCause({ agent, config }: { agent: string; config: string }): string {
  return `wiring ${agent} ${config}`;
}

function bootCause({ agent, boot }: { agent: string; boot: string }): string {
  return `boot ${agent} ${boot}`;
}
