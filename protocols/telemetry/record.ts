import { MillwattError } from '../errors.ts';
import { isCount, isDigest, isId, isLevelId, isToken } from './ids.ts';
import { decodeUtf8 } from './utf8.ts';

/*
 * A sealed record, byte by byte (docs/record-format.md has a worked example):
 *
 *   offset  size  what
 *   0       4     magic "MWB1"
 *   4       4     length H of the header, unsigned, big-endian
 *   8       H     header: JSON, UTF-8, keys in the order of RecordHeader, no white space; keys that a later minor
 *                 version may append come after `prev` and are ignored by readers that do not know them
 *   8+H     64    Ed25519 signature over bytes 0 .. 8+H
 *   72+H    ...   the parts, one after another, each `bytes` long, each one zstd frame of JSON
 *
 * The header hash is SHA-256 over bytes 0 .. 8+H; it names the record, and the next record's `prev` holds it.
 * Hashes, keys and signatures are base64url without padding.
 */
/** The first four bytes of a record of this format version. */
export const RECORD_MAGIC = 'MWB1';
/** Length of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64;
/** No message may be larger: small brokers refuse more. */
export const RECORD_BYTES_MAX = 128 * 1024;
/** A part may not unfold to more than this. */
export const PART_TEXT_BYTES_MAX = 1024 * 1024;
/** All parts of a record together may not unfold to more than this. */
export const RECORD_TEXT_BYTES_MAX = 4 * 1024 * 1024;
const HEADER_BYTES_MAX = 64 * 1024;
const PARTS_MAX = 512;

