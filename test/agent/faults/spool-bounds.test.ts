import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import { addReading, holds, openSealer, openSpool } from '../spool-rig.ts';
import { fixedKey, memoryFolder } from './spool-image.ts';

const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

function makeFolder(): string {
  const path = memoryFolder();
  folders.push(path);
  return path;
}

function sizeOf(folder: string): number {
  return ['', '-wal'].reduce(
    (sum, suffix) =>
      sum + (statSync(join(folder, `spool.sqlite${suffix}`), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

test.each([1_048_576])(
  'a spool of %i bytes with its log takes no more on the disk, whatever comes',
  (maxBytes) => {
    const folder = makeFolder();
    const spool = openSpool(folder, { maxBytes });
    const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
    const sealer = openSealer(spool, clock, ['mill', 'lathe'], { key: fixedKey() });
    let largest = 0;
    while (spool.accounts().records.dropped < 100) {
      for (let reading = 0; reading < 40; reading++) {
        clock.stepTo(clock.wallMs() + 1000);
        addReading(sealer, clock, 'mill', Math.random());
        addReading(sealer, clock, 'lathe', Math.random());
        if (reading % 10 === 9) sealer.flush();
      }
      sealer.sealAll();
      largest = Math.max(largest, sizeOf(folder));
    }
    console.log(`a spool of ${maxBytes} bytes took ${largest} at most`);
    expect(largest).toBeLessThanOrEqual(maxBytes);
    expect(holds(spool)).toBe(true);
    spool.close();
  },
);

test('what waited longer than spool.maxAge of running is dropped, and told after a crash that came before the telling', () => {
  const folder = makeFolder();
  const spool = openSpool(folder, { maxAgeMs: 60_000 });
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const key = fixedKey();
  const sealer = openSealer(spool, clock, ['mill'], { key });
  const seal = () => {
    clock.stepTo(clock.wallMs() + 10_000);
    addReading(sealer, clock, 'mill');
    sealer.sealAll();
  };
  for (let record = 0; record < 5; record++) seal();
  expect(spool.accounts().samples.dropped).toEqual({});
  let killed = '';
  while (killed === '') {
    seal();
    // The first drop is told at once, the next only a minute later: the files of a kill -9 between the drop and the log that tells it.
    if (spool.untold(1).length === 0) continue;
    killed = makeFolder();
    cpSync(folder, killed, { recursive: true });
  }
  const { dropped } = spool.accounts().samples;
  expect(dropped['too-old']).toBeGreaterThan(0);
  spool.close();
  const again = openSpool(killed, { maxAgeMs: 60_000 });
  expect(again.accounts().samples.dropped).toEqual(dropped);
  const [drop] = again.untold(1);
  expect(drop).toMatchObject({ reason: 'too-old', samples: 1 });
  openSealer(again, clock, ['mill'], { key }).sealDue();
  expect(again.untold(1)).toEqual([]);
  expect(again.record(again.head.epoch, drop?.from ?? 0)).toBeUndefined();
  expect(holds(again)).toBe(true);
  again.close();
});
