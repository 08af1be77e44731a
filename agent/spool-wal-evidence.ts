import type { FlippedBit } from './spool-wal-bit.ts';
import type { WalFrames } from './spool-wal-frames.ts';

/** So much around a byte must be as it was, so that one bit of it counts as flipped and not as written. */
const UNCHANGED_AROUND = 3;

/** The database that a log belongs to, as its file holds it. */
export interface PagesInFile {
  /** Size of the file, pages. */
  count: number;
  /** Undefined beyond the end. */
  read: (page: number) => Buffer | undefined;
}

/** A frame's page number and commit size as they may have been. */
interface Claim {
  page: number;
  /** Size of the database after the commit that the frame ends, pages; else 0. */
  commit: number;
}

/** The commit around a frame. */
interface Surroundings {
  /** Pages of its frames before this one. */
  before: number[];
  /** Pages of the frames after it, up to the next mark of a commit. */
  after: number[];
  /** Of the database before the commit, pages. */
  sizeBefore: number;
  /** What the next mark says; undefined where none comes. */
  sizeAfter: number | undefined;
}

/**
 * Which of several bits of a frame that all fit its sum was the one that flipped; undefined where nothing tells, or where it
 * may be the sum itself. A wrong page number undoes every commit after it, or puts the page in another one's place, so the head of the
 * frame is held against the commit it is in and against what the page was before; a bit of the page, against that alone.
 *
 * @param isSumPossible it may be the sum that is spoilt
 */
export function chooseBit(
  wal: WalFrames,
  frame: number,
  fitting: readonly FlippedBit[],
  options: { isSumPossible: boolean; file: PagesInFile },
): FlippedBit | undefined {
  const at = wal.at(frame);
  const inHead = fitting.filter((bit) => bit.at < at + 8);
  const inPage = fitting.filter((bit) => bit.at >= at + 8);
  const around = surroundingsOf(wal, frame, options.file.count);
  const asItStands = inPage.length > 0 || options.isSumPossible ? [undefined] : [];
  const judged = [...asItStands, ...inHead].map((bit) => {
    const claim = claimOf(wal, frame, bit);
    return { bit, claim, faults: faultsOf(claim, around) };
  });
  const least = Math.min(...judged.map(({ faults }) => faults));
  const [likely] = judged
    .filter(({ faults }) => faults === least)
    .map(({ bit, claim }) => ({ bit, claim, changes: changesOf(wal, frame, claim.page, options.file) }))
    .sort((a, b) => a.changes - b.changes);
  if (likely?.bit !== undefined || likely === undefined) return likely?.bit;
  const was = pageBefore(wal, frame, likely.claim.page, options.file);
  const [flipped, another] = inPage.filter(
    ({ at: byte, mask }) => was !== undefined && isAlone(was, wal.page(frame), byte - at - 24, mask),
  );
  return another === undefined ? flipped : undefined;
}

/** Size of the database, pages, after the commit that a frame is in; undefined where that did not end. */
export function sizeAfterCommit(wal: WalFrames, frame: number): number | undefined {
  for (let at = frame; at < wal.count && wal.hasSalts(at); at++)
    if (wal.commitSize(at) !== 0) return wal.commitSize(at);
  return undefined;
}

function surroundingsOf(wal: WalFrames, frame: number, pagesInFile: number): Surroundings {
  let first = frame;
  while (first > 0 && wal.commitSize(first - 1) === 0) first -= 1;
  let end = frame + 1;
  while (end < wal.count && wal.hasSalts(end) && wal.commitSize(end) === 0) end += 1;
  const isMarked = end < wal.count && wal.hasSalts(end);
  if (isMarked) end += 1;
  const pages = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => wal.pageNumber(from + index));
  return {
    before: pages(first, frame),
    after: pages(frame + 1, end),
    sizeBefore: first === 0 ? pagesInFile : wal.commitSize(first - 1),
    sizeAfter: isMarked ? wal.commitSize(end - 1) : undefined,
  };
}

function claimOf(wal: WalFrames, frame: number, bit: FlippedBit | undefined): Claim {
  const head = Buffer.from(wal.bytes.subarray(wal.at(frame), wal.at(frame) + 8));
  if (bit !== undefined) {
    const byte = bit.at - wal.at(frame);
    head.writeUInt8(head.readUInt8(byte) ^ bit.mask, byte);
  }
  return { page: head.readUInt32BE(0), commit: head.readUInt32BE(4) };
}

/**
 * How much speaks against a claim. A commit holds each page once, in the order of their numbers (but where it was too large for the
 * memory), none beyond the end of the database, and the last one where that grows. It never shrinks.
 */
function faultsOf({ page, commit }: Claim, { before, after, sizeBefore, sizeAfter }: Surroundings): number {
  const isEnd = commit !== 0;
  const others = isEnd ? before : [...before, ...after];
  const size = isEnd ? commit : sizeAfter;
  const goesOn = [...before, page, ...after].every(
    (one, index, all) => index === 0 || one > (all[index - 1] ?? 0),
  );
  const [next] = isEnd ? [] : after;
  let faults = 0;
  if (page < 1 || page > (size ?? Infinity)) faults += 8;
  if (others.includes(page)) faults += 4;
  if (page <= (before.at(-1) ?? 0) || page >= (next ?? Infinity)) faults += 2;
  if (isEnd && commit !== Math.max(sizeBefore, page, ...others)) faults += 4;
  if (isEnd && commit > (sizeAfter ?? Infinity)) faults += 4;
  // A log mostly ends with a commit, and the next one begins with lower pages.
  if (isEnd ? after.length > 0 && goesOn : after.length === 0) faults += 1;
  return faults;
}

/** In how many bytes a frame differs from the page that it may be, as that was before and comes next; they change little by little. */
function changesOf(wal: WalFrames, frame: number, page: number, file: PagesInFile): number {
  const own = wal.page(frame);
  const before = pageBefore(wal, frame, page, file);
  const next = pageNext(wal, frame, page);
  const changes = [
    before === undefined ? [] : countBytes(own, (byte, at) => byte !== before[at]),
    // What is new on the next one was free on this one.
    next === undefined ? [] : countBytes(own, (byte, at) => byte !== 0 && byte !== next[at]),
  ].flat();
  // One that never was there is new: whether it may be, the commit tells.
  return changes.length === 0 ? 0 : changes.reduce((sum, count) => sum + count, 0) / changes.length;
}

/** What a page was when a frame was written. */
function pageBefore(wal: WalFrames, frame: number, page: number, file: PagesInFile): Buffer | undefined {
  for (let earlier = frame - 1; earlier >= 0; earlier--)
    if (wal.pageNumber(earlier) === page) return wal.page(earlier);
  return page < 1 ? undefined : file.read(page);
}

function pageNext(wal: WalFrames, frame: number, page: number): Buffer | undefined {
  for (let later = frame + 1; later < wal.count && wal.hasSalts(later); later++)
    if (wal.pageNumber(later) === page) return wal.page(later);
  return undefined;
}

/** True where a bit is all that is not as it was. */
function isAlone(was: Buffer, page: Buffer, at: number, mask: number): boolean {
  if ((was.readUInt8(at) ^ page.readUInt8(at)) !== mask) return false;
  for (let byte = at - UNCHANGED_AROUND; byte <= at + UNCHANGED_AROUND; byte++)
    if (byte !== at && was[byte] !== page[byte]) return false;
  return true;
}

function countBytes(bytes: Buffer, fits: (byte: number, at: number) => boolean): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) if (fits(bytes.readUInt8(at), at)) count += 1;
  return count;
}
