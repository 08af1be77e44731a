import { expect, test } from 'vitest';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench, type Derived } from './derivation-bench.ts';
import { MACHINE, PlantFeed, powerAtW, START_MS } from './plant-feed.ts';

const EVERY_MS = 10_000;
const COUNTER_FROM_MWH = 1_000_000;

/** What the machine's meter and control say in rows [from, to) of a shift, sealed as one record. */
function say(feed: PlantFeed, from: number, to: number, aheadMs = 0): SealedRecord {
  const timesMs = Array.from({ length: to - from }, (_, row) => START_MS + (from + row) * EVERY_MS);
  const power = timesMs.map(powerAtW);
  const counter = timesMs.map((atMs) => COUNTER_FROM_MWH + Math.round((atMs - START_MS) / 2));
  const told = timesMs.filter((atMs) => (atMs - START_MS) % 50_000 === 0);
  const columns = {
    [`${MACHINE}.supply.activePower`]: power,
    [`${MACHINE}.supply.activeEnergyImport`]: counter,
    [`${MACHINE}.spindle.activePower`]: power.map((watts) => watts / 4),
  };
  return feed.say({
    rows: [{ source: 'meter', everyMs: EVERY_MS, timesMs, columns }],
    words: [
      {
        channel: `${MACHINE}.control.execution`,
        source: 'cnc',
        timesMs: told,
        values: told.map((atMs) => (atMs % 100_000 === 0 ? 'ACTIVE' : 'READY')),
      },
    ],
    links: [{ source: 'cnc', timesMs: told, up: told.map(() => true), reasons: told.map(() => '') }],
    sealedToMs: START_MS + to * EVERY_MS,
    aheadMs,
  });
}

/** The figures; which record a reading was taken from is another one. */
const figuresOf = ({ hours, minutes, spans, words }: Derived) => ({
  hours: hours.map(({ basis, ...hour }) => ({ ...hour, basis: { ...basis, records: [] } })),
  minutes: minutes.map(({ channel, minuteMs, count, min, max, sum, last, lastMs }) => ({
    channel,
    minuteMs,
    count,
    min,
    max,
    sum,
    last,
    lastMs,
  })),
  spans,
  words: words.map(({ channel, source, atMs, value }) => [channel, source, atMs, value]),
});

/** A gateway whose disk was copied while rows 20 to 30 were open; behind it, an hour of others. */
function feeds() {
  const feed = new PlantFeed();
  const copy = new PlantFeed({ epoch: 'cccccccccccc' });
  return { feed, copy, config: feed.config() };
}

async function once() {
  const { feed, config } = feeds();
  const bench = await Bench.open();
  await bench.append(config, say(feed, 0, 20), say(feed, 20, 50), ...rest(feed));
  const derived = figuresOf(await bench.derived());
  const counted = derived.minutes.reduce((sum, { count }) => sum + count, 0);
  // Three channels, each reading in one minute.
  expect(counted).toBe(3 * 410);
  return derived;
}

const rest = (feed: PlantFeed) =>
  Array.from({ length: 12 }, (_, index) => say(feed, 50 + index * 30, 80 + index * 30));

test.each(['the copy first', 'the copy last', 'the copy far behind'])(
  'readings that two records hold, each with more than the other, stand once in all that is derived: %s',
  async (order) => {
    const { feed, copy, config } = feeds();
    const [open, more] = [say(copy, 0, 30), say(feed, 20, 50)];
    const behind = rest(feed);
    const inOrder: Record<string, SealedRecord[]> = {
      'the copy first': [open, more, ...behind],
      'the copy last': [more, open, ...behind],
      'the copy far behind': [more, ...behind, open],
    };
    const records = inOrder[order] ?? [];
    const expected = await once();

    const bench = await Bench.open();
    await bench.append(config, ...records);
    expect(figuresOf(await bench.derived())).toEqual(expected);
    await bench.startOver();
    expect(figuresOf(await bench.derived())).toEqual(expected);

    // With a restart after every record, and the wiring last: all of it waits, and is then taken at once.
    const restarted = await Bench.open();
    await restarted.append(config);
    for (const record of records) {
      await restarted.append(record);
      await restarted.derived();
      await restarted.restart();
    }
    expect(figuresOf(await restarted.derived())).toEqual(expected);
    const waiting = await Bench.open();
    for (const record of records) {
      await waiting.append(record);
      await waiting.derived();
    }
    await waiting.append(config);
    expect(figuresOf(await waiting.derived())).toEqual(expected);
  },
);

test('two gateways that were read by other clocks tell one reading once', async () => {
  const { feed, copy, config } = feeds();
  const bench = await Bench.open();
  await bench.append(config, say(feed, 0, 30), say(copy, 20, 50, 700));
  const { minutes } = await bench.derived();
  const count = minutes
    .filter(({ channel }) => channel === `${MACHINE}.supply.activePower`)
    .reduce((sum, minute) => sum + minute.count, 0);
  expect(count).toBe(50);
});

test('what another boot says at the same monotonic times is its own', async () => {
  const { feed, copy, config } = feeds();
  copy.reboot('other0000000', START_MS - 100_000);
  const bench = await Bench.open();
  await bench.append(config, say(feed, 0, 30), say(copy, 20, 50));
  const { minutes } = await bench.derived();
  expect(minutes.reduce((sum, { count }) => sum + count, 0)).toBe(3 * 60);
});
