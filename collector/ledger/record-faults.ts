import { sha256 } from '../../protocols/evidence/keys.ts';
import { verifyRecord } from '../../protocols/evidence/seal.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { parseRecord, type RecordFrame } from '../../protocols/telemetry/record.ts';
import { rowOf } from './record-row.ts';

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

/** A record as it was found: taken apart where it is as it was admitted, and else why it is not. */
export type Examined = { frame: RecordFrame } | { code: string; says: string };

/**
 * Checks one record of the ledger by itself: the hash it was stored under, its signature by the key it names, its parts,
 * and what is noted beside it for finding it.
 */
export function examineRow(row: Omit<NotedRow, 'machines'>): Examined {
  let frame: RecordFrame;
  try {
    frame = parseRecord(row.bytes);
    if (sha256(frame.signedBytes) !== row.hash)
      return { code: 'bad-header-hash', says: 'does not have the hash it was admitted with' };
    verifyRecord(frame);
  } catch (error) {
    if (!(error instanceof MillwattError)) throw error;
    return { code: error.code, says: SAYINGS[error.code] ?? `cannot be read: ${describeError(error)}` };
  }
  const { header } = frame;
  const own = rowOf({ header, hash: row.hash, receivedMs: row.receivedMs, bytes: row.bytes });
  const other = NOTED.find((name) => own[name] !== row[name]);
  if (other === undefined) return { frame };
  return { code: 'noted-otherwise', says: `is noted with another ${other} than its header says` };
}

const SAYINGS: Partial<Record<string, string>> = {
  'bad-signature': 'is not signed by the key it names',
  'bad-part-hash': 'has a part that is not the one its header names',
  'malformed-record': 'is no record any more',
};
