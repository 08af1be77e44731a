import type { DailyRootsStats } from './evidence/days/daily-roots.ts';
import type { AdmissionCounts } from './ingest/admission.ts';
import type { Ingest } from './ingest/ingest.ts';
import type { KeyTrouble } from './ingest/key-watch.ts';
import type { QuarantineStats } from './ingest/quarantine.ts';
import type { RoomState } from './ingest/room-watch.ts';
import type { ReceiptStats } from './ingest/receipts.ts';
import type { AdmissionLedger } from './ledger/sqlite-ledger.ts';
import type { Views } from './ledger/views.ts';
import type { RetentionStats } from './retention/retention.ts';

/** The figures of a running collector, for /metrics and doctor. Counts are since its start unless said otherwise. */
export interface CollectorStats {
  broker: { connected: boolean; reason: string; cure: string; messages: number; foreign: number };
  /** messages = admitted + duplicates + rejected + shed + failed + those being decided just now. */
  admission: AdmissionCounts;
  receipts: ReceiptStats;
  quarantine: QuarantineStats;
  ledger: {
    /** In the ledger, over all time. */
    records: number;
    samples: number;
    lastOrdinal: number;
    bytes: number;
    /** Records that wait for a predecessor. */
    pending: number;
    /** Sequence numbers that are not here below one that is. */
    missing: number;
    /** Handed to the writer and not yet durable. */
    appending: number;
    /** Read since the start, and no longer as they were admitted: nothing is derived from them. */
    damaged: number;
  };
  /** Of the ledger's disk; undefined where nobody watches it. */
  room: RoomState | undefined;
  findings: number;
  /** Keys that agents use and nobody vouched for after another was seen. */
  otherKeys: number;
  /** Keys that a person has to see to just now. */
  keyTroubles: KeyTrouble[];
  /** Records that each reader of the ledger has still to take in, by reader. */
  lagRecords: Record<string, number>;
  derivation: object | undefined;
  influx: object | undefined;
  /** Undefined where everything is kept for good. */
  retention: RetentionStats | undefined;
  /** Signed days of the ledger; undefined where nobody signs any. */
  evidence: DailyRootsStats | undefined;
}

/** Reads all figures at this moment. */
export function readCollectorStats(parts: {
  ledger: AdmissionLedger;
  views: Pick<Views, 'cursor'>;
  ingest: Ingest;
  derivation: { stats(): object } | undefined;
  projector: { stats(): object } | undefined;
  retention?: { stats(): RetentionStats } | undefined;
  roots?: { stats(): DailyRootsStats } | undefined;
}): CollectorStats {
  const { ledger, views, ingest } = parts;
  const lagOf = (reader: string) => Math.max(0, ledger.lastOrdinal() - views.cursor(reader));
  const sums = { records: 0, samples: 0, pending: 0, missing: 0 };
  for (const chain of ledger.chains()) {
    sums.records += chain.records;
    sums.samples += chain.samples;
    sums.pending += chain.ahead;
    sums.missing += chain.missing;
  }
  return {
    broker: { ...ingest.subscriber.state(), ...ingest.subscriber.counts() },
    admission: ingest.admission.counts(),
    receipts: ingest.receipts.stats(),
    quarantine: ingest.quarantine.stats(),
    ledger: {
      ...sums,
      lastOrdinal: ledger.lastOrdinal(),
      bytes: ledger.sizeBytes(),
      appending: ledger.pendingAppends(),
      damaged: ledger.damaged().length,
    },
    room: ingest.room?.state(),
    findings: ingest.findings.list().length,
    otherKeys: ingest.keys.list().filter(({ standing }) => standing === 'other').length,
    keyTroubles: ingest.keyWatch.troubles(),
    lagRecords: {
      ...(parts.derivation === undefined ? {} : { derive: lagOf('derive') }),
      ...(parts.projector === undefined ? {} : { influx: lagOf('influx-samples') }),
    },
    derivation: parts.derivation?.stats(),
    influx: parts.projector?.stats(),
    retention: parts.retention?.stats(),
    evidence: parts.roots?.stats(),
  };
}
