import type { SealedRecord } from '../protocols/evidence/seal.ts';
import { encodeAgentLog } from '../protocols/telemetry/agent-log.ts';
import { packText, type RecordMaker } from './record-packing.ts';
import type { BootAnchor } from './spool-open-rows.ts';
import type { ChainHead, Spool } from './spool.ts';

/**
 * What must stand in a chain before anything else comes: the config snapshot, when the last one sealed there is another, and
 * which epoch ended before. Nothing when all of it is there.
 */
export function packChainStart(
  { head, followed }: Pick<Spool, 'head' | 'followed'>,
  snapshot: string,
  maker: RecordMaker,
  anchor: BootAnchor,
  sealedToMs: number,
): SealedRecord[] {
  const records: SealedRecord[] = [];
  let at: ChainHead = head;
  const add = (kind: 'config' | 'log', text: string) => {
    const record = packText(kind, text, maker, at, anchor, sealedToMs);
    records.push(record);
    at = { ...at, seq: record.header.seq, hash: record.hash };
  };
  if (head.config !== anchor.config) add('config', snapshot);
  if (followed !== null)
    add('log', encodeAgentLog([{ atMs: anchor.mono, event: 'epoch-opened', detail: { ...followed } }]));
  return records;
}
