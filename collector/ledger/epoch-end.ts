import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { isCount, isDigest, isToken } from '../../protocols/telemetry/ids.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import type { LedgerRecord } from './ledger.ts';

/** The last record that an agent sealed in an epoch before it opened another. */
export interface EpochEnd {
  epoch: string;
  seq: number;
  /** Its header hash, where the agent told it. */
  hash?: string;
}

/**
 * Which epoch the text of a `log` record says it follows, or undefined when it says nothing of the kind, or that nothing
 * was sealed there. Throws an error of class
 * `quarantine` (code `malformed-log`).
 */
export function epochEndOf(logText: string): EpochEnd | undefined {
  for (const { event, detail } of decodeAgentLog(logText)) {
    const { before, beforeSeq, beforeHash } = detail;
    if (event === 'epoch-opened' && isToken(before) && isCount(beforeSeq) && beforeSeq > 0)
      return { epoch: before, seq: beforeSeq, ...(isDigest(beforeHash) ? { hash: beforeHash } : {}) };
  }
  return undefined;
}

/** The same of a record of the ledger, whatever its kind: admission let in only what can be read. */
export function readEpochEnd({
  header,
  bytes,
}: Pick<LedgerRecord, 'header' | 'bytes'>): EpochEnd | undefined {
  const [part] = header.kind === 'log' ? parseRecord(bytes).parts : [];
  return part === undefined ? undefined : epochEndOf(unfoldPart(part));
}
