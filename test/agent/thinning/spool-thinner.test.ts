import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { SpoolThinner } from '../../../agent/thinning/spool-thinner.ts';
import type { Sealer } from '../../../agent/sealer.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { generateSigningKey, sha256 } from '../../../protocols/evidence/keys.ts';
import { headerHash, unfoldPart, verifyRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { decodePart } from '../../../protocols/telemetry/part.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { makeMemoryFolder } from '../../support/memory-folder.ts';
import { holds, openSealer, openSpool } from '../spool-rig.ts';
import { BOOT_MS, measured, ThinningPlant } from './thinning-plant.ts';

const CHANNELS = [
  measured('supply', 'activePower'),
  measured('supply', 'activeEnergyImport'),
  measured('supply', 'voltage'),
];
const MACHINE = 'mill-1';

/** An agent's spool of 300 kB, without a collector. */
function open(maxBytes = 300_000) {
  const clock = new SteppedClock(BOOT_MS);
  const folder = makeMemoryFolder('spool');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const spool = openSpool(folder, { maxBytes });
  onTestFinished(() => spool.close());
  const key = generateSigningKey();
  const { snapshot } = new ThinningPlant(CHANNELS);
  const sealer: Sealer = openSealer(spool, clock, [], {
    key,
    wiring: {
      snapshot: encodeSnapshot(snapshot),
      channelOf: new Map(CHANNELS.map(({ id }) => [id, { machine: MACHINE, source: 'meter' }])),
      machinesOf: new Map([['meter', [MACHINE]]]),
    },
  });
  const flights = new Set<number>();
  const thinner = new SpoolThinner({
    spool,
    maker: { site: 'pune', agent: 'gw1', key },
    snapshotOf: (hash) => sealer.snapshotOf(hash),
    maxBytes,
    isInFlight: (id) => flights.has(id),
    timers: systemTimers,
    log: silentLog,
  });
  let wattHours = 1000;
  /** Reads the meter once a second, noisily, so that records do not fold well. */
  const run = (seconds: number, thins = true) => {
    for (let second = 0; second < seconds; second++) {
      clock.stepTo(clock.wallMs() + 1000);
      const powerW = 3000 + Math.round(2000 * Math.sin(second / 40) + 1000 * Math.random());
      wattHours += powerW / 3600;
      const readings = CHANNELS.map(({ id }) => {
        const value = id.endsWith('Power')
          ? powerW
          : id.endsWith('voltage')
            ? Math.random() * 230
            : wattHours * 100;
        return {
          channel: id,
          value: id.endsWith('voltage') ? value : Math.floor(value),
          quality: 'good' as const,
        };
      });
      sealer.addPoll('meter', { atMs: clock.monotonicMs(), roundTripMs: 1, readings }, 1000);
      sealer.sealDue();
      if (thins) sealer.thin(thinner);
    }
  };
  return { clock, spool, sealer, thinner, run, flights };
}

test('a full spool keeps half a day of readings in a chain that holds, and drops nothing', () => {
  const { spool, thinner, run } = open();
  run(12 * 3600);
  const { samples, records } = spool.accounts();
  expect(samples.dropped).toEqual({});
  expect(records.dropped).toBe(0);
  expect(holds(spool)).toBe(true);
  expect(samples.thinned).toBeGreaterThan(samples.sampled * 0.7);
  expect(thinner.counts().made).toBeGreaterThan(3);
  // One machine's worth of records is read in a moment; the rest of a turn is the sealing of what is kept.
  expect(thinner.counts().longestTurnMs).toBeLessThan(200);
  let covered = 1;
  for (let seq = 2; seq <= spool.head.seq; seq++) {
    const record = spool.record(spool.head.epoch, seq);
    if (record === undefined) continue;
    const frame = parseRecord(record.bytes);
    verifyRecord(frame);
    const { thinnedFrom, thinnedTo } = frame.header;
    covered += thinnedFrom === undefined || thinnedTo === undefined ? 1 : thinnedTo - thinnedFrom + 2;
  }
  expect(covered).toBe(spool.head.seq);
});

test('what is thinned names the last of its originals, and what is in flight stays', () => {
  const { spool, run, flights } = open();
  run(1200, false);
  const originals = spool.pendingHeaders(0, 100).filter(({ kind }) => kind === 'readings');
  const [flying] = originals;
  flights.add(flying?.id ?? 0);
  const hashes = spool.hashes(spool.head.epoch, 1, spool.head.seq)?.hashes ?? [];
  run(4 * 3600);
  const thinned = spool
    .pendingHeaders(0, 1000)
    .filter((header) => header.thinned)
    .map(({ epoch, seq }) => parseRecord(spool.record(epoch, seq)?.bytes ?? new Uint8Array()));
  expect(spool.record(spool.head.epoch, flying?.seq ?? 0)?.id).toBe(flying?.id);
  expect(thinned[0]?.header.thinnedFrom).toBe((flying?.seq ?? 0) + 1);
  const { thinnedTo = 0, thinnedHash, sealedTo, clock, boot } = thinned[0]?.header ?? {};
  if (thinnedTo <= hashes.length) expect(thinnedHash).toBe(hashes[thinnedTo - 1]);
  expect(thinnedHash).toMatch(/^[\w-]{43}$/);
  // The watermark never goes back.
  const sealed = thinned.map(({ header }) => header.sealedTo);
  expect(sealed).toEqual([...sealed].sort((a, b) => a - b));
  expect(sealedTo).toBeGreaterThanOrEqual(clock?.mono ?? Infinity);
  expect(boot).toBe(flying?.boot);
  expect(sha256(headerHash(thinned[0] ?? expect.unreachable()))).not.toBe('');
  const part = decodePart(unfoldPart(thinned[0]?.parts[0] ?? new Uint8Array()));
  expect([...new Set(part.sampled.flatMap(({ columns }) => [...columns.keys()]))].sort()).toEqual([
    `${MACHINE}.supply.activeEnergyImport`,
    `${MACHINE}.supply.activePower`,
  ]);
});

test('where thinning cannot make room any more the oldest are dropped, and the accounts hold', () => {
  const { spool, run } = open(100_000);
  run(10 * 3600);
  const { samples } = spool.accounts();
  expect(samples.dropped['spool-full']).toBeGreaterThan(0);
  expect(samples.thinned).toBeGreaterThan(0);
  expect(holds(spool)).toBe(true);
});
