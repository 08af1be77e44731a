import { badDocumentError } from './agent-error.ts';
import { ByteStore } from './byte-store.ts';

const HEADERS_LENGTH_MAX = 8192;
/** Bytes between two parts that belong to none. */
const BETWEEN_LENGTH_MAX = 4096;
const PART_LENGTH_MAX = 16 * 1024 * 1024;
const LINE_END = /\r?\n/;
/** The end of a document: what tells that a part without Content-length is whole before the next one begins. */
const DOCUMENT_END = /<\/(?:[\w.-]+:)?MTConnect(?:Streams|Error|Devices)\s*>\s*$/;
const DOCUMENT_END_LENGTH = 256;

/** The boundary that a Content-type of `multipart/x-mixed-replace` names; undefined for any other type. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^\s*multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  // Some agents write the dashes that belong before the boundary into its name.
  return boundary?.replace(/^--/, '');
}

/**
 * Cuts an endless multipart answer into its parts; chunks may be cut anywhere. A part ends where its Content-length
 * says, or, without one, with its document or at the next boundary. Throws an error of class `retry` (code `bad-frame`)
 * for what is no multipart.
 */
export class MultipartReader {
  readonly #where: string;
  readonly #boundary: Buffer;
  readonly #onPart: (text: string) => void;
  readonly #store = new ByteStore();
  #state: 'between' | 'headers' | 'body' = 'between';
  /** Of the part that is open; undefined where it does not say. */
  #partLength: number | undefined;
  /** Bytes of the open part in which no boundary begins: they are not searched again. */
  #searched = 0;

  constructor(where: string, boundary: string, onPart: (text: string) => void) {
    this.#where = where;
    this.#boundary = Buffer.from(`--${boundary}`, 'latin1');
    this.#onPart = onPart;
  }

  /** Takes the next bytes, and hands on the parts that are whole now. */
  write(chunk: Uint8Array): void {
    this.#store.add(chunk);
    while (this.#step());
  }

  /** True where more may be done with what is held. */
  #step(): boolean {
    const held = this.#store.held();
    if (this.#state === 'between') return this.#findBoundary(held);
    if (this.#state === 'headers') return this.#readHeaders(held);
    if (this.#partLength === undefined) return this.#findEnd(held);
    return held.length < this.#partLength ? false : this.#endPart(held, this.#partLength);
  }

  #findBoundary(held: Buffer): boolean {
    const at = held.indexOf(this.#boundary);
    if (at < 0) {
      if (held.length > BETWEEN_LENGTH_MAX) throw this.#bad('bytes that belong to no part');
      return false;
    }
    // What follows tells the last boundary from one more; it may not be there yet.
    const after = at + this.#boundary.length;
    const lineEnd = held.indexOf(0x0a, after);
    if (lineEnd < 0) {
      if (held.length - after > HEADERS_LENGTH_MAX) throw this.#bad('a boundary without end');
      return false;
    }
    this.#store.drop(lineEnd + 1);
    this.#state = 'headers';
    return true;
  }

  #readHeaders(held: Buffer): boolean {
    const text = held.toString('latin1', 0, Math.min(held.length, HEADERS_LENGTH_MAX));
    const end = /^\r?\n|\r?\n\r?\n/.exec(text);
    if (end === null) {
      if (held.length >= HEADERS_LENGTH_MAX) throw this.#bad('a part whose headers have no end');
      return false;
    }
    this.#partLength = undefined;
    this.#searched = 0;
    for (const line of text.slice(0, end.index).split(LINE_END)) {
      const length = /^content-length\s*:\s*(\d{1,12})\s*$/i.exec(line)?.[1];
      if (length !== undefined) this.#partLength = Number(length);
    }
    if (this.#partLength !== undefined && this.#partLength > PART_LENGTH_MAX)
      throw this.#bad('a part far too long');
    this.#store.drop(end.index + end[0].length);
    this.#state = 'body';
    return true;
  }

  #endPart(held: Buffer, length: number): boolean {
    const text = held.toString('utf8', 0, length);
    const isMore = held.length > length;
    this.#store.drop(length);
    this.#state = 'between';
    this.#onPart(text);
    return isMore;
  }

  #findEnd(held: Buffer): boolean {
    const at = held.indexOf(this.#boundary, this.#searched);
    if (at >= 0) return this.#endPart(held, at);
    if (held.length > PART_LENGTH_MAX) throw this.#bad('a part without end');
    this.#searched = Math.max(0, held.length - this.#boundary.length);
    const tail = held.toString('latin1', Math.max(0, held.length - DOCUMENT_END_LENGTH));
    return DOCUMENT_END.test(tail) ? this.#endPart(held, held.length) : false;
  }

  #bad(what: string): Error {
    return badDocumentError(this.#where, what);
  }
}
