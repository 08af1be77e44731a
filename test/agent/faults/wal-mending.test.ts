import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { mendWal } from '../../../agent/spool-wal.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { drawToken } from '../../../protocols/telemetry/ids.ts';
import { addReading, holds, openSealer } from '../spool-rig.ts';
import { openWatched } from './spool-digest.ts';
import { fixedKey, fixedRandom, makeImage, memoryFolder } from './spool-image.ts';

const HEADER_BYTES = 32;
const FRAME_BYTES = 4096 + 24;
/** What has to follow a spoilt page, so that it counts as spoilt and not as the tail. */
const COMMITS_AFTER = 2;
const FRAMES_A_COMMIT_MAX = 8;
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

test('a single flipped bit of a log is flipped back where it is known which one it is, and no other is', () => {
  const folder = makeFolder();
  const log = makeImage(3, { crashed: true }).files.wal ?? Buffer.alloc(0);
  const path = join(folder, 'spool.sqlite-wal');
  const frames = Math.floor((log.length - HEADER_BYTES) / FRAME_BYTES);
  const counts = { flippedBack: 0, leftInItsPage: 0, inTheTail: 0 };
  const bits = new Set(Array.from({ length: HEADER_BYTES * 8 }, (_, bit) => bit));
  // Every bit of the head of a frame, then an even spread.
  for (let bit = 0; bit < 24 * 8; bit++) bits.add((HEADER_BYTES + (bit % frames) * FRAME_BYTES) * 8 + bit);
  for (let index = 0; bits.size < (LONG ? 50_000 : 800); index++)
    bits.add(Math.floor(((index * 0.618_033_988_749_894_9) % 1) * (HEADER_BYTES + frames * FRAME_BYTES) * 8));
  for (const bit of bits) {
    const spoilt = Buffer.from(log);
    spoilt.writeUInt8(spoilt.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    writeFileSync(path, spoilt);
    const isMended = mendWal(join(folder, 'spool.sqlite'), bit % 2 === 0);
    const mended = readFileSync(path);
    if (mended.equals(log)) counts.flippedBack += 1;
    else {
      const frame = Math.floor(((bit >> 3) - HEADER_BYTES) / FRAME_BYTES);
      const page = HEADER_BYTES + frame * FRAME_BYTES + 24;
      expect(mended.subarray(page, page + 4096), `bit ${bit}`).toEqual(spoilt.subarray(page, page + 4096));
      expect(isMended || frame > frames - COMMITS_AFTER * FRAMES_A_COMMIT_MAX, `bit ${bit}`).toBe(true);
      // Only the upper bits of a word have a weight that others have, too; nothing follows the last frame to tell page from sum.
      if (frame < frames - 1) expect((bit >> 3) % 4, `bit ${bit}`).toBeGreaterThanOrEqual(2);
      counts[isMended ? 'leftInItsPage' : 'inTheTail'] += 1;
    }
    rmSync(join(folder, 'quarantine'), { recursive: true, force: true });
  }
  console.log(`flips in a log of ${frames} frames`, counts);
  expect(counts.flippedBack).toBeGreaterThan(bits.size * 0.6);
  writeFileSync(path, log);
  expect(mendWal(join(folder, 'spool.sqlite'), false)).toBe(false);
  expect(frames).toBeGreaterThan(10);
}, 60_000);

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
