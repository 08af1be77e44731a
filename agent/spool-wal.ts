import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from './spool-folder.ts';
import { mendPageInLog } from './spool-pages.ts';
import { differInOneBit, findFlippedBits, flipBit } from './spool-wal-bit.ts';
import { chooseBit, sizeAfterCommit, type PagesInFile } from './spool-wal-evidence.ts';
import { FRAME_HEADER_BYTES, HEADER_BYTES, isSame, WalFrames } from './spool-wal-frames.ts';

/** Where the first page says how many there are. */
const SIZE_AT = 28;

/**
 * SQLite ends a write-ahead log at the first frame whose checksum does not hold: right for a torn tail, but one spoilt bit in
 * the middle would undo every commit after it, of records that were published. Where a single bit explains the checksum, that bit is
 * flipped back; where several would, the one that fits the frames around it. Where none does, the page stays as it is, and what it
 * holds is checked row by row later. Where more is spoilt and whole commits follow, it cannot be the tail: the log is written again with
 * the checksums of what stands in it. Not so with `isLazy`: commits that nobody made certain reach the disk in any order when the
 * power goes, and what follows a hole then is no proof that it was whole. The log as it was is kept in quarantine/. True when
 * something was mended.
 */
export function mendWal(databasePath: string, isLazy: boolean): boolean {
  const path = `${databasePath}-wal`;
  if (!existsSync(path)) return false;
  const bytes = readFileSync(path);
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return false;
  const isHeaderMended = mendHeaderBit(bytes);
  const log = new WalMending(new WalFrames(bytes), databasePath);
  const isMended = log.mendBits();
  const isSealedAnew = !isLazy && log.sealOverHole();
  if (!isHeaderMended && !isMended && !isSealedAnew) return false;
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

function mendHeaderBit(bytes: Buffer): boolean {
  if (new WalFrames(bytes).headerIsSound) return false;
  for (let bit = 0; bit < HEADER_BYTES * 8; bit++) {
    const flipped = { at: bit >> 3, mask: 1 << (bit & 7) };
    flipBit(bytes, flipped);
    // Several bits may fit its checksum, but the frames know the salts, and the rest never changes.
    const wal = new WalFrames(bytes);
    if (wal.headerIsSound && wal.isOurs && wal.count > 0 && wal.follows(0)) return true;
    flipBit(bytes, flipped);
  }
  return false;
}

class WalMending {
  readonly #wal: WalFrames;
  readonly #databasePath: string;
  #sound = 0;

  constructor(wal: WalFrames, databasePath: string) {
    this.#wal = wal;
    this.#databasePath = databasePath;
  }

  /** Mends frame by frame while a single bit explains what is wrong with one; true when one was mended. */
  mendBits(): boolean {
    let isMended = false;
    for (;;) {
      this.#sound = this.#wal.soundFrames(this.#sound);
      if (!this.#wal.headerIsSound || this.#sound >= this.#wal.count || !this.#mendBitOf(this.#sound))
        return isMended;
      isMended = true;
    }
  }

  /** Writes the sums of the whole log again where commits follow what is spoilt; false where there is nothing to do. */
  sealOverHole(): boolean {
    const last = this.#lastFrameAfter(this.#sound);
    if (last === undefined) return false;
    for (let frame = 0; frame <= last; frame++) this.#mendFirstPage(frame);
    this.#wal.sealAnew(last);
    return true;
  }

  /** Makes a frame follow the one before it: flips back the one bit of it, its sums or its salts, or takes it as it is. */
  #mendBitOf(frame: number): boolean {
    const wal = this.#wal;
    const [found, wanted] = [wal.sumOf(frame, wal.storedOf(frame - 1)), wal.storedOf(frame)];
    if (!wal.hasSalts(frame)) {
      if (!isSame(found, wanted) || !differInOneBit(wal.saltsOf(frame), wal.salts)) return false;
      wal.writeSalts(frame);
      return true;
    }
    const at = wal.at(frame);
    const ranges = [
      [at, 8],
      [at + FRAME_HEADER_BYTES, wal.pageBytes],
    ] as const;
    const fitting = findFlippedBits(wal.bytes, ranges, { found, wanted, isBigEndian: wal.isBigEndian });
    const isSum = differInOneBit(found, wanted);
    // A bit of the sum itself: then what follows counts from the sum as it was.
    if (isSum && (fitting.length === 0 || wal.followsFrom(frame + 1, found))) {
      wal.writeSums(frame, found);
      return true;
    }
    const [only, another] = fitting;
    if (only === undefined) return false;
    const isSumPossible = isSum && !wal.followsFrom(frame + 1, wanted);
    const bit =
      another === undefined && !isSumPossible
        ? only
        : withPages(this.#databasePath, (file) => chooseBit(wal, frame, fitting, { isSumPossible, file }));
    if (bit !== undefined) flipBit(wal.bytes, bit);
    else {
      this.#mendFirstPage(frame);
      wal.sealFrom(frame);
    }
    return true;
  }

  /**
   * The last frame of the same generation that follows from the one before it, when commits other than the one that was
   * under way lie beyond the bad frame; undefined when it is a tail.
   */
  #lastFrameAfter(bad: number): number | undefined {
    const wal = this.#wal;
    let commits = 0;
    let lastCommit: number | undefined;
    let broken = 0;
    for (let frame = bad; frame < wal.count; frame++) {
      const follows = frame > bad && wal.follows(frame);
      // The bad one itself, and the one that counts from it where its own sum is what is spoilt.
      if (!follows && frame > bad && ++broken > 1) break;
      if (!wal.hasSalts(frame) && !follows) {
        if (frame > bad) break;
        continue;
      }
      if (follows && wal.commitSize(frame) !== 0) {
        commits += 1;
        lastCommit = frame;
      }
    }
    const enough = wal.headerIsSound ? 2 : 1;
    return commits >= enough ? lastCommit : undefined;
  }

  /** Where a frame holds the first page: what never changes in it, and the size, without which nothing of the log could be read. */
  #mendFirstPage(frame: number): void {
    if (this.#wal.pageNumber(frame) !== 1) return;
    const page = this.#wal.page(frame);
    mendPageInLog(this.#databasePath, page);
    const size = sizeAfterCommit(this.#wal, frame);
    if (size !== undefined) page.writeUInt32BE(size, SIZE_AT);
  }
}

/** Opens the database's file only where a page of it is needed. */
function withPages<Result>(path: string, use: (file: PagesInFile) => Result): Result {
  if (!existsSync(path)) return use({ count: 0, read: () => undefined });
  const file = openSync(path, 'r');
  try {
    const pageBytes = 4096;
    const count = Math.floor(statSync(path).size / pageBytes);
    const read = (page: number) => {
      const into = Buffer.alloc(pageBytes);
      if (page > count || readSync(file, into, 0, pageBytes, (page - 1) * pageBytes) < pageBytes)
        return undefined;
      return into;
    };
    return use({ count, read });
  } finally {
    closeSync(file);
  }
}
