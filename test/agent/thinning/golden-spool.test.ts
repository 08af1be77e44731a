import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { SpoolThinner } from '../../../agent/thinning/spool-thinner.ts';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { headerHash, verifyRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { Bench } from '../../collector/derivation/derivation-bench.ts';
import { makeTempFolder } from '../../collector/ledger/temp-folder.ts';
import { holds, openSpool } from '../spool-rig.ts';
import type { ToldRecord } from './full-spool.ts';
import { exactFigures } from './thinning-plant.ts';

const GOLDEN = fileURLToPath(new URL('../../contracts/golden/spool-1/spool-full.sqlite', import.meta.url));

function told(bytes: Uint8Array): ToldRecord {
  const frame = parseRecord(bytes);
  verifyRecord(frame);
  return { bytes, header: frame.header, hash: headerHash(frame), gone: goneOf(frame.header) };
}

test('a full spool of the first release is thinned once it is upgraded, and a ledger gets the same hours of it', async () => {
  const folder = makeTempFolder();
  cpSync(GOLDEN, join(folder, 'spool.sqlite'));
  const spool = openSpool(folder, { maxBytes: 120_000 });
  onTestFinished(() => spool.close());
  const waiting = () => spool.pendingAfter(0, 1000).map(({ bytes }) => told(bytes));
  const originals = waiting();
  const bytesBefore = originals.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const key = generateSigningKey();
  const thinner = new SpoolThinner({
    spool,
    maker: { site: 'pune', agent: 'gw1', key },
    // No run of this version has sealed the wiring: it still waits in the spool itself.
    snapshotOf: () => undefined,
    maxBytes: 120_000,
    isInFlight: () => false,
    timers: systemTimers,
    log: silentLog,
  });
  const last = originals.at(-1)?.header ?? expect.unreachable();
  const now = {
    boot: 'zzzzzzzzzzzz',
    config: last.config,
    ...last.clock,
    sealedToMs: last.sealedTo,
    isPressed: false,
  };
  for (let turn = 0; turn < 50; turn++) thinner.turn(now);
  expect(thinner.counts()).toMatchObject({ made: 1, originals: 56 });
  const thinned = waiting();
  // The config, and one record of 7 .. 62 in place of 56; 2 .. 6 the first release had dropped.
  expect(thinned.map(({ header }) => [header.seq, header.kind])).toEqual([
    [1, 'config'],
    [63, 'readings'],
  ]);
  expect(thinned[1]?.gone).toEqual([{ from: 7, to: 62, fate: 'thinned' }]);
  expect(thinned[1]?.header).toMatchObject({
    prev: originals.at(-1)?.hash,
    thinnedHash: originals.at(-1)?.hash,
  });
  expect(thinned.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(bytesBefore / 5);
  expect(holds(spool)).toBe(true);
  const { samples } = spool.accounts();
  expect(samples.dropped).toEqual({ 'spool-full': 611 });
  expect(samples.pending).toBe(thinned[1]?.header.samples);
  expect(samples.thinned).toBe(6838 - samples.pending);

  const derive = async (records: readonly ToldRecord[]) => {
    const bench = await Bench.open();
    // Its counter was made to move by 100 Wh a second: believed of such a machine only.
    bench.model = { ...bench.model, ratedPowerW: watts(1_000_000) };
    await bench.restart();
    await bench.append(...records);
    const derived = await bench.derived();
    expect(bench.derivation.stats().failures).toBe(0);
    return { ...derived, gone: bench.ledger.gone('gw1', last.epoch) };
  };
  const [all, few] = [await derive(originals), await derive(thinned)];
  expect(all.hours.length).toBe(2);
  // 100 Wh a second from 04:45:06 to 05:00:00, and to 05:42:01.
  expect(all.hours.map(({ energy }) => energy.supplyMwh)).toEqual([89_400_000, 252_100_000]);
  expect(exactFigures(few.hours)).toEqual(exactFigures(all.hours));
  expect(few.words.map(({ atMs, value }) => [atMs, value])).toEqual(
    all.words.map(({ atMs, value }) => [atMs, value]),
  );
  expect(few.gone).toEqual([{ from: 7, to: 62, fate: 'thinned' }]);
  for (const { epoch, seq } of spool.pendingAfter(0, 10))
    spool.markReceipted(epoch, [{ from: seq, to: seq }]);
  expect(holds(spool)).toBe(true);
  expect(spool.accounts().samples).toMatchObject({ pending: 0, sampled: 7449 });
});
