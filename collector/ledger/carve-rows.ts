/** A row of an SQLite table as it was found in a page, whatever the rest of the file is like. */
export interface CarvedRow {
  rowid: number;
  values: (number | string | Uint8Array | null)[];
}

const TABLE_LEAF = 0x0d;
/** Page sizes that SQLite knows, bytes. */
export const PAGE_SIZES: readonly number[] = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];

/**
 * Finds the rows of one page of a table, by the file format alone, without the trees that lead to it: so damage costs the rows
 * of one page at most.
 * @param headerAt where the page's header is: at 0, but at 100 in the first page of a file
 * @param columns how many the table has: rows of others are left out
 * @param pageAt a page of the file by its number, from 1, where a row goes on in others
 */
export function* rowsOfPage(
  page: Uint8Array,
  headerAt: number,
  columns: number,
  pageAt: (number: number) => Uint8Array | undefined,
): Generator<CarvedRow, void> {
  if (page[headerAt] !== TABLE_LEAF) return;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const count = Math.min(view.getUint16(headerAt + 3), Math.floor((page.length - headerAt - 8) / 2));
  for (let cell = 0; cell < count; cell++) {
    const row = readCell(page, view.getUint16(headerAt + 8 + cell * 2), columns, pageAt);
    if (row !== undefined) yield row;
  }
}

function readCell(
  page: Uint8Array,
  at: number,
  columns: number,
  pageAt: (number: number) => Uint8Array | undefined,
): CarvedRow | undefined {
  const size = readVarint(page, at);
  const rowid = size === undefined ? undefined : readVarint(page, size.next);
  if (size === undefined || rowid === undefined || size.value > 1_000_000) return undefined;
  const payload = readPayload(page, rowid.next, size.value, pageAt);
  if (payload === undefined) return undefined;
  const head = readVarint(payload, 0);
  if (head === undefined || head.value > payload.length) return undefined;
  const values: CarvedRow['values'] = [];
  let typeAt = head.next;
  let valueAt = head.value;
  while (typeAt < head.value) {
    const type = readVarint(payload, typeAt);
    if (type === undefined || values.length >= columns) return undefined;
    typeAt = type.next;
    const bytes = lengthOf(type.value);
    if (valueAt + bytes > payload.length) return undefined;
    values.push(valueOf(type.value, payload.subarray(valueAt, valueAt + bytes)));
    valueAt += bytes;
  }
  return values.length === columns ? { rowid: rowid.value, values } : undefined;
}

/** The payload of a cell, with what overflowed into other pages (the file format's section on cell payload). */
function readPayload(
  page: Uint8Array,
  at: number,
  size: number,
  pageAt: (number: number) => Uint8Array | undefined,
): Uint8Array | undefined {
  const usable = page.length;
  if (size <= usable - 35) return at + size <= page.length ? page.subarray(at, at + size) : undefined;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const wanted = least + ((size - least) % (usable - 4));
  const local = wanted <= usable - 35 ? wanted : least;
  if (at + local + 4 > page.length) return undefined;
  const pieces = [page.subarray(at, at + local)];
  let rest = size - local;
  let next = Buffer.from(page.buffer, page.byteOffset + at + local, 4).readUInt32BE();
  while (rest > 0) {
    const more = pageAt(next);
    if (more === undefined) return undefined;
    pieces.push(more.subarray(4, 4 + Math.min(rest, usable - 4)));
    rest -= usable - 4;
    next = Buffer.from(more.buffer, more.byteOffset, 4).readUInt32BE();
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type] ?? 0;
}

function valueOf(type: number, bytes: Uint8Array): CarvedRow['values'][number] {
  if (type >= 12) return type % 2 === 0 ? new Uint8Array(bytes) : Buffer.from(bytes).toString();
  if (type === 0 || type === 10 || type === 11) return null;
  if (type === 8 || type === 9) return type - 8;
  const buffer = Buffer.from(bytes);
  if (type === 7) return buffer.readDoubleBE();
  return bytes.length === 8 ? Number(buffer.readBigInt64BE()) : buffer.readIntBE(0, bytes.length);
}

function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? { value, next: at + index + 1 } : undefined;
  }
  return undefined;
}

/** The size of a file's pages by its first bytes; that of our own files where it is damaged. */
export function pageBytesOf(start: Uint8Array): number {
  const noted = start.length < 18 ? 0 : Buffer.from(start.buffer, start.byteOffset).readUInt16BE(16);
  const pageBytes = noted === 1 ? 65_536 : noted;
  return PAGE_SIZES.includes(pageBytes) ? pageBytes : 8192;
}
