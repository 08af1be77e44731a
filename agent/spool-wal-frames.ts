import type { Sums } from './spool-wal-bit.ts';

/** Of a write-ahead log. */
export const HEADER_BYTES = 32;
/** Before the page of each frame: page number, size of the database after a commit or 0, two salts, two sums. */
export const FRAME_HEADER_BYTES = 24;
/** Numbers in a write-ahead log are big-endian; its lowest bit says whether the words of its checksums are, too. */
const MAGIC = 0x37_7f_06_82;
const FORMAT = 3_007_000;
/** SQLite's own default; ours are never made with another. */
const PAGE_BYTES = 4096;

/** The layout of a write-ahead log in a buffer, and its sums. */
export class WalFrames {
  readonly bytes: Buffer;
  readonly isBigEndian: boolean;
  readonly pageBytes: number;
  /** Whole frames, of this generation or of an earlier one. */
  readonly count: number;
  readonly headerIsSound: boolean;
  /** Of the generation that the log holds. */
  readonly #salts: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    const sums = [0, 1].map((bit) => this.#sum(0, 24, [0, 0], bit === 1));
    const stored: Sums = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
    const holding = sums.findIndex((sum) => isSame(sum, stored));
    this.headerIsSound = holding !== -1 && bytes.readUInt32BE(0) === MAGIC + holding;
    this.isBigEndian = this.headerIsSound && holding === 1;
    this.pageBytes = this.headerIsSound ? bytes.readUInt32BE(8) : PAGE_BYTES;
    this.count = Math.floor((bytes.length - HEADER_BYTES) / (this.pageBytes + FRAME_HEADER_BYTES));
    const first = HEADER_BYTES + 8;
    this.#salts = Buffer.from(this.headerIsSound ? bytes.subarray(16, 24) : bytes.subarray(first, first + 8));
  }

  /** True for the version and the page size that we write. */
  get isOurs(): boolean {
    return this.bytes.readUInt32BE(4) === FORMAT && this.bytes.readUInt32BE(8) === PAGE_BYTES;
  }

  get salts(): Sums {
    return [this.#salts.readUInt32BE(0), this.#salts.readUInt32BE(4)];
  }

  /** How many frames SQLite would take. */
  soundFrames(from = 0): number {
    if (!this.headerIsSound) return 0;
    for (let frame = from; frame < this.count; frame++) if (!this.follows(frame)) return frame;
    return this.count;
  }

  /** Where a frame begins. */
  at(frame: number): number {
    return HEADER_BYTES + frame * (this.pageBytes + FRAME_HEADER_BYTES);
  }

  pageNumber(frame: number): number {
    return this.bytes.readUInt32BE(this.at(frame));
  }

  /** Size of the database, pages, where the frame ends a commit; else 0. */
  commitSize(frame: number): number {
    return this.bytes.readUInt32BE(this.at(frame) + 4);
  }

  page(frame: number): Buffer {
    const at = this.at(frame) + FRAME_HEADER_BYTES;
    return this.bytes.subarray(at, at + this.pageBytes);
  }

  hasSalts(frame: number): boolean {
    const at = this.at(frame) + 8;
    return this.bytes.subarray(at, at + 8).equals(this.#salts);
  }

  /** Salts as they stand in a frame. */
  saltsOf(frame: number): Sums {
    const at = this.at(frame) + 8;
    return [this.bytes.readUInt32BE(at), this.bytes.readUInt32BE(at + 4)];
  }

  writeSalts(frame: number): void {
    this.#salts.copy(this.bytes, this.at(frame) + 8);
  }

  /** Sums as they stand in a frame; before the first one, in the header. */
  storedOf(frame: number): Sums {
    const at = frame < 0 ? 24 : this.at(frame) + 16;
    return [this.bytes.readUInt32BE(at), this.bytes.readUInt32BE(at + 4)];
  }

  writeSums(frame: number, [one, two]: Sums): void {
    const at = frame < 0 ? 24 : this.at(frame) + 16;
    this.bytes.writeUInt32BE(one, at);
    this.bytes.writeUInt32BE(two, at + 4);
  }

  /** Sums as they come out over a frame. */
  sumOf(frame: number, before: Sums): Sums {
    const at = this.at(frame);
    const header = this.#sum(at, 8, before, this.isBigEndian);
    return this.#sum(at + FRAME_HEADER_BYTES, this.pageBytes, header, this.isBigEndian);
  }

  follows(frame: number): boolean {
    return this.followsFrom(frame, this.storedOf(frame - 1));
  }

  /** True for a frame of this generation whose sums hold after those. */
  followsFrom(frame: number, before: Sums): boolean {
    return (
      frame < this.count && this.hasSalts(frame) && isSame(this.sumOf(frame, before), this.storedOf(frame))
    );
  }

  /** Writes the sums of a frame as they come out, and those of all that followed from it as it was. */
  sealFrom(frame: number): void {
    let was = this.storedOf(frame);
    let sums = this.sumOf(frame, this.storedOf(frame - 1));
    this.writeSums(frame, sums);
    for (let next = frame + 1; this.followsFrom(next, was); next++) {
      was = this.storedOf(next);
      sums = this.sumOf(next, sums);
      this.writeSums(next, sums);
    }
  }

  /** Writes header, salts and sums of the frames up to this one as they are now. */
  sealAnew(last: number): void {
    this.bytes.writeUInt32BE(MAGIC + (this.isBigEndian ? 1 : 0), 0);
    this.bytes.writeUInt32BE(FORMAT, 4);
    this.bytes.writeUInt32BE(this.pageBytes, 8);
    this.#salts.copy(this.bytes, 16);
    let sums = this.#sum(0, 24, [0, 0], this.isBigEndian);
    this.writeSums(-1, sums);
    for (let frame = 0; frame <= last; frame++) {
      sums = this.sumOf(frame, sums);
      this.writeSalts(frame);
      this.writeSums(frame, sums);
    }
  }

  #sum(from: number, length: number, before: Sums, isBigEndian: boolean): Sums {
    const { bytes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let [one, two] = before;
    for (let at = from; at < from + length; at += 8) {
      one = (one + view.getUint32(at, !isBigEndian) + two) >>> 0;
      two = (two + view.getUint32(at + 4, !isBigEndian) + one) >>> 0;
    }
    return [one, two];
  }
}

/** True for equal pairs. */
export function isSame(a: Sums, b: Sums): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