/** What a record carries: readings of machines, the wiring they rest on, or the agent's own event log. */
export const RECORD_KINDS = ['readings', 'config', 'log'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** `synced`: the wall clock is trusted; `unsynced`: never set since boot; `stepped`: moved by more than 2 s since the last record. */
export const CLOCK_STATES = ['synced', 'unsynced', 'stepped'] as const;
export type ClockState = (typeof CLOCK_STATES)[number];

/** Where one part of a record lies and what proves it. */
export interface RecordPart {
  /** The machine it speaks of; null in `config` and `log` records. */
  machine: string | null;
  /** SHA-256 over the part's bytes as they are in the record (compressed). */
  sha256: string;
  /** Length of the part in the record, at least 1. */
  bytes: number;
}

/** What the signature covers: whose record it is, its place in the chain, its clock and its parts. */
export interface RecordHeader {
  v: 1;
  kind: RecordKind;
  site: string;
  agent: string;
  /** The agent's Ed25519 public key, 32 raw bytes. */
  key: string;
  /** One chain: drawn when a spool is made, and anew after a fork. */
  epoch: string;
  /** 1, 2, 3 ... in an epoch, without gaps. */
  seq: number;
  boot: string;
  /** Monotonic ms of the first and last reading; both equal `sealedTo` when there is none. */
  first: number;
  last: number;
  /** Every reading with a time before this (monotonic ms) is in this record or an earlier one of the epoch. */
  sealedTo: number;
  samples: number;
  /** SHA-256 over the text of the config snapshot that the channels are defined in. */
  config: string;
  /** Both clocks read at one moment: wall time of a reading t = wall + (t - mono). */
  clock: { mono: number; wall: number; state: ClockState };
  parts: RecordPart[];
  /** Header hash of the record before; null for seq 1. */
  prev: string | null;
  /**
   * Only of a record that a full spool made of others: it holds some of the readings of the records thinnedFrom ..
   * thinnedTo of its epoch, all of this record's boot and config. Where one of those is here, it wins.
   */
  thinnedFrom?: number;
  thinnedTo?: number;
  /** Header hash of record thinnedTo. */
  thinnedHash?: string;
  /** `sealedTo` of record thinnedFrom: from there to `clock.mono` the agent was watching without a break. */
  thinnedSince?: number;
  /**
   * Only of the first record of an epoch, a `config`: the key that this one took the place of, and its signature (64 bytes,
   * base64url) over the statement that says so (protocols/evidence/key-rotation.ts). Whether it holds is asked later.
   */
  rotatedFrom?: string;
  rotatedBy?: string;
}

/** A record taken apart; nothing of it is verified yet (protocols/evidence/seal.ts does). */
export interface RecordFrame {
  header: RecordHeader;
  /** Bytes that the header hash and the signature cover. */
  signedBytes: Uint8Array;
  signature: Uint8Array;
  /** The parts' bytes in the order of the header. */
  parts: Uint8Array[];
}

/** Wall time in ms since the Unix epoch of a monotonic time in a record's boot. */
export function wallTimeMs(header: Pick<RecordHeader, 'clock'>, monotonicMs: number): number {
  return header.clock.wall + (monotonicMs - header.clock.mono);
}

/**
 * The bytes that are hashed and signed. Throws an error of class `crash` on a header that no reader would take (code
 * `bad-header`): once sealed into the chain it could never be accepted.
 */
export function encodeSignedBytes(header: RecordHeader): Uint8Array {
  const { seq } = header;
  if (!isHeader(header)) throw badHeader(`Record ${seq} has a header with impossible fields.`);
  const text = new TextEncoder().encode(JSON.stringify(orderHeader(header)));
  if (text.length > HEADER_BYTES_MAX)
    throw badHeader(`Record ${seq} has a header of more than ${HEADER_BYTES_MAX} bytes.`);
  const bytes = new Uint8Array(8 + text.length);
  bytes.set(new TextEncoder().encode(RECORD_MAGIC), 0);
  new DataView(bytes.buffer).setUint32(4, text.length);
  bytes.set(text, 8);
  return bytes;
}

/** Puts signed bytes, signature and parts together. */
export function assembleRecord(
  signedBytes: Uint8Array,
  signature: Uint8Array,
  parts: readonly Uint8Array[],
): Uint8Array {
  return new Uint8Array(Buffer.concat([signedBytes, signature, ...parts]));
}

/** Takes a record apart; throws an error of class `quarantine` (codes `malformed-record`, `unknown-version`). */
export function parseRecord(bytes: Uint8Array): RecordFrame {
  const { header, signedBytes, signature } = parseRecordHead(bytes);
  let offset = signedBytes.length + SIGNATURE_BYTES;
  const parts = header.parts.map((part) => bytes.subarray(offset, (offset += part.bytes)));
  if (offset !== bytes.length)
    throw malformed(`holds ${bytes.length} bytes where its header announces ${offset}`);
  return { header, signedBytes, signature, parts };
}

/** The header of a record and what proves it, whatever comes behind; throws as `parseRecord`. */
export function parseRecordHead(bytes: Uint8Array): Omit<RecordFrame, 'parts'> {
  if (bytes.length > RECORD_BYTES_MAX)
    throw malformed(`is ${bytes.length} bytes long, more than ${RECORD_BYTES_MAX}`);
  if (bytes.length < 8 + SIGNATURE_BYTES) throw malformed(`is only ${bytes.length} bytes long`);
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (magic !== RECORD_MAGIC) {
    if (/^MWB\d$/.test(magic)) {
      throw new MillwattError(
        'quarantine',
        'unknown-version',
        `A record has format ${magic}; this version reads ${RECORD_MAGIC}.`,
        {
          cure: 'Update the collector before the agents.',
        },
      );
    }
    throw malformed('does not begin with MWB1');
  }
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4);
  if (headerBytes > HEADER_BYTES_MAX || 8 + headerBytes + SIGNATURE_BYTES > bytes.length)
    throw malformed('is cut off in its header');
  const signedBytes = bytes.subarray(0, 8 + headerBytes);
  const signature = bytes.subarray(8 + headerBytes, 8 + headerBytes + SIGNATURE_BYTES);
  return { header: parseHeader(signedBytes.subarray(8)), signedBytes, signature };
}

