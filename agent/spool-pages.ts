import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { RECORD_MAGIC } from '../protocols/telemetry/record.ts';
import { readPagesInLog } from './spool-wal-pages.ts';

/** SQLite's own default; ours are never made with another. */
const PAGE_BYTES = 4096;
/** Where more of the first page differs, it is that of another database. */
const SPOILT_BYTES_MAX = 16;
const TABLE_LEAF = 0x0d;
/** Of a table leaf page: a payload longer than this goes on in overflow pages. */
const LOCAL_BYTES_MAX = PAGE_BYTES - 35;
const LOCAL_BYTES_MIN = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
const RECORD_COLUMNS = 13;
const STATE_COLUMN = 9;
/** Of a row; the hash, the signature and the names in a header alone take more. */
const RECORD_BYTES_MIN = 200;
/** Of the row's own header: one varint a column and one for itself. */
const RECORD_HEADER_BYTES_MAX = 60;
/** How the file is written, where it is not by a log: what a process leaves that dies while it begins the log anew. */
const WITHOUT_LOG = 0x01_01;
const WRITTEN_AT = 18;
/** What never changes in the first page once the tables are made: all but change counters, sizes and the free list. */
const FIXED: readonly (readonly [number, number])[] = [
  [0, 24],
  [40, 92],
  [100, PAGE_BYTES],
];

/** A record's row as it was found in a page. */
interface Carved {
  id: number;
  state: string;
  bytes: Uint8Array;
}

/** Keeps a copy of the database's first page beside it: the tables are found by it, so a bit in it would cost them all. */
export function keepFirstPage(path: string): void {
  const page = firstPageOf(path);
  if (page === undefined || page.readUInt16BE(16) !== PAGE_BYTES) return;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(page));
  writeFileSync(copyOf(path), Buffer.concat([page, sum]), { flush: true });
}

/** Writes what is fixed in the first page into one that a write-ahead log holds, where there is a sound copy. */
export function mendPageInLog(path: string, page: Buffer): void {
  const copy = readCopy(path);
  if (copy !== undefined) copyFixed(copy, page);
}

/** True when there is a sound copy of the first page. */
export function hasFirstPage(path: string): boolean {
  return readCopy(path) !== undefined;
}

/** Forgets the copy: another database comes into its place. */
export function dropFirstPage(path: string): void {
  rmSync(copyOf(path), { force: true });
}

/**
 * Puts the first page right where it is not what it was: what is fixed in it comes from the copy, the size from the file. The
 * page as it was is kept in quarantine/. True when that was done.
 */
