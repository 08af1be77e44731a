import type { RecordHeader } from '../../protocols/telemetry/record.ts';

/** A record as the ledger keeps it: the bytes as they came, and when. */
export interface LedgerRecord {
  /** 1, 2, 3 ... over the whole ledger in order of arrival: the cursor of everything that reads it. */
  ordinal: number;
  /** Collector wall time of arrival, ms since the Unix epoch. */
  receivedMs: number;
  header: RecordHeader;
  hash: string;
  bytes: Uint8Array;
  /** Its readings were let go (retention): `bytes` are header and signature. */
  headOnly?: true;
}

/** What is noted beside a record, whether its bytes are sound or not. */
export type RecordMark = Pick<LedgerRecord, 'ordinal' | 'receivedMs' | 'hash'> &
  Pick<RecordHeader, 'agent' | 'epoch'>;

/** A record that is not as it was admitted any more, by what the ledger noted beside it. */
export interface DamagedRecord {
  ordinal: number;
  /** The file it is in, such as `records-2026-11.db`. */
  file: string;
  agent: string;
  epoch: string;
  seq: number;
  /** Of which it held readings. */
  machines: string[];
  /** Of its readings, wall ms. */
  firstMs: number;
  lastMs: number;
}

/** What is known of one agent's chain. */
export interface ChainSummary {
  agent: string;
  epoch: string;
  key: string;
  /** Largest seq that is here such that of 1..seq all are here that will ever come. */
  contiguousSeq: number;
  /** Header hash of that seq; null when it is 0. */
  contiguousHash: string | null;
  /** Largest seq that is here. */
  headSeq: number;
  /** Wall time (ms since the Unix epoch) up to which every reading of the epoch is here; null when nothing is. */
  sealedToMs: number | null;
  records: number;
  /** Of them, those behind contiguousSeq. */
  ahead: number;
  /** Sequence numbers below headSeq that are not here and may still come. */
  missing: number;
  samples: number;
  /** Ordinal of its first record: later epochs of an agent have larger ones. */
  firstOrdinal: number;
}

/** Records of a chain that will never come, and the word of the agent on it. */
export interface GoneRange {
  from: number;
  to: number;
  /** `thinned`: another record holds some of their readings; `dropped`: nobody has them any more. */
  fate: 'thinned' | 'dropped';
}

/** The same as a record tells it. */
export interface ToldGone extends GoneRange {
  /** The epoch they belong to, where it is not that of the record. */
  epoch?: string;
}

/** How far a chain is here. */
export interface Delivery {
  /** Wall time (ms since the Unix epoch) up to which every reading is here that is waited for; null when none is. */
  toMs: number | null;
  /** No hole below its head is waited for. */
  isWhole: boolean;
}

/** The append-only store of sealed records. Nothing that was appended is ever changed, but damaged bytes for those that were admitted; old readings may be let go. */
export interface Ledger {
  /** Durable (fsync) when it resolves, with the ordinal. Records appended together share one commit. */
  append(record: {
    bytes: Uint8Array;
    header: RecordHeader;
    hash: string;
    receivedMs: number;
    /** What it says will never come. */
    gone?: readonly ToldGone[];
  }): Promise<number>;
  /** The hash of (agent, epoch, seq), or undefined when it is not here. */
  hashOf(agent: string, epoch: string, seq: number): string | undefined;
  /** Records with ordinals above `after`, ascending, at most `limit`; of old ones perhaps header and signature only. */
  readAfter(after: number, limit: number): LedgerRecord[];
  /** Records that hold a part of the machine with readings in wall time [fromMs, toMs], ascending by ordinal. */
  readMachine(machine: string, fromMs: number, toMs: number): Iterable<LedgerRecord>;
  /** Records that were left out of what was read since the ledger was opened: they are not as they were admitted. */
  damaged(): readonly DamagedRecord[];
  /** Records that were damaged and are whole again since the ledger was opened, in the order of their mending. */
  mended(): readonly DamagedRecord[];
  /** The `config` record whose snapshot has this hash (of any agent), or undefined. */
  configRecord(agent: string, configHash: string): LedgerRecord | undefined;
  chains(): ChainSummary[];
  /** What an agent said will never come of a chain, ascending; where one of them came all the same, it is here and counts. */
  gone(agent: string, epoch: string): readonly GoneRange[];
  /** How far a chain is here, when a hole that ended before `waitFromMs` (wall ms) is not waited for any more. */
  delivered(agent: string, epoch: string, waitFromMs: number): Delivery;
  lastOrdinal(): number;
  /** Bytes on disk. */
  sizeBytes(): number;
  close(): Promise<void>;
}
