import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from './spool-folder.ts';
import { mendPageInLog } from './spool-pages.ts';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Numbers in a write-ahead log are big-endian; its lowest bit says whether the words of its checksums are, too. */
const MAGIC = 0x37_7f_06_82;

type Sums = readonly [number, number];

/**
 * SQLite ends a write-ahead log at the first frame whose checksum does not hold: right for a torn tail, but one spoilt bit in
 * the middle would undo every commit after it, of records that were published. Where whole commits follow a bad frame it cannot
 * be the tail: the log is written again with the checksums of what stands in it, and what the one page holds is checked row by
 * row later. The log as it was is kept in quarantine/. True when that was done.
 */
export function mendWal(databasePath: string): boolean {
  const path = `${databasePath}-wal`;
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  if (!mend(bytes, (page) => mendPageInLog(databasePath, page))) return false;
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
  readonly #headerIsSound: boolean;
  /** Of the generation that the log holds. */
  readonly #salts: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const sums = [0, 1].map((bit) => this.#sum(bytes, 0, 24, [0, 0], bit === 1));
    const stored: Sums = [bytes.readUInt32BE(24), bytes.readUInt32BE(28)];
    const holding = sums.findIndex((sum) => isSame(sum, stored));
    this.#headerIsSound = holding !== -1 && bytes.readUInt32BE(0) === MAGIC + holding;
    this.#isBigEndian = this.#headerIsSound && holding === 1;
    this.#pageBytes = this.#headerIsSound ? bytes.readUInt32BE(8) : 4096;
    this.#frames = Math.floor((bytes.length - HEADER_BYTES) / (this.#pageBytes + FRAME_HEADER_BYTES));
    const first = HEADER_BYTES + 8;
    this.#salts = Buffer.from(
      this.#headerIsSound ? bytes.subarray(16, 24) : bytes.subarray(first, first + 8),
    );
  }

  /** How many frames SQLite would take. */
  soundFrames(): number {
    if (!this.#headerIsSound) return 0;
    let sums: Sums = [this.#bytes.readUInt32BE(24), this.#bytes.readUInt32BE(28)];
    for (let frame = 0; frame < this.#frames; frame++) {
      sums = this.#sumOf(frame, sums);
      if (!this.#hasSalts(frame) || !isSame(sums, this.#storedOf(frame))) return frame;
    }
    return this.#frames;
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
    const enough = this.#headerIsSound ? 2 : 1;
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
    bytes.writeUInt32BE(3_007_000, 4);
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
    const stored = this.#storedOf(frame);
    return this.#hasSalts(frame) && isSame(this.#sumOf(frame, this.#storedOf(frame - 1)), stored);
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
