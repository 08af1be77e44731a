import { expect, test } from 'vitest';
import { FAULT_KINDS, type FaultKind } from './plan.ts';
import { explainFailure } from './shrink.ts';
import { simulate } from './simulate.ts';

/** One seed, told event by event; or a slice `from..to` of a long run; or what every change is tried with. */
const SEED = process.env['MILLWATT_TEST_SEED'];
const SEEDS = process.env['MILLWATT_SEEDS'] ?? '1..1000';
const WITHOUT = new Set(
  FAULT_KINDS.filter((kind) => process.env['MILLWATT_SIMULATION_WITHOUT']?.split(',').includes(kind)),
);
const OPTIONS = { without: WITHOUT };
const FAILURES_MAX = 5;

test.runIf(SEED !== undefined)('a seed, told event by event', async () => {
  const { story, failure, trace, drainedMs } = await simulate(Number(SEED), {
    ...OPTIONS,
    tell: true,
  });
  console.log(`${story.join('\n')}\ntrace ${trace}, drained after ${drainedMs} ms`);
  expect(failure).toBeUndefined();
});

test.skipIf(SEED !== undefined)(
  'whatever fails, in any order: nothing is lost, nothing is twice, nothing is invented, and it goes on',
  async () => {
    const [from = 1, to = from] = SEEDS.split('..').map(Number);
    const failures: string[] = [];
    const sums = { events: 0, records: 0, simulatedMs: 0, drainedMs: 0 };
    const kinds = new Map<FaultKind, number>();
    const fates = new Map<string, number>();
    const startedMs = performance.now();
    const startedCpu = process.cpuUsage();
    for (let seed = from; seed <= to && failures.length < FAILURES_MAX; seed++) {
      const outcome = await simulate(seed, OPTIONS);
      if (outcome.failure !== undefined) failures.push(await explainFailure(outcome, OPTIONS));
      sums.events += outcome.events;
      sums.records += outcome.records;
      sums.simulatedMs += outcome.simulatedMs;
      sums.drainedMs = Math.max(sums.drainedMs, outcome.drainedMs);
      for (const [fate, samples] of outcome.fates) fates.set(fate, (fates.get(fate) ?? 0) + samples);
      for (const kind of outcome.plan.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const { user, system } = process.cpuUsage(startedCpu);
    const ofSamples = ['sampled', 'receipted', 'rejected', 'thinned', 'dropped:spool-full'].map(
      (fate) => `${fates.get(fate) ?? 0} ${fate}`,
    );
    console.log(
      `${to - from + 1} seeds in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of the processor): ${sums.events} events, ${sums.records} records, ${Math.round(sums.simulatedMs / 3_600_000)} simulated hours; the slowest was drained ${Math.round(sums.drainedMs / 1000)} s after its last fault; samples: ${ofSamples.join(', ')}`,
    );
    expect(failures.join('\n\n')).toBe('');
    // A simulation whose faults never happen proves nothing.
    if (to - from < 99 || WITHOUT.size > 0) return;
    expect([...kinds.keys()].sort()).toEqual([...FAULT_KINDS].sort());
    for (const fate of ['receipted', 'rejected', 'thinned', 'dropped:spool-full'])
      expect(fates.get(fate)).toBeGreaterThan(0);
  },
  3_600_000,
);

/** Seeds beyond the usual ones that found a defect. */
const FOUND = [
  // The last record of an epoch that ended in a fork, lost with a ledger, and its place taken by the twin: nothing named it.
  217_310,
  // What an agent took along into a new epoch, its restored spool sealed in the old one once more.
  3621,
  // Killed between hearing of a fork and opening a new epoch, an agent went on in the old one.
  3744, 7871, 9021,
  // Of two branches a restored ledger got the one, and nobody missed what was receipted of the other.
  4776, 8528,
  // A small spool let the snapshot go that all its readings rest on; a restored ledger could make nothing of them.
  9120,
  // Each new part of a gap was waited for anew, and one gap that was asked for kept all others of its epoch waiting.
  8566,
  // A spoilt copy beside a good one counted as refused; asked for by a restored ledger, the record was told to be gone.
  1574,
  // Readings of before the first late one were not read again where a machine was new.
  1480,
  // That a source was down before a machine's first reading was not read again with a late record.
  20_090,
  // What was open when a disk was copied, the copy sealed and sent first: both records stood in the ledger.
  15_471,
  // A record that was set aside and let go has to be asked for twice; a minute between the two was too long.
  90_967,
];

test.skipIf(SEED !== undefined)('seeds that found a defect once find none any more', async () => {
  for (const seed of FOUND) {
    const outcome = await simulate(seed, OPTIONS);
    expect(outcome.failure === undefined ? '' : await explainFailure(outcome, OPTIONS)).toBe('');
  }
});

test.skipIf(SEED !== undefined)('the same seed is the same run, to the last byte', async () => {
  for (const seed of [3, 8, 17, 42]) {
    const [one, again] = [await simulate(seed), await simulate(seed)];
    expect(again.trace).toBe(one.trace);
    expect(again.events).toBe(one.events);
    expect((await simulate(seed + 1)).trace).not.toBe(one.trace);
  }
});