function parseHeader(bytes: Uint8Array): RecordHeader {
  let text: string;
  let json: unknown;
  try {
    text = decodeUtf8(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed('has a header that is not JSON', cause);
  }
  if (!isHeader(json)) throw malformed('has a header with missing or impossible fields');
  // Only one text can be written for a header, so that a hash names one meaning.
  if (JSON.stringify({ ...orderHeader(json), ...appendedKeys(json) }) !== text)
    throw malformed('has a header that is not in canonical form');
  return json;
}

/** Keys that a later minor version appended; plain values only, so that their text is canonical too. */
function appendedKeys(header: RecordHeader): Record<string, unknown> {
  const known = orderHeader(header);
  const appended = Object.entries(header).filter(([key]) => !Object.hasOwn(known, key));
  if (appended.some(([, value]) => typeof value === 'object' && value !== null))
    throw malformed('has a header with an unknown list or object');
  return Object.fromEntries(appended);
}

function isHeader(value: unknown): value is RecordHeader {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const h = value as Partial<Record<keyof RecordHeader, unknown>>;
  const clock = h.clock as Partial<Record<'mono' | 'wall' | 'state', unknown>> | undefined;
  return (
    h.v === 1 &&
    RECORD_KINDS.some((kind) => kind === h.kind) &&
    isId(h.site) &&
    isId(h.agent) &&
    isDigest(h.key) &&
    isToken(h.epoch) &&
    isCount(h.seq) &&
    h.seq > 0 &&
    isToken(h.boot) &&
    isCount(h.first) &&
    isCount(h.last) &&
    isCount(h.sealedTo) &&
    h.first <= h.last &&
    isCount(h.samples) &&
    isDigest(h.config) &&
    typeof clock === 'object' &&
    clock !== null &&
    isCount(clock.mono) &&
    isCount(clock.wall) &&
    CLOCK_STATES.some((state) => state === clock.state) &&
    Array.isArray(h.parts) &&
    h.parts.length <= PARTS_MAX &&
    h.parts.every((part) => isPart(part, h.kind === 'readings')) &&
    (h.kind === 'readings' ? areOfDifferentMachines(h.parts) : h.parts.length === 1) &&
    (h.seq === 1 ? h.prev === null : isDigest(h.prev)) &&
    isThinning(h) &&
    isRotation(h)
  );
}

/** All of the keys or none; only readings are thinned, and only of records before. */
function isThinning(h: Partial<Record<keyof RecordHeader, unknown>>): boolean {
  const { seq, thinnedFrom, thinnedTo, thinnedHash, thinnedSince } = h;
  const keys = [thinnedFrom, thinnedTo, thinnedHash, thinnedSince];
  if (keys.every((key) => key === undefined)) return true;
  return (
    h.kind === 'readings' &&
    isCount(seq) &&
    isCount(thinnedFrom) &&
    isCount(thinnedTo) &&
    thinnedFrom > 0 &&
    thinnedFrom <= thinnedTo &&
    thinnedTo < seq &&
    isDigest(thinnedHash) &&
    isCount(thinnedSince)
  );
}

/** Both keys or none, at the beginning of a chain. */
function isRotation(h: Partial<Record<keyof RecordHeader, unknown>>): boolean {
  const { rotatedFrom, rotatedBy } = h;
  if (rotatedFrom === undefined && rotatedBy === undefined) return true;
  return (
    h.seq === 1 &&
    h.kind === 'config' &&
    isDigest(rotatedFrom) &&
    rotatedFrom !== h.key &&
    typeof rotatedBy === 'string' &&
    // 64 bytes have one spelling.
    /^[A-Za-z0-9_-]{85}[AQgw]$/.test(rotatedBy)
  );
}

function isPart(value: unknown, ofMachine: boolean): value is RecordPart {
  if (typeof value !== 'object' || value === null) return false;
  const part = value as Partial<Record<keyof RecordPart, unknown>>;
  return (
    (ofMachine ? isLevelId(part.machine) : part.machine === null) &&
    isDigest(part.sha256) &&
    isCount(part.bytes) &&
    part.bytes > 0
  );
}

function areOfDifferentMachines(parts: readonly RecordPart[]): boolean {
  return new Set(parts.map((part) => part.machine)).size === parts.length;
}

function orderHeader(h: RecordHeader): RecordHeader {
  return {
    v: h.v,
    kind: h.kind,
    site: h.site,
    agent: h.agent,
    key: h.key,
    epoch: h.epoch,
    seq: h.seq,
    boot: h.boot,
    first: h.first,
    last: h.last,
    sealedTo: h.sealedTo,
    samples: h.samples,
    config: h.config,
    clock: { mono: h.clock.mono, wall: h.clock.wall, state: h.clock.state },
    parts: h.parts.map(({ machine, sha256, bytes }) => ({ machine, sha256, bytes })),
    prev: h.prev,
    ...(h.thinnedFrom === undefined ? {} : { thinnedFrom: h.thinnedFrom }),
    ...(h.thinnedTo === undefined ? {} : { thinnedTo: h.thinnedTo }),
    ...(h.thinnedHash === undefined ? {} : { thinnedHash: h.thinnedHash }),
    ...(h.thinnedSince === undefined ? {} : { thinnedSince: h.thinnedSince }),
    ...(h.rotatedFrom === undefined ? {} : { rotatedFrom: h.rotatedFrom }),
    ...(h.rotatedBy === undefined ? {} : { rotatedBy: h.rotatedBy }),
  };
}

function badHeader(message: string): MillwattError {
  return new MillwattError('crash', 'bad-header', message);
}

function malformed(what: string, cause?: unknown): MillwattError {
  return new MillwattError('quarantine', 'malformed-record', `A record ${what}.`, { cause });
}
