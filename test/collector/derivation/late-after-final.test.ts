import { expect, it } from 'vitest';
import { Bench } from './derivation-bench.ts';
import { MACHINE, PlantFeed, type Saying } from './plant-feed.ts';

/* The arithmetic stands in test/cases/derivation/late-after-final/arithmetic.md. */
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NINE_MS = Date.UTC(2026, 2, 2, 9);
const WH = 1000;

function record(feed: PlantFeed, fromMinute: number, toMinute: number) {
  const minutes = Array.from({ length: toMinute - fromMinute }, (_, index) => fromMinute + index);
  const said: Saying = {
    rows: [
      {
        source: 'meter',
        everyMs: MINUTE_MS,
        timesMs: minutes.map((minute) => NINE_MS + minute * MINUTE_MS),
        columns: {
          [`${MACHINE}.supply.activePower`]: minutes.map(() => 3600),
          [`${MACHINE}.supply.activeEnergyImport`]: minutes.map((minute) => minute * 60 * WH),
          [`${MACHINE}.spindle.activePower`]: minutes.map((minute) => (minute < 90 ? 1200 : 0)),
        },
      },
    ],
    sealedToMs: NINE_MS + toMinute * MINUTE_MS,
  };
  return feed.say(said);
}

it('revises the hour that a late record touches, and leaves the rows of the others as they were', async () => {
  const bench = await Bench.open();
  bench.clock.stepTo(NINE_MS + 8 * 24 * HOUR_MS);
  const feed = new PlantFeed({ bootMs: NINE_MS - MINUTE_MS });
  const config = feed.config();
  const before = record(feed, 0, 80);
  const late = record(feed, 80, 100);
  const after = [record(feed, 100, 200), record(feed, 200, 300)];
  await bench.append(config, before, ...after);

  const first = await bench.derive();
  expect(first.map(({ status, finalBy, revision }) => [status, finalBy, revision])).toEqual([
    ['final', 'watermark', 1],
    // Seven days have gone by: nobody waits for what is missing any more.
    ['final', 'seven-days', 1],
    ['final', 'seven-days', 1],
    ['final', 'seven-days', 1],
    ['final', 'seven-days', 1],
  ]);
  const [nine, ten] = first;
  expect(nine?.energy.supplyMwh).toBe(3600 * WH);
  expect(nine?.energy.componentMwh['spindle']).toBe(1200 * WH);
  expect(ten?.energy.supplyMwh).toBe(3600 * WH);
  expect(ten?.obtained).toMatchObject({ counterMwh: 39 * 60 * WH, bridgedMwh: 21 * 60 * WH });
  expect(ten?.coverage.energy).toBeCloseTo(39 / 60, 6);
  expect(ten?.reasons).toContain('gap');
  const versions = bench.views.hoursChangedAfter(0, 100);
  const newest = versions.at(-1)?.version ?? 0;

  await bench.append(late);
  const second = await bench.derive();
  expect(second.map(({ revision }) => revision)).toEqual([1, 2, 1, 1, 1]);
  const revised = second[1];
  expect(revised).toMatchObject({ status: 'final', finalBy: ten?.finalBy, revision: 2 });
  expect(revised?.energy.supplyMwh).toBe(3600 * WH);
  expect(revised?.obtained).toMatchObject({ counterMwh: 3600 * WH, bridgedMwh: 0 });
  expect(revised?.energy.componentMwh['spindle']).toBe(590 * WH);
  expect(revised?.coverage.energy).toBe(1);
  expect(revised?.basis.records).toEqual([{ agent: 'gw-1', epoch: 'aaaaaaaaaaaa', from: 2, to: 4 }]);

  // One row was written again; the others were not touched, not even to write the same.
  const changed = bench.views.hoursChangedAfter(newest, 100);
  expect(changed.map(({ version, hour }) => [version, hour.hourMs])).toEqual([
    [newest + 1, NINE_MS + HOUR_MS],
  ]);
  for (const { version, hour } of versions)
    if (hour.hourMs !== NINE_MS + HOUR_MS)
      expect(bench.views.hoursChangedAfter(version - 1, 1)[0]).toEqual({ version, hour });

  const derived = await bench.derived();
  await bench.startOver();
  expect(await bench.derived()).toEqual(derived);
});
