import { isCount } from '../../protocols/telemetry/ids.ts';
import {
  parseRecordHead,
  RECORD_BYTES_MAX,
  SIGNATURE_BYTES,
  type RecordFrame,
  type RecordHeader,
} from '../../protocols/telemetry/record.ts';
import { badPackage } from './bad-package.ts';

/*
 * Sealed records in a package, one after another: "MWE1", then of each
 *
 *   8   ordinal   in what order the collector took it in, unsigned, big-endian
 *   8   receivedMs   when, ms since 1970, by the collector's clock, unsigned, big-endian
 *   4   H         length of what is signed
 *   H   the bytes that the agent signed (docs/record-format.md)
 *   64  its signature
 *   ..  of the parts, in the header's order, those of the package's machine and those of none
 *
 * What is left out has its hash and length in the signed header; nothing else may be left out, and nothing added.
 */

/** A record as a package holds it. */
export interface RawRecord {
  /** 1 or more; a later one has a larger. */
  ordinal: number;
  /** Collector wall ms. */
  receivedMs: number;
  header: RecordHeader;
  signedBytes: Uint8Array;
  signature: Uint8Array;
  /** By their place in the header; undefined for one of another machine. */
  parts: (Uint8Array | undefined)[];
  /** Header, signature and the parts that are here, one after another: what a record is where nothing was left out. */
  bytes: Uint8Array;
  /** Where in the file it begins, and how long it is. */
  offset: number;
  length: number;
}

/** The first bytes of a file of records: MWE1. */
export const RAW_MAGIC = Buffer.of(0x4d, 0x57, 0x45, 0x31);
const HEAD_BYTES = 20;

/** True for a part that goes into the machine's package: its own, or one of no machine (wiring, an agent's log). */
export function isShown(partMachine: string | null, machine: string): boolean {
  return partMachine === null || partMachine === machine;
}

/** One record's bytes, without the parts of other machines. Deterministic. */
export function encodeRaw(
  { header, signedBytes, signature, parts }: RecordFrame,
  { ordinal, receivedMs }: { ordinal: number; receivedMs: number },
  machine: string,
): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeBigUInt64BE(BigInt(ordinal), 0);
  head.writeBigUInt64BE(BigInt(receivedMs), 8);
  head.writeUInt32BE(signedBytes.length, 16);
  const shown = parts.filter((_, place) => isShown(header.parts[place]?.machine ?? null, machine));
  return Buffer.concat([head, signedBytes, signature, ...shown]);
}

/**
 * The records of a file, in order. Nothing is unfolded or verified yet. Throws an error of class `refuse` (code
 * `bad-package`) with the byte where it is no such file.
 */
export function* decodeRaw(path: string, bytes: Uint8Array, machine: string): Generator<RawRecord> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, RAW_MAGIC.length).equals(RAW_MAGIC))
    throw badPackage(path, 0, 'does not begin with MWE1');
  let offset = RAW_MAGIC.length;
  while (offset < buffer.length) {
    const record = decodeRecord(path, buffer, machine, offset);
    yield record;
    offset += record.length;
  }
}

/** The record that begins at a byte of a file, or of a piece of one that begins with it; throws as `decodeRaw`. */
export function decodeRecord(path: string, buffer: Buffer, machine: string, at = 0): RawRecord {
  let offset = at;
  if (at + HEAD_BYTES > buffer.length) throw badPackage(path, at, 'is cut off');
  const ordinal = Number(buffer.readBigUInt64BE(at));
  const receivedMs = Number(buffer.readBigUInt64BE(at + 8));
  const signedLength = buffer.readUInt32BE(at + 16);
  offset += HEAD_BYTES + signedLength + SIGNATURE_BYTES;
  if (!isCount(ordinal) || ordinal === 0 || !isCount(receivedMs) || signedLength < 8)
    throw badPackage(path, at, 'has a record with impossible fields');
  if (signedLength > RECORD_BYTES_MAX || offset > buffer.length) throw badPackage(path, at, 'is cut off');
  const head = parseHead(path, at, buffer.subarray(at + HEAD_BYTES, offset));
  if (head.signedBytes.length !== signedLength) throw badPackage(path, at, 'has a header of another length');
  const parts: RawRecord['parts'] = [];
  let recordBytes = signedLength + SIGNATURE_BYTES;
  for (const part of head.header.parts) {
    recordBytes += part.bytes;
    if (recordBytes > RECORD_BYTES_MAX) throw badPackage(path, at, 'has a record that is too large');
    if (isShown(part.machine, machine)) {
      if (offset + part.bytes > buffer.length) throw badPackage(path, offset, 'is cut off');
      parts.push(buffer.subarray(offset, offset + part.bytes));
      offset += part.bytes;
    } else parts.push(undefined);
  }
  const bytes = buffer.subarray(at + HEAD_BYTES, offset);
  return { ordinal, receivedMs, ...head, parts, bytes, offset: at, length: offset - at };
}

function parseHead(path: string, at: number, bytes: Uint8Array): ReturnType<typeof parseRecordHead> {
  try {
    return parseRecordHead(bytes);
  } catch (cause) {
    throw badPackage(path, at, 'has a record that cannot be read', cause);
  }
}
