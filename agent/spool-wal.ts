import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from './spool-folder.ts';
import { mendPageInLog } from './spool-pages.ts';
import { differInOneBit, findFlippedBits, type Sums } from './spool-wal-bit.ts';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Numbers in a write-ahead log are big-endian; its lowest bit says whether the words of its checksums are, too. */
const MAGIC = 0x37_7f_06_82;
const FORMAT = 3_007_000;
/** SQLite's own default; ours are never made with another. */
const PAGE_BYTES = 4096;

/**
 * SQLite ends a write-ahead log at the first frame whose checksum does not hold: right for a torn tail, but one spoilt bit in
 * the middle would undo every commit after it, of records that were published. Where a single bit explains the checksum, that bit is
 * flipped back. Where several would, or more is spoilt and whole commits follow, it cannot be the tail: the log is written again with the
 * checksums of what stands in it, and what the one page holds is checked row by row later. Not so with `isLazy`: commits that nobody
 * made certain reach the disk in any order when the power goes, and what follows a hole then is no proof that it was whole. The
 * log as it was is kept in quarantine/. True when something was mended.
 */
export function mendWal(databasePath: string, isLazy: boolean): boolean {
  const path = `${databasePath}-wal`;
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  const { isMended, isOneBit } = mendBits(bytes);
  const isSealedAnew = (isOneBit || !isLazy) && mend(bytes, (page) => mendPageInLog(databasePath, page));
  if (!isMended && !isSealedAnew) return false;
  const quarantine = join(dirname(databasePath), 'quarantine');
  mkdirSync(quarantine, { recursive: true });
  let number = 1;
  while (existsSync(join(quarantine, `spool.sqlite-wal.${number}`))) number += 1;
  copyFileSync(path, join(quarantine, `spool.sqlite-wal.${number}`));
  writeFileSync(`${path}.mended`, bytes, { flush: true });
  renameSync(`${path}.mended`, path);
  // Commits to come are written into it.
  syncFolder(dirname(path));
  return true;
}

/** Flips back single bits that make a checksum hold; `isOneBit` where a single bit is spoilt yet, and which one it is is not known. */
function mendBits(bytes: Buffer): { isMended: boolean; isOneBit: boolean } {
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return { isMended: false, isOneBit: false };
  let isMended = mendHeaderBit(bytes);
  const wal = new Wal(bytes);
  for (let bad = wal.soundFrames(); ; bad = wal.soundFrames()) {
    const verdict = wal.mendBitOf(bad);
    if (verdict !== 'mended') return { isMended, isOneBit: verdict === 'one-bit' };
    isMended = true;
  }
}

function mendHeaderBit(bytes: Buffer): boolean {
  if (new Wal(bytes).headerIsSound) return false;
  for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
    const at = bit >> 3;
    const flip = () => bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at);
    flip();
    // Several bits may fit its checksum, but the frames know the salts, and the rest never changes.
    const isOurs = bytes.readUInt32BE(4) === FORMAT && bytes.readUInt32BE(8) === PAGE_BYTES;
    if (isOurs && new Wal(bytes).soundFrames() > 0) return true;
    flip();
  }
  return false;
}

/** Mends in place; false where there is nothing to mend, or nothing that could be. */
function mend(bytes: Buffer, mendFirst: (page: Buffer) => void): boolean {
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return false;
  const wal = new Wal(bytes);
  const sound = wal.soundFrames();
  const last = wal.lastFrameAfter(sound);
  if (last === undefined) return false;
  for (let frame = 0; frame <= last; frame++) wal.useFirstPage(frame, mendFirst);
  wal.sealAnew(last);
  return true;
}

