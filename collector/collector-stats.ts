import type { Admission, AdmissionCounts } from './ingest/admission.ts';
import type { Findings } from './ingest/findings.ts';
import type { AgentKeys } from './ingest/keys.ts';
import type { Quarantine, QuarantineStats } from './ingest/quarantine.ts';
import type { ReceiptIssuer, ReceiptStats } from './ingest/receipts.ts';
import type { Subscriber } from './ingest/subscriber.ts';
import type { AdmissionLedger } from './ledger/sqlite-ledger.ts';

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
    /** Read with other bytes than they were stored with. */
    damaged: number;
  };
  findings: number;
  /** Keys that agents use and nobody vouched for after another was seen. */
  otherKeys: number;
  derivation: object | undefined;
  influx: object | undefined;
}

/** Reads all figures at this moment. */
export function readCollectorStats(parts: {
  ledger: AdmissionLedger;
  admission: Admission;
  receipts: ReceiptIssuer;
  quarantine: Quarantine;
  subscriber: Subscriber;
  findings: Findings;
  keys: AgentKeys;
  derivation: { stats(): object } | undefined;
  projector: { stats(): object } | undefined;
}): CollectorStats {
  const { ledger } = parts;
  const sums = { records: 0, samples: 0, pending: 0, missing: 0 };
  for (const chain of ledger.chains()) {
    sums.records += chain.records;
    sums.samples += chain.samples;
    sums.pending += chain.records - chain.contiguousSeq;
    sums.missing += chain.headSeq - chain.records;
  }
  return {
    broker: { ...parts.subscriber.state(), ...parts.subscriber.counts() },
    admission: parts.admission.counts(),
    receipts: parts.receipts.stats(),
    quarantine: parts.quarantine.stats(),
    ledger: {
      ...sums,
      lastOrdinal: ledger.lastOrdinal(),
      bytes: ledger.sizeBytes(),
      appending: ledger.pendingAppends(),
      damaged: ledger.damagedRecords(),
    },
    findings: parts.findings.list().length,
    otherKeys: parts.keys.list().filter(({ standing }) => standing === 'other').length,
    derivation: parts.derivation?.stats(),
    influx: parts.projector?.stats(),
  };
}
