import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inspect, makeImage, memoryFolder, writeFiles, type Found } from './spool-image.ts';

/*
 * T2: the write-ahead log of a spool of 64 records ends where it should not. What comes back is a prefix of the commits, and the next
 * append can be read.
 */
const RECORDS = 64;
const FRAME_BYTES = 4096 + 24;
const HEADER_BYTES = 32;
const CUTS = process.env['MILLWATT_TEST_LONG'] === '1' ? 100_000 : 10_000;
const folder = memoryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The last records are in the log alone; those before, in the database.
const image = makeImage(RECORDS, { crashed: true, logFrom: RECORDS - 3 });
const wal = image.files.wal ?? Buffer.alloc(0);
const frames = Math.floor((wal.length - HEADER_BYTES) / FRAME_BYTES);

function open(log: Buffer | undefined, goOn: boolean): Found {
  writeFiles(folder, { ...image.files, wal: log, shm: undefined });
  const found = inspect(folder, image, { goOn });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  return found;
}

/** All records up to where the chain stands are there, and the chain is ours. */
function expectPrefix(found: Found, what: string): void {
  const missing = RECORDS - found.headSeq;
  if (found.headSeq < RECORDS - 3 || found.lostRecords !== missing)
    throw new Error(`${what}: head ${found.headSeq}, ${found.lostRecords} records missing`);
}

test(`a log cut at ${CUTS} places gives back a prefix of its commits`, () => {
  const places = new Set<number>();
  // Every byte of the heads of log and frames, then an even spread.
  for (let byte = 0; byte <= HEADER_BYTES; byte++) places.add(byte);
  for (let frame = 0; frame < frames; frame++)
    for (let byte = 0; byte <= 25; byte++) places.add(HEADER_BYTES + frame * FRAME_BYTES + byte);
  for (let index = 0; places.size < CUTS; index++)
    places.add(Math.floor(((index * 0.618_033_988_749_894_9) % 1) * wal.length));
  let lastSeq = 0;
  for (const at of [...places].sort((a, b) => a - b)) {
    const found = open(wal.subarray(0, at), at % 97 === 0);
    expectPrefix(found, `cut at ${at}`);
    // A longer log never gives back less.
    expect(found.headSeq).toBeGreaterThanOrEqual(lastSeq);
    lastSeq = found.headSeq;
  }
  expect(lastSeq).toBe(RECORDS);
}, 600_000);

test.each([
  ['zeros', (tail: Buffer) => Buffer.alloc(tail.length)],
  ['garbage', (tail: Buffer) => tail.map((_, index) => (index * 167 + 13) & 0xff)],
  [
    'frames of the log before it',
    (tail: Buffer) => older().subarray(HEADER_BYTES, HEADER_BYTES + tail.length),
  ],
])(
  '%s instead of its tail give back a prefix',
  (what, replace) => {
    let [seqs, last] = [new Set<number>(), 0];
    for (let frame = 0; frame <= frames; frame++)
      for (const byte of [0, 7, 24, 2000]) {
        const at = HEADER_BYTES + frame * FRAME_BYTES + byte;
        if (at > wal.length) continue;
        const tail = replace(Buffer.from(wal.subarray(at)));
        const found = open(Buffer.concat([wal.subarray(0, at), tail]), byte === 7);
        expectPrefix(found, `${what} from ${at}`);
        seqs = seqs.add(found.headSeq);
        last = found.headSeq;
      }
    expect(seqs.size).toBeGreaterThan(2);
    expect(last).toBe(RECORDS);
  },
  600_000,
);

test('a hole of 4096 bytes in its middle costs what was on the page it fell on', () => {
  const lost: number[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const at = HEADER_BYTES + frame * FRAME_BYTES + 24;
    const log = Buffer.from(wal);
    log.fill(0, at, at + 4096);
    lost.push(open(log, frame % 5 === 0).lostRecords);
  }
  console.log('records lost by a hole in each frame', lost.join(' '));
  // One page of the table holds up to six of these small records, beside what is under way.
  expect(Math.max(...lost)).toBeLessThanOrEqual(8);
}, 600_000);

function older(): Buffer {
  return image.older ?? Buffer.alloc(0);
}
