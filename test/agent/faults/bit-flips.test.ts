import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  inspect,
  makeImage,
  memoryFolder,
  writeFiles,
  type SpoolFiles,
  type SpoolImage,
} from './spool-image.ts';

/*
 * T3: one bit of the spool's files flips while the agent is off. Flip number n is bit f(n) of file g(n), the same in every run, so a
 * range can be run in slices: MILLWATT_TEST_PATH=from..to, and 0..1000000 is the long figure.
 */
const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const [FROM, TO] = (process.env['MILLWATT_TEST_PATH'] ?? (LONG ? '0..1000000' : '0..20000'))
  .split('..')
  .map(Number) as [number, number];
/** A page of SQLite holds several records, and trees of pages lead to them; what is lost is the record whose bytes the bit is in. */
const LOST_MAX = 2;
const folder = memoryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An even spread over 0..1 that no two neighbours share: multiples of the golden ratio. */
function spread(index: number): number {
  return (index * 0.618_033_988_749_894_9) % 1;
}

/** Of the flips most go to the database that was closed, the rest to the three files of a crash. */
const TARGETS: readonly { crashed: boolean; file: keyof SpoolFiles }[] = [
  ...Array.from({ length: 16 }, () => ({ crashed: false, file: 'db' as const })),
  { crashed: true, file: 'db' },
  { crashed: true, file: 'wal' },
  { crashed: true, file: 'wal' },
  { crashed: true, file: 'shm' },
];

function flip(image: SpoolImage, file: keyof SpoolFiles, share: number): SpoolFiles {
  const bytes = Buffer.from(image.files[file] ?? Buffer.alloc(1));
  const bit = Math.floor(share * bytes.length * 8);
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return { ...image.files, [file]: bytes };
}

test(`single bit flips ${FROM}..${TO} cost at most what shares the bit's page, and give out nothing that was not written`, () => {
  const closed = makeImage(24, { crashed: false });
  const crashed = makeImage(8, { crashed: true });
  const lost = new Map<number, number>();
  const counts = { salvaged: 0, newEpoch: 0, openRowLost: 0 };
  for (let number = FROM; number < TO; number++) {
    const target = TARGETS[number % TARGETS.length] ?? { crashed: false, file: 'db' as const };
    const image = target.crashed ? crashed : closed;
    writeFiles(folder, flip(image, target.file, spread(number)));
    try {
      const found = inspect(folder, image, { goOn: number % 100 === 0 });
      if (found.lostRecords > LOST_MAX) throw new Error(`${found.lostRecords} records are lost`);
      // A later record was published, perhaps: the one that comes next must not have the number of one that was there.
      if (!found.headKept && found.headSeq > 0) throw new Error(`the chain goes on from ${found.headSeq}`);
      lost.set(found.lostRecords, (lost.get(found.lostRecords) ?? 0) + 1);
      counts.salvaged += found.salvaged ? 1 : 0;
      counts.newEpoch += found.headKept ? 0 : 1;
      counts.openRowLost += found.openRows < image.openRows ? 1 : 0;
    } catch (cause) {
      throw new Error(
        `flip ${number} of ${target.file}: replay with MILLWATT_TEST_PATH=${number}..${number + 1}`,
        {
          cause,
        },
      );
    }
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const distribution = Object.fromEntries([...lost].sort(([a], [b]) => a - b));
  console.log(`flips ${FROM}..${TO}: lost records`, distribution, counts);
  expect([...lost.values()].reduce((sum, count) => sum + count, 0)).toBe(TO - FROM);
}, 3_600_000);
