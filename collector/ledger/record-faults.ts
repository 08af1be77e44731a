import { sha256 } from '../../protocols/evidence/keys.ts';
import { unfoldPart, verifyHead, verifyRecord } from '../../protocols/evidence/seal.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { parseRecord, parseRecordHead, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { goneOf } from './gone-ranges.ts';
import type { ToldGone } from './ledger.ts';
import { isHeadOnly, rowOf } from './record-row.ts';

/** What a month's file notes beside a record, by the names of `RowToWrite`. */
export type NotedRow = ReturnType<typeof rowOf> & { ordinal: number };

const NOTED = [
  'agent',
  'epoch',
  'seq',
  'key',
  'kind',
  'firstMs',
  'lastMs',
  'sealedToMs',
  'samples',
  'config',
  'prev',
] as const;

/** A record as it was found: what it says where it is as it was admitted, and else why it is not. */
export type Examined =
  | { header: RecordHeader; isHeadOnly: boolean; gone: ToldGone[] }
  | { code: string; says: string };

/**
 * Checks one record of the ledger by itself: the hash it was stored under, its signature by the key it names, its parts,
 * and what is noted beside it for finding it.
 * @param mayBeHeadOnly old readings of its month were let go, down to header and signature
 */
export function examineRow(row: Omit<NotedRow, 'machines' | 'gone'>, mayBeHeadOnly = false): Examined {
  let header: RecordHeader;
  let gone: ToldGone[];
  let headOnly = false;
  try {
    const head = parseRecordHead(row.bytes);
    if (sha256(head.signedBytes) !== row.hash)
      return { code: 'bad-header-hash', says: 'does not have the hash it was admitted with' };
    ({ header } = head);
    headOnly = mayBeHeadOnly && isHeadOnly(header, row.bytes);
    if (headOnly) verifyHead(head);
    const frame = headOnly ? undefined : parseRecord(row.bytes);
    if (frame !== undefined) verifyRecord(frame);
    const [part] = header.kind === 'log' ? (frame?.parts ?? []) : [];
    gone = goneOf(header, part === undefined ? undefined : unfoldPart(part));
  } catch (error) {
    if (!(error instanceof MillwattError)) throw error;
    return { code: error.code, says: SAYINGS[error.code] ?? `cannot be read: ${describeError(error)}` };
  }
  const own = rowOf({ header, hash: row.hash, receivedMs: row.receivedMs, bytes: row.bytes });
  const other = NOTED.find((name) => own[name] !== row[name]);
  if (other === undefined) return { header, isHeadOnly: headOnly, gone };
  return { code: 'noted-otherwise', says: `is noted with another ${other} than its header says` };
}

const SAYINGS: Partial<Record<string, string>> = {
  'bad-signature': 'is not signed by the key it names',
  'bad-part-hash': 'has a part that is not the one its header names',
  'malformed-record': 'is no record any more',
};
