import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MillwattError } from '../errors.ts';
import {
  assembleRecord,
  encodeSignedBytes,
  PART_TEXT_BYTES_MAX,
  RECORD_TEXT_BYTES_MAX,
  type RecordFrame,
  type RecordHeader,
} from '../telemetry/record.ts';
import { encodeReceiptBody, type Receipt } from '../telemetry/receipt.ts';
import { decodeUtf8 } from '../telemetry/utf8.ts';
import { sha256, verifySignature, type SigningKey } from './keys.ts';
import { announcedTextBytes } from './zstd-frame.ts';

/** The text of one part of a record, before compression. */
export interface PartText {
  /** null in `config` and `log` records. */
  machine: string | null;
  text: string;
}

/** One part of a record, compressed. */
export interface FoldedPart {
  machine: string | null;
  /** One zstd frame. */
  bytes: Uint8Array;
}

/** A record ready to be stored and published. */
export interface SealedRecord {
  bytes: Uint8Array;
  header: RecordHeader;
  /** SHA-256 over the signed bytes, base64url: the record's name, and the next one's `prev`. */
  hash: string;
}

/** Compresses one part. Deterministic for the same text. */
export function foldPart({ machine, text }: PartText): FoldedPart {
  return { machine, bytes: new Uint8Array(zstdCompressSync(text, { params: COMPRESSION })) };
}

/** Compresses the parts that are not yet, completes the header, signs it. Deterministic for the same input and key. */
export function sealRecord(
  header: Omit<RecordHeader, 'v' | 'key' | 'parts'>,
  parts: readonly (PartText | FoldedPart)[],
  key: SigningKey,
): SealedRecord {
  const frames = parts.map((part) => ('bytes' in part ? part : foldPart(part)).bytes);
  const full: RecordHeader = {
    ...header,
    v: 1,
    key: key.publicKey,
    parts: parts.map((part, index) => {
      const frame = frames[index] ?? new Uint8Array();
      return { machine: part.machine, sha256: sha256(frame), bytes: frame.length };
    }),
  };
  const signedBytes = encodeSignedBytes(full);
  const bytes = assembleRecord(signedBytes, key.sign(signedBytes), frames);
  return { bytes, header: full, hash: sha256(signedBytes) };
}

/** The header hash of a record taken apart. */
export function headerHash(frame: RecordFrame): string {
  return sha256(frame.signedBytes);
}

/**
 * Checks a record against itself: the signature against the key it names, each part against its hash, each part one
 * zstd frame, and what they would unfold to against RECORD_TEXT_BYTES_MAX. Throws an error of class `quarantine` (codes
 * `bad-signature`, `bad-part-hash`, `malformed-part`, `oversized-part`). Nothing is unfolded. Whether the key is to be trusted,
 * and whether the chain holds, is for the caller to ask.
 */
export function verifyRecord(frame: RecordFrame): void {
  verifyHead(frame);
  verifyParts(frame);
  const textBytes = frame.parts.reduce((sum, bytes) => sum + requireFrame(bytes), 0);
  if (textBytes > RECORD_TEXT_BYTES_MAX) throw oversized('The parts of a record', RECORD_TEXT_BYTES_MAX);
}

/** Checks the signature against the key that the header names. Throws an error of class `quarantine` (code `bad-signature`). */
export function verifyHead({ header, signedBytes, signature }: Omit<RecordFrame, 'parts'>): void {
  if (verifySignature(header.key, signedBytes, signature)) return;
  throw new MillwattError(
    'quarantine',
    'bad-signature',
    `Record ${header.seq} of agent ${header.agent} is not signed by the key it names.`,
  );
}

/** Checks each part against the hash that the header names. Throws an error of class `quarantine` (code `bad-part-hash`). */
export function verifyParts({ header, parts }: Pick<RecordFrame, 'header' | 'parts'>): void {
  header.parts.forEach((part, index) => {
    if (sha256(parts[index] ?? new Uint8Array()) === part.sha256) return;
    throw new MillwattError(
      'quarantine',
      'bad-part-hash',
      `Part ${index + 1} of record ${header.seq} of agent ${header.agent} does not have the hash its header names.`,
    );
  });
}

/**
 * Unfolds one part of a record to its text. Throws an error of class `quarantine`: `oversized-part` for one that would
 * unfold to more than 1 MiB, `malformed-part` for what is not exactly one zstd frame of UTF-8 that announces its length.
 */
export function unfoldPart(bytes: Uint8Array): string {
  requireFrame(bytes);
  try {
    return decodeUtf8(zstdDecompressSync(bytes, { maxOutputLength: PART_TEXT_BYTES_MAX }));
  } catch (cause) {
    throw malformedPart(cause);
  }
}

/** The length a part announces to unfold to; zstd refuses a frame that unfolds to another. */
function requireFrame(bytes: Uint8Array): number {
  const textBytes = announcedTextBytes(bytes);
  if (textBytes === undefined) throw malformedPart();
  if (textBytes > PART_TEXT_BYTES_MAX) throw oversized('A part', PART_TEXT_BYTES_MAX);
  return textBytes;
}

function malformedPart(cause?: unknown): MillwattError {
  return new MillwattError(
    'quarantine',
    'malformed-part',
    'A part is not one zstd frame of UTF-8 text that announces its length.',
    { cause },
  );
}

function oversized(what: string, bytesMax: number): MillwattError {
  return new MillwattError(
    'quarantine',
    'oversized-part',
    `${what} would unfold to more than ${bytesMax} bytes.`,
  );
}

/** The bytes of a signed receipt. */
export function sealReceipt(receipt: Omit<Receipt, 'v' | 'key'>, key: SigningKey): Uint8Array {
  const body = encodeReceiptBody({ ...receipt, v: 1, key: key.publicKey });
  return new Uint8Array(Buffer.concat([body, key.sign(body)]));
}

/** SHA-256 over header hashes in order: what a receipt says of a range of records. */
export function rangeDigest(hashes: Iterable<string>): string {
  return sha256(...[...hashes].map((hash) => Buffer.from(hash, 'base64url')));
}

// Digits of noise repeat by chance: matches shorter than 6 cost more than they save (3 % smaller, half the time).
const COMPRESSION = { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_minMatch]: 6 };
