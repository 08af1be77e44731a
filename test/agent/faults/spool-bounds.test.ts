import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import { unfoldPart } from '../../../protocols/evidence/seal.ts';
import { decodeAgentLog } from '../../../protocols/telemetry/agent-log.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
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

test.each([
  ['too-old', 'waited longer than spool.maxAge of running', { maxAgeMs: 60_000 }],
  ['spool-full', 'a full spool has no room for', { maxBytes: 120_000 }],
])('%s: what %s is dropped, and told after a crash that came before the telling', (reason, _, limits) => {
  const folder = makeFolder();
  const spool = openSpool(folder, limits);
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
  for (let record = 0; killed === '' && record < 1000; record++) {
    seal();
    // The first drop is told at once, the next only a minute later: the files of a kill -9 between the drop and the log that tells it.
    if (spool.untold(1).length === 0) continue;
    killed = makeFolder();
    cpSync(folder, killed, { recursive: true });
  }
  expect(killed).not.toBe('');
  const { dropped } = spool.accounts().samples;
  expect(dropped[reason]).toBeGreaterThan(0);
  spool.close();
  const again = openSpool(killed, limits);
  expect(again.accounts().samples.dropped).toEqual(dropped);
  const [drop] = again.untold(1);
  expect(drop).toMatchObject({ reason, from: expect.any(Number), to: expect.any(Number) });
  expect(drop?.samples).toBeGreaterThan(0);
  const logs: string[] = [];
  const next = openSealer(again, clock, ['mill'], {
    key,
    onSealed: (records) => {
      for (const { header, bytes } of records)
        if (header.kind === 'log') logs.push(...parseRecord(bytes).parts.map((part) => unfoldPart(part)));
    },
  });
  next.sealDue();
  const entries = logs.flatMap((text) => decodeAgentLog(text));
  expect(entries).toContainEqual({
    atMs: expect.any(Number),
    event: 'records-dropped',
    detail: { reason, from: drop?.from, to: drop?.to, samples: drop?.samples },
  });
  // Told is told: what making room for that very log dropped is another range.
  expect(again.untold(9).map(({ from }) => from)).not.toContain(drop?.from);
  expect(again.record(again.head.epoch, drop?.from ?? 0)).toBeUndefined();
  expect(holds(again)).toBe(true);
  again.close();
});
