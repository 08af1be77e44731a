import { wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { GoneRange } from './ledger.ts';
import type { RowToWrite } from './month-writer.ts';

/** A record as a month's file notes it: what is looked for stands beside its bytes. */
export function rowOf(record: {
  bytes: Uint8Array;
  header: RecordHeader;
  hash: string;
  receivedMs: number;
  gone?: readonly GoneRange[];
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
