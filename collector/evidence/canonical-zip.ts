import { crc32 } from 'node:zlib';
import { MillwattError } from '../../protocols/errors.ts';

/*
 * The container of an evidence package: a zip that any tool opens, of which each content has exactly one text. Entries are
 * stored as they are, in the order of their names, with no time, no comment, no extra field, and nothing between them or
 * behind them; so a changed byte anywhere is either a changed content, which has a hash, or no such zip.
 * Layout: APPNOTE.TXT 6.3.10 of the zip format, sections 4.3.7, 4.3.12 and 4.3.16.
 */

/** One file of a package. */
export interface PackedFile {
  /** `/` between folders; lower-case letters, digits, `.`, `_` and `-`, at most 200 characters. */
  path: string;
  bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** 1980-01-01, the first day that the format knows. */
const DATE = 0x21;
const VERSION = 10;
const ENTRIES_MAX = 65_534;
const BYTES_MAX = 0xffff_fffe;
const PATH = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
const PATH_CHARACTERS_MAX = 200;

interface Entry {
  path: string;
  size: number;
  crc: number;
  offset: number;
}

/**
 * The bytes of the zip, piece by piece; one file is in memory at a time.
 *
 * @param files in ascending order of their paths (UTF-16 code units). Throws an error of class `refuse` (code
 *   `package-too-large`) beyond 4 GiB or 65,534 files, and a RangeError on a path out of order or of another form.
 */
export function* packZip(files: Iterable<PackedFile>): Generator<Uint8Array> {
  const entries: Entry[] = [];
  let offset = 0;
  for (const { path, bytes } of files) {
    requirePath(path, entries.at(-1)?.path);
    const entry = { path, size: bytes.length, crc: crc32(bytes), offset };
    const head = localHead(entry);
    offset += head.length + bytes.length;
    entries.push(entry);
    if (offset > BYTES_MAX || entries.length > ENTRIES_MAX) throw tooLarge();
    yield head;
    yield bytes;
  }
  let directoryBytes = 0;
  for (const entry of entries) {
    const head = centralHead(entry);
    directoryBytes += head.length;
    yield head;
  }
  if (offset + directoryBytes > BYTES_MAX) throw tooLarge();
  yield endRecord(entries.length, directoryBytes, offset);
}

/** Where a package is read from. */
export interface PackageBytes {
  size: number;
  /** @returns the `length` bytes at `offset`; both lie within `size` */
  read(offset: number, length: number): Uint8Array;
}

/**
 * Every file of a zip that `packZip` could have written, in order, one in memory at a time. Throws an error of class
 * `refuse` (code `bad-package`) that names the offset where it is another.
 *
 * @param bytesMaxOf how large a file of this path may be; may throw for one that should not be there
 */
export function* unpackZip(
  from: PackageBytes,
  bytesMaxOf: (path: string) => number = () => Infinity,
): Generator<PackedFile> {
  const entries: Entry[] = [];
  let offset = 0;
  for (;;) {
    if (take(from, offset, 4).readUInt32LE(0) !== LOCAL) break;
    const fixed = take(from, offset, LOCAL_BYTES);
    const [size, nameBytes] = [fixed.readUInt32LE(22), fixed.readUInt16LE(26)];
    const path = take(from, offset + LOCAL_BYTES, nameBytes).toString('latin1');
    if (!isPath(path)) throw badPackage(offset, `${JSON.stringify(path)} is no name of a file in a package`);
    const before = entries.at(-1);
    if (before !== undefined && path <= before.path) throw badPackage(offset, `${path} is out of order`);
    const entry = { path, size, crc: fixed.readUInt32LE(14), offset };
    requireSame(from, offset, localHead(entry));
    if (size > bytesMaxOf(path)) throw badPackage(offset, `${path} is too large`);
    const bytes = take(from, offset + LOCAL_BYTES + nameBytes, size);
    if (crc32(bytes) !== entry.crc) throw badPackage(offset, `${path} does not have its checksum`);
    entries.push(entry);
    if (entries.length > ENTRIES_MAX) throw badPackage(offset, 'it has too many files');
    yield { path, bytes };
    offset += LOCAL_BYTES + nameBytes + size;
  }
  const directoryAt = offset;
  for (const entry of entries) {
    const head = centralHead(entry);
    requireSame(from, offset, head);
    offset += head.length;
  }
  const end = endRecord(entries.length, offset - directoryAt, directoryAt);
  requireSame(from, offset, end);
  if (offset + end.length !== from.size)
    throw badPackage(offset + end.length, 'something stands behind its end');
}

function localHead({ path, size, crc }: Entry): Buffer {
  const head = Buffer.alloc(LOCAL_BYTES + path.length);
  head.writeUInt32LE(LOCAL, 0);
  head.writeUInt16LE(VERSION, 4);
  head.writeUInt16LE(DATE, 12);
  writeFacts(head, 14, crc, size, path);
  head.write(path, LOCAL_BYTES, 'latin1');
  return head;
}

function centralHead({ path, size, crc, offset }: Entry): Buffer {
  const head = Buffer.alloc(CENTRAL_BYTES + path.length);
  head.writeUInt32LE(CENTRAL, 0);
  head.writeUInt16LE(VERSION, 4);
  head.writeUInt16LE(VERSION, 6);
  head.writeUInt16LE(DATE, 14);
  writeFacts(head, 16, crc, size, path);
  head.writeUInt32LE(offset, 42);
  head.write(path, CENTRAL_BYTES, 'latin1');
  return head;
}

function writeFacts(head: Buffer, at: number, crc: number, size: number, path: string): void {
  head.writeUInt32LE(crc, at);
  head.writeUInt32LE(size, at + 4);
  head.writeUInt32LE(size, at + 8);
  head.writeUInt16LE(path.length, at + 12);
}

function endRecord(count: number, directoryBytes: number, directoryAt: number): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directoryBytes, 12);
  end.writeUInt32LE(directoryAt, 16);
  return end;
}

function isPath(path: string): boolean {
  return path.length <= PATH_CHARACTERS_MAX && PATH.test(path);
}

function requirePath(path: string, before: string | undefined): void {
  if (!isPath(path)) throw new RangeError(`${JSON.stringify(path)} is no name of a file in a package`);
  if (before !== undefined && path <= before) throw new RangeError(`${path} comes after ${before}`);
}

function take(from: PackageBytes, offset: number, length: number): Buffer {
  if (offset + length > from.size) throw badPackage(from.size, 'it ends too early');
  const bytes = from.read(offset, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function requireSame(from: PackageBytes, offset: number, expected: Buffer): void {
  const found = take(from, offset, expected.length);
  if (found.equals(expected)) return;
  const at = expected.findIndex((byte, index) => found[index] !== byte);
  throw badPackage(offset + at, 'it is not as millwatt writes it');
}

function badPackage(offset: number, what: string): MillwattError {
  return new MillwattError(
    'refuse',
    'bad-package',
    `This is no evidence package, or it was changed: at byte ${offset}, ${what}.`,
    { cure: 'Ask whoever made it for the file again, and compare its SHA-256.' },
  );
}

function tooLarge(): MillwattError {
  return new MillwattError(
    'refuse',
    'package-too-large',
    'The package would be larger than 4 GiB or 65,534 files.',
    {
      cure: 'Export a shorter time: a month a package.',
    },
  );
}
