import { expect, test } from 'vitest';
import { AgentWatch } from '../../../collector/derivation/agent-watch.ts';
import type { ChainSummary } from '../../../collector/ledger/ledger.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { Bench } from './derivation-bench.ts';
import { PlantFeed, MACHINE, START_MS } from './plant-feed.ts';

const DAY_MS = 86_400_000;
const OLD = 'aaaaaaaaaaaa';
const NEW = 'bbbbbbbbbbbb';

function chain(epoch: string, firstOrdinal: number, tip: Partial<ChainSummary>): ChainSummary {
  const contiguousSeq = tip.contiguousSeq ?? 1;
  return {
    agent: 'gw-1',
    epoch,
    key: 'key',
    contiguousSeq,
    contiguousHash: 'hash',
    headSeq: contiguousSeq,
    sealedToMs: START_MS,
    records: contiguousSeq,
    ahead: 0,
    missing: 0,
    samples: 0,
    firstOrdinal,
    ...tip,
  };
}

/** What a ledger says of these chains while no hole is too old. */
function ledgerOf(...chains: ChainSummary[]) {
  const delivered = (_agent: string, epoch: string) => {
    const one = chains.find((known) => known.epoch === epoch);
    return { toMs: one?.sealedToMs ?? null, isWhole: one?.contiguousSeq === one?.headSeq };
  };
  return [chains, { delivered }] as const;
}

/** An agent that opened a new epoch at START_MS + 1 h, when the old one stood at record 9. */
function watchFork(): AgentWatch {
  const watch = new AgentWatch();
  const feed = new PlantFeed();
  const rows = [
    {
      source: 'meter',
      everyMs: 1000,
      timesMs: [START_MS],
      columns: { [`${MACHINE}.supply.activePower`]: [1] },
    },
  ];
  watch.note(feed.say({ rows, sealedToMs: START_MS }).header);
  watch.noteEnd('gw-1', { epoch: OLD, seq: 9, atMs: START_MS + 3_600_000 });
  return watch;
}

test('an epoch that ended holds its hours open until the backlog it left behind is here', () => {
  // The state is kept with the cursor.
  const watch = new AgentWatch(watchFork().save());
  const nowMs = START_MS + DAY_MS;
  const next = chain(NEW, 5, { sealedToMs: nowMs });
  const delivered = (contiguousSeq: number) =>
    watch.deliveredToMs(
      MACHINE,
      ...ledgerOf(chain(OLD, 1, { contiguousSeq, sealedToMs: START_MS + 1000 }), next),
    );
  expect(delivered(4)).toBe(START_MS + 1000);
  expect(delivered(8)).toBe(START_MS + 1000);
  expect(delivered(9)).toBe(nowMs);
});

test('what never comes of an ended epoch holds nothing open once all its hours are final anyway', () => {
  const watch = watchFork();
  const endMs = START_MS + 3_600_000;
  const nowMs = endMs + 7 * DAY_MS;
  const ledger = ledgerOf(
    chain(OLD, 1, { contiguousSeq: 4, headSeq: 6, sealedToMs: START_MS + 1000 }),
    chain(NEW, 5, { sealedToMs: nowMs }),
  );
  expect(watch.deliveredToMs(MACHINE, ...ledger, endMs - 1)).toBe(START_MS + 1000);
  expect(watch.deliveredToMs(MACHINE, ...ledger, endMs)).toBe(nowMs);
});

test('words of an agent that is off most days hold in a past of months ago, where it is computed again', async () => {
  const bench = await Bench.open();
  bench.clock.stepTo(START_MS + 50 * DAY_MS);
  const feed = new PlantFeed();
  const records = [feed.config()];
  for (const fromMs of [START_MS, START_MS + 45 * DAY_MS]) {
    const words = [
      { channel: `${MACHINE}.control.execution`, source: 'cnc', timesMs: [fromMs], values: ['ACTIVE'] },
    ];
    records.push(feed.say({ words, sealedToMs: fromMs + 1000 }));
    // It has no more to say for an hour, and is there.
    for (let minute = 1; minute <= 60; minute++)
      records.push(feed.say({ sealedToMs: fromMs + minute * 60_000 }));
  }
  await bench.append(...records);
  const { spans } = await bench.derived();
  const [first] = spans;
  expect(first).toMatchObject({ state: 'processing', fromMs: START_MS });
  expect((first?.toMs ?? 0) - START_MS).toBeGreaterThan(3_600_000);
  bench.model = { ...bench.model, offBelowW: watts(1000) };
  await bench.restart();
  expect((await bench.derived()).spans).toEqual(spans);
});

test('of an agent that comes and goes, only so many stretches are remembered', () => {
  const watch = new AgentWatch();
  const feed = new PlantFeed();
  const atMs = (index: number) => START_MS + index * 300_000;
  for (let index = 0; index < 5100; index++)
    watch.note(
      feed.say({
        links: [{ source: 'cnc', timesMs: [atMs(index)], up: [true], reasons: [''] }],
        sealedToMs: atMs(index),
      }).header,
    );
  const marks = watch.marks(MACHINE, 0, Infinity);
  expect(marks).toHaveLength(5000);
  expect(marks.at(-1)?.atMs).toBe(atMs(5099));
});