class Wal {
  readonly #bytes: Buffer;
  readonly #isBigEndian: boolean;
  readonly #pageBytes: number;
  readonly #frames: number;
  readonly headerIsSound: boolean;
  /** Of the generation that the log holds. */
  readonly #salts: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const sums = [0, 1].map((bit) => this.#sum(bytes, 0, 24, [0, 0], bit === 1));
    const stored: Sums = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
    const holding = sums.findIndex((sum) => isSame(sum, stored));
    this.headerIsSound = holding !== -1 && bytes.readUInt32BE(0) === MAGIC + holding;
    this.#isBigEndian = this.headerIsSound && holding === 1;
    this.#pageBytes = this.headerIsSound ? bytes.readUInt32BE(8) : PAGE_BYTES;
    this.#frames = Math.floor((bytes.length - HEADER_BYTES) / (this.#pageBytes + FRAME_HEADER_BYTES));
    const first = HEADER_BYTES + 8;
    this.#salts = Buffer.from(this.headerIsSound ? bytes.subarray(16, 24) : bytes.subarray(first, first + 8));
  }

  /** How many frames SQLite would take. */
  soundFrames(): number {
    if (!this.headerIsSound) return 0;
    let sums: Sums = [this.#bytes.readUInt32BE(24), this.#bytes.readUInt32BE(28)];
    for (let frame = 0; frame < this.#frames; frame++) {
      sums = this.#sumOf(frame, sums);
      if (!this.#hasSalts(frame) || !isSame(sums, this.#storedOf(frame))) return frame;
    }
    return this.#frames;
  }

  /** Flips back the one bit of a frame, its sums or its salts that keeps it from following the one before it, where that is known. */
  mendBitOf(frame: number): 'mended' | 'one-bit' | 'more' {
    if (!this.headerIsSound || frame >= this.#frames) return 'more';
    const bytes = this.#bytes;
    const before: Sums =
      frame === 0 ? [bytes.readUInt32BE(24), bytes.readUInt32BE(28)] : this.#storedOf(frame - 1);
    const [found, wanted] = [this.#sumOf(frame, before), this.#storedOf(frame)];
    const at = this.#at(frame);
    if (!this.#hasSalts(frame)) {
      const salts: Sums = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
      const own: Sums = [this.#salts.readUInt32BE(0), this.#salts.readUInt32BE(4)];
      if (!isSame(found, wanted) || !differInOneBit(salts, own)) return 'more';
      this.#salts.copy(bytes, at + 8);
      return 'mended';
    }
    const ranges = [
      [at, 8],
      [at + FRAME_HEADER_BYTES, this.#pageBytes],
    ] as const;
    const bits = findFlippedBits(bytes, ranges, { found, wanted, isBigEndian: this.#isBigEndian });
    const [bit, another] = bits;
    // A bit of the sum itself: then what follows counts from the sum as it was.
    const isSum = differInOneBit(found, wanted);
    if (isSum && (bit === undefined || this.#followsFrom(frame + 1, found))) {
      bytes.writeUInt32BE(found[0], at + 16);
      bytes.writeUInt32BE(found[1], at + 20);
      return 'mended';
    }
    if (bit === undefined) return 'more';
    if (another !== undefined || (isSum && !this.#followsFrom(frame + 1, wanted))) return 'one-bit';
    bytes.writeUInt8(bytes.readUInt8(bit.at) ^ bit.mask, bit.at);
    return 'mended';
  }

  /**
   * The last frame of the same generation that follows from the one before it, when commits other than the one that was
   * under way lie beyond the bad frame; undefined when it is a tail.
   */
  lastFrameAfter(bad: number): number | undefined {
    let commits = 0;
    let lastCommit: number | undefined;
    let broken = 0;
    for (let frame = bad; frame < this.#frames; frame++) {
      const follows = frame > bad && this.#follows(frame);
      // The bad one itself, and the one that counts from it where its own sum is what is spoilt.
      if (!follows && frame > bad && ++broken > 1) break;
      if (!this.#hasSalts(frame) && !follows) {
        if (frame > bad) break;
        continue;
      }
      if (follows && this.#bytes.readUInt32BE(this.#at(frame) + 4) !== 0) {
        commits += 1;
        lastCommit = frame;
      }
    }
    const enough = this.headerIsSound ? 2 : 1;
    return commits >= enough ? lastCommit : undefined;
  }

  /** Acts on the first page of the database where a frame holds it. */
  useFirstPage(frame: number, act: (page: Buffer) => void): void {
    const at = this.#at(frame);
    if (this.#bytes.readUInt32BE(at) !== 1) return;
    act(this.#bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + this.#pageBytes));
  }

  /** Writes header, salts and sums of the frames up to this one as they are now. */
  sealAnew(last: number): void {
    const bytes = this.#bytes;
    bytes.writeUInt32BE(MAGIC + (this.#isBigEndian ? 1 : 0), 0);
    bytes.writeUInt32BE(FORMAT, 4);
    bytes.writeUInt32BE(this.#pageBytes, 8);
    this.#salts.copy(bytes, 16);
    let sums = this.#sum(bytes, 0, 24, [0, 0], this.#isBigEndian);
    bytes.writeUInt32BE(sums[0], 24);
    bytes.writeUInt32BE(sums[1], 28);
    for (let frame = 0; frame <= last; frame++) {
      sums = this.#sumOf(frame, sums);
      const at = this.#at(frame);
      this.#salts.copy(bytes, at + 8);
      bytes.writeUInt32BE(sums[0], at + 16);
      bytes.writeUInt32BE(sums[1], at + 20);
    }
  }

  #follows(frame: number): boolean {
    return this.#followsFrom(frame, this.#storedOf(frame - 1));
  }

  #followsFrom(frame: number, before: Sums): boolean {
    return (
      frame < this.#frames &&
      this.#hasSalts(frame) &&
      isSame(this.#sumOf(frame, before), this.#storedOf(frame))
    );
  }

  #at(frame: number): number {
    return HEADER_BYTES + frame * (this.#pageBytes + FRAME_HEADER_BYTES);
  }

  #hasSalts(frame: number): boolean {
    const at = this.#at(frame) + 8;
    return this.#bytes.subarray(at, at + 8).equals(this.#salts);
  }

  #storedOf(frame: number): Sums {
    const at = this.#at(frame) + 16;
    return [this.#bytes.readUInt32BE(at), this.#bytes.readUInt32BE(at + 4)];
  }

  #sumOf(frame: number, before: Sums): Sums {
    const at = this.#at(frame);
    const header = this.#sum(this.#bytes, at, 8, before, this.#isBigEndian);
    return this.#sum(this.#bytes, at + FRAME_HEADER_BYTES, this.#pageBytes, header, this.#isBigEndian);
  }

  #sum(bytes: Buffer, from: number, length: number, before: Sums, isBigEndian: boolean): Sums {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let [one, two] = before;
    for (let at = from; at < from + length; at += 8) {
      one = (one + view.getUint32(at, !isBigEndian) + two) >>> 0;
      two = (two + view.getUint32(at + 4, !isBigEndian) + one) >>> 0;
    }
    return [one, two];
  }
}

function isSame(a: Sums, b: Sums): boolean {
  return a[0] === b[0] && a[1] === b[1];
}
