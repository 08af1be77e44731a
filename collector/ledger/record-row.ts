import {
  parseRecordHead,
  SIGNATURE_BYTES,
  wallTimeMs,
  type RecordHeader,
} from '../../protocols/telemetry/record.ts';
import type { ToldGone } from './ledger.ts';
import type { RowToWrite } from './month-rows.ts';

/** A record as a month's file notes it: what is looked for stands beside its bytes. */
export function rowOf(record: {
  bytes: Uint8Array;
  header: RecordHeader;
  hash: string;
  receivedMs: number;
  gone?: readonly ToldGone[];
}): Omit<RowToWrite, 'id'> {
  const { header, hash, receivedMs, bytes, gone = [] } = record;
  return {
    receivedMs,
    agent: header.agent,
    epoch: header.epoch,
    seq: header.seq,
    hash,
    key: header.key,
    kind: header.kind,
    firstMs: wallTimeMs(header, header.first),
    lastMs: wallTimeMs(header, header.last),
    sealedToMs: wallTimeMs(header, header.sealedTo),
    samples: header.samples,
    config: header.config,
    prev: header.prev,
    machines: header.parts.flatMap(({ machine }) => machine ?? []),
    gone,
    bytes,
  };
}

/** What stays of a record whose readings are let go: its header and its signature, which still prove its place in the chain. */
export function headBytes(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, parseRecordHead(bytes).signedBytes.length + SIGNATURE_BYTES);
}

/** True where a record should have parts of machines and ends with its signature. */
export function isHeadOnly({ kind, parts }: RecordHeader, bytes: Uint8Array): boolean {
  if (kind !== 'readings' || parts.length === 0) return false;
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4);
  return bytes.length === 8 + headerBytes + SIGNATURE_BYTES;
}
