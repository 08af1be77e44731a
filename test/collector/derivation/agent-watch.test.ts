import { expect, test } from 'vitest';
import { AgentWatch } from '../../../collector/derivation/agent-watch.ts';
import type { ChainSummary } from '../../../collector/ledger/ledger.ts';
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
