import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { mendWal } from '../../../agent/spool-wal.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { drawToken } from '../../../protocols/telemetry/ids.ts';
import { addReading, holds, openSealer } from '../spool-rig.ts';
import { openWatched } from './spool-digest.ts';
import { fixedKey, fixedRandom, inspect, makeImage, memoryFolder, writeFiles } from './spool-image.ts';

const HEADER_BYTES = 32;
const FRAME_BYTES = 4096 + 24;
const FRAME_HEADER_BYTES = 24;
const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

function makeFolder(): string {
  const path = memoryFolder();
  folders.push(path);
  return path;
}

/** What becomes of a log when one bit of it flips; `isMended` is what the mending said. */
function flipAndMend(
  path: string,
  log: Buffer,
  bit: number,
): { spoilt: Buffer; mended: Buffer; isMended: boolean } {
  const spoilt = Buffer.from(log);
  spoilt.writeUInt8(spoilt.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  writeFileSync(`${path}-wal`, spoilt);
  const isMended = mendWal(path, bit % 2 === 0);
  if (isMended) rmSync(join(path, '..', 'quarantine'), { recursive: true });
  return { spoilt, mended: readFileSync(`${path}-wal`), isMended };
}

function makeLog(records: number): { path: string; log: Buffer; frames: number } {
  const folder = makeFolder();
  const { files } = makeImage(records, { crashed: true });
  writeFiles(folder, files);
  const log = files.wal ?? Buffer.alloc(0);
  return {
    path: join(folder, 'spool.sqlite'),
    log,
    frames: Math.floor((log.length - HEADER_BYTES) / FRAME_BYTES),
  };
}

test('every bit of the head of a log, and of the page numbers and commit marks of all its frames, is flipped back', () => {
  const { path, log, frames } = makeLog(LONG ? 8 : 2);
  const wrong: string[] = [];
  let flips = 0;
  const flip = (bit: number, what: string) => {
    flips += 1;
    if (!flipAndMend(path, log, bit).mended.equals(log)) wrong.push(what);
  };
  for (let bit = 0; bit < HEADER_BYTES * 8; bit++) flip(bit, `head, bit ${bit}`);
  for (let frame = 0; frame < frames; frame++) {
    // Salts and sums are nothing but random: those of some frames tell of all.
    const isWhole = LONG || frame < 2 || frame >= frames - 3;
    for (let bit = 0; bit < (isWhole ? FRAME_HEADER_BYTES : 8) * 8; bit++)
      flip((HEADER_BYTES + frame * FRAME_BYTES) * 8 + bit, `frame ${frame} of ${frames}, bit ${bit}`);
  }
  console.log(`${flips} flips in the heads of ${frames} frames`);
  expect(wrong).toEqual([]);
  expect(frames).toBeGreaterThan(50);
}, 600_000);

test('a single flipped bit of a log is flipped back where it is known which one it is, and no other is', () => {
  const { path, log, frames } = makeLog(3);
  const counts = { flippedBack: 0, leftInItsPage: 0 };
  const flips = LONG ? 50_000 : 800;
  for (let index = 0; index < flips; index++) {
    const bit = Math.floor(
      ((index * 0.618_033_988_749_894_9) % 1) * (HEADER_BYTES + frames * FRAME_BYTES) * 8,
    );
    const { spoilt, mended, isMended } = flipAndMend(path, log, bit);
    expect(isMended, `bit ${bit}`).toBe(true);
    if (mended.equals(log)) {
      counts.flippedBack += 1;
      continue;
    }
    const frame = Math.floor(((bit >> 3) - HEADER_BYTES) / FRAME_BYTES);
    const page = HEADER_BYTES + frame * FRAME_BYTES + FRAME_HEADER_BYTES;
    expect(mended.subarray(page, page + 4096), `bit ${bit}`).toEqual(spoilt.subarray(page, page + 4096));
    // Only the upper bits of a word have a weight that others have, too; nothing follows the last frame to tell page from sum.
    if (frame < frames - 1) expect((bit >> 3) % 4, `bit ${bit}`).toBeGreaterThanOrEqual(2);
    counts.leftInItsPage += 1;
  }
  console.log(`flips in a log of ${frames} frames`, counts);
  expect(counts.flippedBack).toBeGreaterThan(flips * 0.97);
  writeFileSync(`${path}-wal`, log);
  expect(mendWal(path, false)).toBe(false);
}, 600_000);

test('records that are in the log alone are saved without a first page to find them by', () => {
  const image = makeImage(8, { crashed: true });
  const log = Buffer.from(image.files.wal ?? []);
  const frames = Array.from(
    { length: Math.floor((log.length - HEADER_BYTES) / FRAME_BYTES) },
    (_, frame) => HEADER_BYTES + frame * FRAME_BYTES,
  );
  const last = frames.findLast((at) => log.readUInt32BE(at) === 1) ?? 0;
  log.fill(0, last + FRAME_HEADER_BYTES, last + FRAME_BYTES);
  const folder = makeFolder();
  writeFiles(folder, { ...image.files, wal: log, page1: undefined });
  expect(inspect(folder, image)).toMatchObject({
    lostRecords: 0,
    headKept: false,
    headSeq: 0,
    salvaged: true,
  });
});

test('durability os: of commits that reached the disk with a hole in them, those before it come back and no mixture', () => {
  const folder = makeFolder();
  const path = join(folder, 'spool.sqlite');
  const { spool, digest } = openWatched(folder, { durability: 'os' });
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const sealer = openSealer(spool, clock, ['mill', 'lathe'], {
    key: fixedKey(),
    boot: drawToken(fixedRandom('boot')),
  });
  const commit = (count: number) => {
    for (let reading = 0; reading < count; reading++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', reading);
      if (reading % 3 === 0) addReading(sealer, clock, 'lathe', reading);
      sealer.flush();
      history.push(digest());
    }
  };
  const history: string[] = [];
  commit(30);
  const older = readFileSync(`${path}-wal`);
  const other = new DatabaseSync(path);
  other.exec('PRAGMA wal_checkpoint(RESTART)');
  other.close();
  history.splice(0, history.length, digest());
  commit(20);
  const [db, page1, log] = ['', '.page1', '-wal'].map((ending) => readFileSync(`${path}${ending}`));
  if (db === undefined || page1 === undefined || log === undefined) throw new Error('no files');
  spool.close();
  const found: number[] = [];
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    for (const [what, hole] of [
      ['zeros', Buffer.alloc(FRAME_BYTES)],
      ['an older log', older.subarray(at, at + FRAME_BYTES)],
      ['half a page', Buffer.alloc(FRAME_BYTES / 2)],
    ] as const) {
      const crashed = makeFolder();
      const spoilt: Buffer = Buffer.from(log);
      hole.copy(spoilt, at + FRAME_BYTES - hole.length);
      if (spoilt.equals(log)) continue;
      writeFileSync(join(crashed, 'spool.sqlite'), db);
      writeFileSync(join(crashed, 'spool.sqlite.page1'), page1);
      writeFileSync(join(crashed, 'spool.sqlite-wal'), spoilt);
      const again = openWatched(crashed, { durability: 'os' });
      const commitFound = history.indexOf(again.digest());
      if (commitFound < 0 || !holds(again.spool))
        throw new Error(`${what} at ${at}: it holds what it never held`);
      again.spool.close();
      found.push(commitFound);
    }
  }
  // A hole further on costs no more than one before it.
  expect(found).toEqual([...found].sort((a, b) => a - b));
  expect(new Set(found).size).toBeGreaterThan(15);
}, 60_000);
