import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import type { Channel } from '../../../protocols/telemetry/channel.ts';
import { Bench } from './derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, powerAtW, START_MS } from './plant-feed.ts';

const HOURS = 4;
const RECORD_MS = 300_000;
const RECORDS = (HOURS * 3_600_000) / RECORD_MS;
/** More with MILLWATT_TEST_LONG=1, for the long run. */
const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 500 : 2;
const [SEED, PATH] = [process.env['MILLWATT_TEST_SEED'], process.env['MILLWATT_TEST_PATH']];

const [POWER, COUNTER, PUMP] = [
  'supply.activePower',
  'supply.activeEnergyImport',
  'pump.activeEnergyImport',
].map((name) => `${MACHINE}.${name}`) as [string, string, string];
const PUMP_CHANNEL = { ...CHANNELS[1], id: PUMP, component: 'pump', source: 'drive' } as Channel;

/** A plant's record: a meter that falls silent now and then, and a coarse counter of a pump that is read seldom. */
function say(feed: PlantFeed, index: number, silent: ReadonlySet<number>, phaseMs = 3000): SealedRecord {
  const fromMs = START_MS + index * RECORD_MS;
  const timesOf = (everyMs: number) =>
    Array.from({ length: RECORD_MS / everyMs }, (_, row) => fromMs + row * everyMs + phaseMs);
  const [meterMs, driveMs] = [timesOf(20_000), timesOf(50_000)];
  const counts = (atMs: number, stepMwh: number) =>
    Math.floor((1_000_000 + (atMs - START_MS) * 0.9) / stepMwh) * stepMwh;
  const rows = [
    {
      source: 'meter',
      everyMs: 20_000,
      timesMs: meterMs,
      columns: { [POWER]: meterMs.map(powerAtW), [COUNTER]: meterMs.map((atMs) => counts(atMs, 1)) },
    },
    {
      source: 'drive',
      everyMs: 50_000,
      timesMs: driveMs,
      columns: { [PUMP]: driveMs.map((atMs) => counts(atMs, 700_000)) },
    },
  ];
  const toldMs = [fromMs, fromMs + 150_000];
  return feed.say({
    rows: rows.filter((_, source) => !silent.has(2 * index + source)),
    words: [
      {
        channel: `${MACHINE}.control.execution`,
        source: 'cnc',
        timesMs: toldMs,
        values: toldMs.map((atMs) => (powerAtW(atMs) > 5000 ? 'ACTIVE' : 'READY')),
      },
    ],
    sealedToMs: fromMs + RECORD_MS,
  });
}

/** Everything that is derived, live and from the ledger alone. */
async function bothWays(bench: Bench) {
  const live = await bench.derived();
  expect(bench.derivation.stats().failures).toBe(0);
  await bench.startOver();
  return { live, computed: await bench.derived() };
}

/** Records of hours [from, to) of the shift; it begins half an hour before one. */
const hoursOf = (records: readonly SealedRecord[], from: number, to: number) =>
  records.slice(from === 0 ? 0 : from * 12 - 6, to * 12 - 6);

// An hour rests on the readings about both its ends, too: the neighbours of one that was thinned name the record.
it.each([
  { before: [1, 3], after: [3, 4], named: ['09:00', '10:00'] },
  { before: [0, 1], after: [2, 4], named: ['09:00', '10:00', '11:00'] },
  { before: [0, 1], after: [2, 3], named: ['09:00', '10:00', '11:00', '12:00'] },
  { before: [2, 3], after: [0, 2], named: ['11:00', '12:00'] },
])(
  'hours that rest on originals alone do not name their thinned record: $before, then $after',
  async (case_) => {
    const feed = new PlantFeed();
    const config = feed.config();
    const records = Array.from({ length: 42 }, (_, index) => say(feed, index, new Set()));
    const thinned = feed.thin(records);
    const bench = await Bench.open();
    const of = ([from = 0, to = 0]: number[]) => hoursOf(records, from, to);
    await bench.append(config, ...of(case_.before), thinned);
    await bench.derive();
    await bench.append(...of(case_.after));
    const { live, computed } = await bothWays(bench);
    expect(live).toEqual(computed);
    const { seq } = thinned.header;
    const named = live.hours.filter(({ basis }) => basis.records.some(({ to }) => to === seq));
    expect(named.map(({ hourMs }) => new Date(hourMs).toISOString().slice(11, 16))).toEqual(case_.named);
  },
);

it('originals and thinned records, in any order and pieces, leave what a computation from the ledger alone gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(9_999),
      fc.tuple(fc.nat(RECORDS), fc.nat(RECORDS), fc.nat(RECORDS)),
      fc.array(fc.tuple(fc.nat(2 * RECORDS), fc.integer({ min: 1, max: 12 })), { maxLength: 4 }),
      fc.infiniteStream(fc.nat(1_000_000)),
      fc.integer({ min: 1, max: 8 }),
      async (phaseMs, edges, silences, chance, pieces) => {
        const draw = (below: number) => chance.next().value % below;
        const silent = new Set(
          silences.flatMap(([from, count]) => Array.from({ length: count }, (_, of) => from + 2 * of)),
        );
        const feed = new PlantFeed({ channels: [...CHANNELS, PUMP_CHANNEL] });
        const config = feed.config();
        const records = Array.from({ length: RECORDS }, (_, index) => say(feed, index, silent, phaseMs));
        // Two runs next to each other were thinned.
        const [from = 0, middle = 0, to = 0] = [...edges].sort((a, b) => a - b);
        const runs = [records.slice(from, middle), records.slice(middle, to)].filter(
          ({ length }) => length > 1,
        );
        const thinned = runs.map((run) => feed.thin(run));

        const bench = await Bench.open();
        const left: SealedRecord[] = [...records];
        await bench.append(config);
        if (draw(3) > 0) await bench.append(...left.splice(0, from), ...thinned);
        else left.push(...thinned);
        for (let piece = 0; piece < pieces; piece++) {
          await bench.derive();
          await bench.append(...left.splice(draw(left.length + 1), 1 + draw(12)));
          if (draw(4) === 0) await bench.restart();
        }
        // Most of what was thinned never comes.
        if (draw(2) === 0) await bench.append(...left);
        const { live, computed } = await bothWays(bench);
        expect(live).toEqual(computed);
        await bench.close();
      },
    ),
    {
      numRuns: RUNS,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      ...(PATH === undefined ? {} : { path: PATH }),
      reporter: (details) => {
        if (!details.failed) return;
        throw new Error(
          `${fc.defaultReportMessage(details)}\n\nto try it again: MILLWATT_TEST_SEED=${details.seed} MILLWATT_TEST_PATH=${details.counterexamplePath} npx vitest run test/collector/derivation/thinned-orders.test.ts`,
        );
      },
    },
  );
}, 600_000);