export function mendFirstPage(path: string): boolean {
  const copy = readCopy(path);
  const page = copy === undefined || !existsSync(path) ? undefined : firstPageOf(path);
  if (copy === undefined || page === undefined) return false;
  const mended = Buffer.from(page);
  copyFixed(copy, mended);
  const hasWal = existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
  const pages = Math.floor(statSync(path).size / PAGE_BYTES);
  // A log that is not carried over yet may tell of more.
  const flipped = mended.readUInt32BE(28) ^ pages;
  // One bit: a file that was cut off is another matter.
  if (!hasWal && (flipped & (flipped - 1)) === 0) mended.writeUInt32BE(pages, 28);
  if (mended.equals(page)) return false;
  // So much is not spoilt but another database.
  if (differences(mended, page) > SPOILT_BYTES_MAX) return false;
  const quarantine = join(dirname(path), 'quarantine');
  mkdirSync(quarantine, { recursive: true });
  writeFileSync(join(quarantine, `spool.sqlite.page1.${Date.now()}`), page);
  const file = openSync(path, 'r+');
  try {
    writeSync(file, mended, 0, PAGE_BYTES, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return true;
}

/**
 * The records' bytes that lie in the pages of a database and of its log, found without its trees: a page proves nothing about where it
 * belongs, but a record does. What was deleted lately may be among them.
 */
export function* carveRecords(path: string): Generator<Carved> {
  const inLog = readPagesInLog(path);
  const file = openSync(path, 'r');
  try {
    const inFile = Math.floor(statSync(path).size / PAGE_BYTES);
    const pages = Math.max(inFile, ...inLog.keys());
    const page = Buffer.alloc(PAGE_BYTES);
    const read = (number: number, into: Buffer) => {
      const newer = inLog.get(number);
      if (newer !== undefined) return newer.copy(into) === PAGE_BYTES;
      if (number < 1 || number > inFile) return false;
      return readSync(file, into, 0, PAGE_BYTES, (number - 1) * PAGE_BYTES) === PAGE_BYTES;
    };
    for (let number = 2; number <= pages; number++) {
      if (!read(number, page) || !isNearly(TABLE_LEAF, page.readUInt8(0))) continue;
      // Every place is looked at, not only those the page points to: a bit of what leads to its rows costs none of them.
      for (let at = 8; at < PAGE_BYTES - 8; at++) {
        const record = carveCell(page, at, read);
        if (record !== undefined) yield record;
      }
    }
  } finally {
    closeSync(file);
  }
}

function carveCell(
  page: Buffer,
  at: number,
  read: (number: number, into: Buffer) => boolean,
): Carved | undefined {
  const length = readVarint(page, at);
  const id = readVarint(page, length.next);
  if (length.value < RECORD_BYTES_MIN || length.value > 1_000_000) return undefined;
  // Nearly every place is none: what tells is looked at before anything is gathered.
  const header = readVarint(page, id.next);
  if (header.value <= RECORD_COLUMNS || header.value > RECORD_HEADER_BYTES_MAX) return undefined;
  const headerEnd = id.next + header.value;
  let [offset, next, bytes] = [header.value, header.next, 0];
  let [stateAt, stateBytes] = [0, 0];
  for (let column = 0; column < RECORD_COLUMNS; column++) {
    if (next >= headerEnd) return undefined;
    const type = readVarint(page, next);
    next = type.next;
    offset += bytes;
    bytes = bytesOf(type.value);
    if (column === STATE_COLUMN) [stateAt, stateBytes] = [offset, bytes];
  }
  // So much of a row is always in its own page.
  if (offset + RECORD_MAGIC.length <= LOCAL_BYTES_MIN && !isRecordAt(page, id.next + offset))
    return undefined;
  const payload = gather(page, id.next, length.value, read);
  if (payload === undefined) return undefined;
  return {
    id: id.value,
    state: payload.toString('latin1', stateAt, stateAt + stateBytes),
    bytes: new Uint8Array(payload.subarray(offset, offset + bytes)),
  };
}

function isRecordAt(page: Buffer, at: number): boolean {
  return page.toString('latin1', at, at + RECORD_MAGIC.length) === RECORD_MAGIC;
}

/** A payload with its overflow pages. */
function gather(
  page: Buffer,
  at: number,
  length: number,
  read: (number: number, into: Buffer) => boolean,
): Buffer | undefined {
  if (length <= LOCAL_BYTES_MAX) return page.subarray(at, at + length);
  const spread = LOCAL_BYTES_MIN + ((length - LOCAL_BYTES_MIN) % (PAGE_BYTES - 4));
  const local = spread <= LOCAL_BYTES_MAX ? spread : LOCAL_BYTES_MIN;
  if (at + local + 4 > PAGE_BYTES) return undefined;
  const payload = Buffer.alloc(length);
  page.copy(payload, 0, at, at + local);
  const overflow = Buffer.alloc(PAGE_BYTES);
  let next = page.readUInt32BE(at + local);
  for (let done = local; done < length; done += PAGE_BYTES - 4) {
    if (!read(next, overflow)) return undefined;
    overflow.copy(payload, done, 4, Math.min(PAGE_BYTES, 4 + length - done));
    next = overflow.readUInt32BE(0);
  }
  return payload;
}

/** The same but for one bit at most. */
function isNearly(expected: number, found: number): boolean {
  const flipped = expected ^ found;
  return (flipped & (flipped - 1)) === 0;
}

/** Bytes that a value of a serial type takes. */
function bytesOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type] ?? 0;
}

function readVarint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return { value: 0, next: at + 9 };
}

function differences(a: Buffer, b: Buffer): number {
  let count = 0;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) count += 1;
  return count;
}

function firstPageOf(path: string): Buffer | undefined {
  const page = Buffer.alloc(PAGE_BYTES);
  const file = openSync(path, 'r');
  try {
    return readSync(file, page, 0, PAGE_BYTES, 0) === PAGE_BYTES ? page : undefined;
  } finally {
    closeSync(file);
  }
}

function copyFixed(copy: Buffer, page: Buffer): void {
  const isWithoutLog = page.readUInt16BE(WRITTEN_AT) === WITHOUT_LOG;
  for (const [from, to] of FIXED) copy.copy(page, from, from, to);
  if (isWithoutLog) page.writeUInt16BE(WITHOUT_LOG, WRITTEN_AT);
}

function readCopy(path: string): Buffer | undefined {
  if (!existsSync(copyOf(path))) return undefined;
  const bytes = readFileSync(copyOf(path));
  const page = bytes.subarray(0, PAGE_BYTES);
  return bytes.length === PAGE_BYTES + 4 && crc32(page) === bytes.readUInt32BE(PAGE_BYTES) ? page : undefined;
}

function copyOf(path: string): string {
  return `${path}.page1`;
}
