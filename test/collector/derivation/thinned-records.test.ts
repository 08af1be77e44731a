import { expect, test } from 'vitest';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { MinuteRollup } from '../../../collector/ledger/views.ts';
import { runFullSpool, type ToldRecord } from '../../agent/thinning/full-spool.ts';
import { exactFigures } from '../../agent/thinning/thinning-plant.ts';
import { Bench } from './derivation-bench.ts';

/** Without where the hours were read. */
const unsourced = (hours: readonly MachineHour[]) =>
  hours.map(({ basis, ...hour }) => ({ ...hour, basis: { ...basis, records: [] } }));
const countsOf = ({ channel, minuteMs, count, min, max, last }: MinuteRollup) => ({
  channel,
  minuteMs,
  count,
  min,
  max,
  last,
});
const thinnedHours = (hours: readonly MachineHour[]) =>
  hours.filter(({ reasons }) => reasons.includes('thinned')).length;

test('hours of a full spool are those of an unbounded one, and its originals win where they come after all', async () => {
  const HOURS = 8;
  const { sealed, waiting, samples } = runFullSpool(300_000, HOURS * 3600);
  expect(samples.dropped).toEqual({});
  expect(samples.thinned).toBeGreaterThan(samples.sampled / 2);
  const unbounded = await Bench.open();
  await unbounded.append(...sealed);
  const all = await unbounded.derived();
  expect(thinnedHours(all.hours)).toBe(0);

  const bench = await Bench.open();
  // As after an outage: the newest record first, the backlog behind it.
  await bench.append(...waiting.slice(-1), ...waiting.slice(0, -1));
  const thinned = await bench.derived();
  expect(exactFigures(thinned.hours)).toEqual(exactFigures(all.hours));
  expect(thinnedHours(thinned.hours)).toBeGreaterThan(2);
  expect(new Set(thinned.hours.map(({ quality }) => quality))).toEqual(
    new Set(all.hours.map(({ quality }) => quality)),
  );
  expect(thinned.words.map(({ atMs, value }) => [atMs, value])).toEqual(
    all.words.map(({ atMs, value }) => [atMs, value]),
  );

  const known = new Set(waiting.map(({ hash }) => hash));
  const late: ToldRecord[] = sealed.filter(({ hash }) => !known.has(hash)).reverse();
  const half = Math.floor(late.length / 2);
  await bench.append(...late.slice(0, half));
  const some = await bench.derived();
  expect(exactFigures(some.hours)).toEqual(exactFigures(all.hours));
  await bench.append(...late.slice(half));
  const after = await bench.derived();
  expect(unsourced(after.hours)).toEqual(unsourced(all.hours));
  // No reading is counted twice; of the order in which they came, sums and steps keep a trace (ARCHITECTURE.md, Known open ends).
  expect(after.minutes.map(countsOf)).toEqual(all.minutes.map(countsOf));
  expect(after.spans).toEqual(all.spans);
  // What originals say again stands once, with the time they give it.
  expect(after.words).toEqual(all.words);
  expect(bench.derivation.stats().failures).toBe(0);
  await bench.restart();
  await bench.startOver();
  expect(unsourced((await bench.derived()).hours)).toEqual(unsourced(all.hours));
}, 60_000);
