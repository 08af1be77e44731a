import { MillwattError } from '../errors.ts';
import { isCount, isDigest, isId, isToken } from './ids.ts';
import { decodeUtf8 } from './utf8.ts';

/*
 * A receipt, byte by byte:
 *
 *   offset  size  what
 *   0       4     magic "MWR1"
 *   4       4     length L of the body, unsigned, big-endian
 *   8       L     body: JSON, UTF-8, keys in the order of Receipt, no white space
 *   8+L     64    Ed25519 signature of the collector over bytes 0 .. 8+L
 */
/** The first four bytes of a receipt of this format version. */
export const RECEIPT_MAGIC = 'MWR1';
const BODY_BYTES_MAX = 64 * 1024;
const SIGNATURE_BYTES = 64;

/** Records from..to (inclusive) that are durable in the ledger. */
export interface AcceptedRange {
  from: number;
  to: number;
  /** SHA-256 over the header hashes (32 bytes each) of the range, in order: what exactly was accepted. */
  digest: string;
}

/** One record that will never be accepted, and why. */
export interface Rejection {
  seq: number;
  /** The header hash of the rejected record, or null when it could not be read. */
  hash: string | null;
  /** `fork`, `bad-signature`, `malformed-part`, ... */
  reason: string;
}

/** What a collector tells one agent about one epoch. */
export interface Receipt {
  v: 1;
  site: string;
  collector: string;
  /** The collector's Ed25519 public key; the agent obeys only the one it has pinned. */
  key: string;
  agent: string;
  epoch: string;
  /** Collector wall time, ms since the Unix epoch. */
  at: number;
  accepted: AcceptedRange[];
  rejected: Rejection[];
  /** Records that the collector is missing and asks for again. */
  requested: { from: number; to: number }[];
  /**
   * The key of this epoch is revoked at the collector: records that it does not hold yet are not taken, and not rejected. Absent
   * where it is not; a reader that does not know it keeps them all the same.
   */
  keyRevoked?: true;
}

/** A receipt taken apart; nothing of it is verified yet. */
export interface ReceiptFrame {
  receipt: Receipt;
  signedBytes: Uint8Array;
  signature: Uint8Array;
}

/**
 * The bytes that are signed. Throws an error of class `crash` (code `bad-receipt`) on a receipt that no agent would take:
 * impossible fields, or a body of more than 64 KiB; say less in one receipt then.
 */
export function encodeReceiptBody(r: Receipt): Uint8Array {
  const { agent } = r;
  if (!isReceipt(r)) throw badReceipt(`A receipt for agent ${agent} has impossible fields.`);
  const ordered: Receipt = {
    v: r.v,
    site: r.site,
    collector: r.collector,
    key: r.key,
    agent: r.agent,
    epoch: r.epoch,
    at: r.at,
    accepted: r.accepted.map(({ from, to, digest }) => ({ from, to, digest })),
    rejected: r.rejected.map(({ seq, hash, reason }) => ({ seq, hash, reason })),
    requested: r.requested.map(({ from, to }) => ({ from, to })),
    ...(r.keyRevoked === undefined ? {} : { keyRevoked: r.keyRevoked }),
  };
  const text = new TextEncoder().encode(JSON.stringify(ordered));
  if (text.length > BODY_BYTES_MAX)
    throw badReceipt(`A receipt for agent ${agent} has a body of more than ${BODY_BYTES_MAX} bytes.`);
  const bytes = new Uint8Array(8 + text.length);
  bytes.set(new TextEncoder().encode(RECEIPT_MAGIC), 0);
  new DataView(bytes.buffer).setUint32(4, text.length);
  bytes.set(text, 8);
  return bytes;
}

/** Takes a receipt apart without verifying it; throws an error of class `quarantine` (codes `malformed-receipt`, `unknown-version`). */
export function parseReceipt(bytes: Uint8Array): ReceiptFrame {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (magic !== RECEIPT_MAGIC && /^MWR\d$/.test(magic)) {
    throw new MillwattError(
      'quarantine',
      'unknown-version',
      `A receipt has format ${magic}; this version reads ${RECEIPT_MAGIC}.`,
      { cure: 'Update this agent to the version of its collector.' },
    );
  }
  if (magic !== RECEIPT_MAGIC || bytes.length < 8 + SIGNATURE_BYTES)
    throw malformed('does not begin with MWR1 or is cut off');
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4);
  if (length > BODY_BYTES_MAX || bytes.length !== 8 + length + SIGNATURE_BYTES)
    throw malformed('has a wrong length');
  const signedBytes = bytes.subarray(0, 8 + length);
  let json: unknown;
  try {
    json = JSON.parse(decodeUtf8(signedBytes.subarray(8)));
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
  if (!isReceipt(json)) throw malformed('has missing or impossible fields');
  return { receipt: json, signedBytes, signature: bytes.subarray(8 + length) };
}

function isReceipt(value: unknown): value is Receipt {
  if (typeof value !== 'object' || value === null) return false;
  const r = value as Partial<Record<keyof Receipt, unknown>>;
  return (
    r.v === 1 &&
    isId(r.site) &&
    isId(r.collector) &&
    isDigest(r.key) &&
    isId(r.agent) &&
    isToken(r.epoch) &&
    isCount(r.at) &&
    Array.isArray(r.accepted) &&
    r.accepted.every((range: Partial<AcceptedRange> | null) => isRange(range) && isDigest(range?.digest)) &&
    Array.isArray(r.rejected) &&
    r.rejected.every(
      (one: Partial<Rejection> | null) =>
        isCount(one?.seq) && (one.hash === null || isDigest(one.hash)) && typeof one.reason === 'string',
    ) &&
    Array.isArray(r.requested) &&
    r.requested.every(isRange) &&
    (r.keyRevoked === undefined || r.keyRevoked === true)
  );
}

function isRange(value: { from?: unknown; to?: unknown } | null): boolean {
  return isCount(value?.from) && isCount(value.to) && value.from >= 1 && value.from <= value.to;
}

function badReceipt(message: string): MillwattError {
  return new MillwattError('crash', 'bad-receipt', message);
}

function malformed(what: string, cause?: unknown): MillwattError {
  return new MillwattError('quarantine', 'malformed-receipt', `A receipt ${what}.`, { cause });
}
