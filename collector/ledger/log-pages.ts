import { PAGE_SIZES } from './carve-rows.ts';

/** A page of a database as its write-ahead log holds it. */
export interface LoggedPage {
  /** In the database, from 1. */
  number: number;
  page: Uint8Array;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The last bit of the log's first word says in which order of bytes it is summed. */
const BIG_ENDIAN_SUMS = 1;

/**
 * The pages that a write-ahead log holds (the file format's section on it), oldest first: those that a commit stands for,
 * and the others - of a commit that failed, left behind by one that a later one wrote over in part, or behind damage.
 */
export function pagesOfLog(log: Uint8Array): { committed: LoggedPage[]; others: LoggedPage[] } {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const pageBytes = log.length < HEADER_BYTES ? 0 : view.getUint32(8);
  if (!PAGE_SIZES.includes(pageBytes)) return { committed: [], others: [] };
  const sums = new Sums(view, (view.getUint32(0) & BIG_ENDIAN_SUMS) === 0);
  sums.add(0, 24);
  let isWhole = sums.are(24);
  const pages: LoggedPage[] = [];
  let committed = 0;
  for (
    let at = HEADER_BYTES;
    at + FRAME_HEADER_BYTES + pageBytes <= log.length;
    at += FRAME_HEADER_BYTES + pageBytes
  ) {
    // Frames of an earlier round of the log have other salts.
    const isOfRound = view.getBigUint64(at + 8) === view.getBigUint64(16);
    const pageAt = at + FRAME_HEADER_BYTES;
    if (isWhole) {
      sums.add(at, at + 8);
      sums.add(pageAt, pageAt + pageBytes);
      isWhole = isOfRound && sums.are(at + 16);
    }
    if (!isOfRound) continue;
    pages.push({ number: view.getUint32(at), page: log.subarray(pageAt, pageAt + pageBytes) });
    // The last page of a commit says how large the database is after it.
    if (isWhole && view.getUint32(at + 4) > 0) committed = pages.length;
  }
  return { committed: pages.slice(0, committed), others: pages.slice(committed) };
}

/** The running sums over all of a log. */
class Sums {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(view: DataView, littleEndian: boolean) {
    this.#view = view;
    this.#littleEndian = littleEndian;
  }

  add(from: number, to: number): void {
    for (let at = from; at < to; at += 8) {
      this.#first = (this.#first + this.#view.getUint32(at, this.#littleEndian) + this.#second) >>> 0;
      this.#second = (this.#second + this.#view.getUint32(at + 4, this.#littleEndian) + this.#first) >>> 0;
    }
  }

  are(at: number): boolean {
    return this.#view.getUint32(at) === this.#first && this.#view.getUint32(at + 4) === this.#second;
  }
}
