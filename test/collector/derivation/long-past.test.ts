import { expect, it, vi } from 'vitest';
import type { Views } from '../../../collector/ledger/views.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { Bench, figures } from './derivation-bench.ts';
import { MACHINE, PlantFeed, START_MS } from './plant-feed.ts';

const HOUR_MS = 3_600_000;
const DAYS = 36;

/** Five weeks of a meter that is read every quarter of an hour, a record a day. */
async function deriveDays(): Promise<Bench> {
  const bench = await Bench.open();
  bench.clock.stepTo(START_MS + (DAYS + 1) * 24 * HOUR_MS);
  const feed = new PlantFeed();
  const records = [feed.config()];
  for (let day = 0; day < DAYS; day++) {
    const fromMs = START_MS + day * 24 * HOUR_MS;
    const timesMs = Array.from({ length: 96 }, (_, row) => fromMs + row * 900_000);
    const counter = timesMs.map((atMs) => (atMs - START_MS) / 3600);
    records.push(
      feed.say({
        rows: [
          {
            source: 'meter',
            everyMs: 900_000,
            timesMs,
            columns: {
              [`${MACHINE}.supply.activeEnergyImport`]: counter.map((mwh) => Math.round(mwh)),
              [`${MACHINE}.supply.activePower`]: timesMs.map((_, row) => (row % 8 < 3 ? 1500 : 700)),
            },
          },
        ],
        sealedToMs: fromMs + 24 * HOUR_MS,
      }),
    );
  }
  await bench.append(...records);
  await bench.derive();
  return bench;
}

type Change = Parameters<Views['commit']>[0];
const count = (rows: Iterable<unknown> = []) => [...rows].length;

it('writes a long past in pieces, and begins again where it was ended between two of them', async () => {
  const bench = await deriveDays();
  bench.model = { ...bench.model, offBelowW: watts(1000) };
  await bench.restart();
  const changes: Change[] = [];
  const { views } = bench;
  const commit = views.commit.bind(views);
  vi.spyOn(views, 'commit').mockImplementation((change) => {
    changes.push(change);
    // The disk is full when the second piece comes.
    if (changes.length === 2) throw new Error('no space left');
    commit(change);
  });
  const failed = bench.derivation.idle();
  await expect(failed).rejects.toThrow('no space left');
  const [piece] = changes;
  expect(count(piece?.hours)).toBeGreaterThan(13 * 24);
  // Some hours are by one method and some by the other now; that they are not all done yet is written with them.
  await bench.restart();
  changes.length = 2;
  const after = await bench.derived();
  for (const change of changes) {
    expect(count(change.bases)).toBeLessThanOrEqual(16 * 24);
    expect(count(change.hours)).toBeLessThanOrEqual(16 * 24);
    expect(count(change.checkpoints)).toBeLessThanOrEqual(9 * 24);
  }
  expect(changes.length - 2).toBeGreaterThanOrEqual(3);
  vi.restoreAllMocks();
  await bench.startOver();
  expect(await bench.derived()).toEqual(after);
});

it('gives figures that were given out one revision, however often it was ended', async () => {
  const bench = await deriveDays();
  const before = await bench.derive();
  bench.model = { ...bench.model, offBelowW: watts(1000) };
  await bench.restart();
  const { views } = bench;
  const commit = views.commit.bind(views);
  let calls = 0;
  vi.spyOn(views, 'commit').mockImplementation((change) => {
    commit(change);
    // Written, and then the power went.
    if (++calls === 2) throw new Error('killed');
  });
  await expect(bench.derivation.idle()).rejects.toThrow('killed');
  vi.restoreAllMocks();
  await bench.restart();
  const after = await bench.derive();
  expect(figures(after)).not.toEqual(figures(before));
  for (const [index, hour] of after.entries()) {
    const was = before[index];
    const isChanged = JSON.stringify(figures([hour])) !== JSON.stringify(was && figures([was]));
    expect(hour.revision).toBe((was?.revision ?? 0) + (isChanged && was?.status === 'final' ? 1 : 0));
  }
});
