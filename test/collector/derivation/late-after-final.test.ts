import { expect, it } from 'vitest';
import { Bench } from './derivation-bench.ts';
import { MACHINE, PlantFeed, type Saying } from './plant-feed.ts';

/*
 * Late data after final, by hand. The supply counter is read every minute and moves 60 Wh (60,000 mWh) a minute: 3.6 kW.
 * The gateway's record of 10:20 to 10:40 is missing.
 *
 *   09:00 .. 10:19   counter 0 .. 79 x 60 Wh
 *   10:20 .. 10:39   missing: 20 readings; what the meter counted is 80 .. 99 x 60 Wh
 *   10:40 .. 13:59   100 .. 299 x 60 Wh
 *
 * Spindle power alone (no counter) is read with it: 1.2 kW until 10:30, 0 W from then on.
 *
 *   hour  09:00  60 min x 60 Wh = 3,600 Wh; the spindle 1.2 kW x 1 h = 1,200 Wh
 *         10:00  60 min x 60 Wh = 3,600 Wh, 21 min of it (10:19 to 10:40) bridged: 21 x 60 Wh = 1,260 Wh
 *         11:00  as 09:00, but for the spindle
 *
 * After the record came, nothing of 10:00 is bridged. The spindle ran for 30 minutes of it: 29 readings one minute apart at
 * 1.2 kW, and between 10:29 and 10:30, where it stopped, each reading speaks for half a minute: 29.5 min x 1.2 kW = 590 Wh.
 */
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
