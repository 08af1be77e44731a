import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { DeferredRecords } from './deferred-records.ts';
import { createRecordReader } from './record-lines.ts';

/** One request holds about this many lines and bytes: InfluxDB's own advice is 5,000 to 10,000 lines. */
const LINES_MAX = 5_000;
const BYTES_MAX = 2_000_000;
const RECORDS_A_READ = 8;

/** One request's worth of the ledger. */
export interface LedgerBatch {
  lines: string[];
  /** Ordinal of its last record: the cursor once it is written. */
  last: number;
  /** When its first record came, ms since the Unix epoch by the collector's clock. */
  receivedMs: number;
  /** Config records in it: what waited for them is in its lines. */
  wirings: RecordHeader[];
}

/** Reads the ledger as batches of lines, and remembers which records wait for their wiring. */
export interface BatchReader {
  /** Reads on after an ordinal until a request is full; undefined when there is nothing. */
  gather(after: number): LedgerBatch | undefined;
  /** Says that a batch is written. */
  settle(batch: LedgerBatch): void;
  /** The smallest ordinal that waits for its wiring; 0 when none does. */
  firstWaiting(): number;
  stats(): {
    waitingRecords: number;
    samples: number;
    quarantinedRecords: number;
    badReadings: number;
    unknownReadings: number;
  };
}

/** A reader that starts with nothing waiting. */
export function createBatchReader(ledger: Pick<Ledger, 'readAfter' | 'configRecord'>, log: Log): BatchReader {
  const reader = createRecordReader(ledger);
  const deferred = new DeferredRecords();
  const counts = { samples: 0, quarantinedRecords: 0, badReadings: 0, unknownReadings: 0 };

  /** Lines of one record; of a wiring, those of the records that waited for it. */
  const linesOf = (record: LedgerRecord): string[] => {
    const { header, ordinal } = record;
    if (header.kind === 'config')
      return deferred
        .waitingFor(header)
        .flatMap((waiting) => ledger.readAfter(waiting - 1, 1).flatMap(linesOf));
    if (header.kind !== 'readings') return [];
    try {
      const read = reader.read(record);
      if (read === undefined) {
        deferred.add(header, ordinal);
        return [];
      }
      counts.badReadings += read.bad;
      counts.unknownReadings += read.unknown;
      counts.samples += read.samples;
      return read.lines;
    } catch (error) {
      counts.quarantinedRecords++;
      log.warn(
        { agent: header.agent, seq: header.seq, reason: describeError(error) },
        'A record cannot be read and is left out of InfluxDB; the ledger still has it.',
      );
      return [];
    }
  };

  return {
    gather: (after) => {
      const batch: LedgerBatch = { lines: [], last: after, receivedMs: 0, wirings: [] };
      let bytes = 0;
      for (;;) {
        const records = ledger.readAfter(batch.last, RECORDS_A_READ);
        if (records.length === 0) return batch.last === after ? undefined : batch;
        for (const record of records) {
          if (batch.last === after) batch.receivedMs = record.receivedMs;
          if (record.header.kind === 'config') batch.wirings.push(record.header);
          for (const line of linesOf(record)) {
            batch.lines.push(line);
            bytes += line.length + 1;
          }
          batch.last = record.ordinal;
          if (batch.lines.length >= LINES_MAX || bytes >= BYTES_MAX) return batch;
        }
      }
    },
    settle: ({ wirings }) => {
      for (const wiring of wirings) deferred.settle(wiring);
    },
    firstWaiting: () => deferred.first(),
    stats: () => ({ ...counts, waitingRecords: deferred.count }),
  };
}
