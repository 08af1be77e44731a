import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { silentLog } from '../../protocols/log.ts';
import { pruneMonth } from '../../collector/ledger/prune-month.ts';
import { AgentHost, type World } from './agent-host.ts';
import { Chance } from './chance.ts';
import { CollectorHost } from './collector-host.ts';
import { GatewayClock } from './gateway-clock.ts';
import { rememberSignatures } from './known-signatures.ts';
import { Plant } from './meter.ts';
import { Network } from './network.ts';
import { checkConservation, checkLedger, checkReceipt } from './oracle.ts';
import { VirtualTime } from './virtual-time.ts';

rememberSignatures();

/** A month turns after what is dropped first was told in it. */
const ORIGIN_MS = Date.UTC(2026, 3, 1) - 200_000;
const MACHINE = 'mill-1';

/** An agent with a spool of a few records, and a collector, real but for time, network and the agent's disk. */
function open(seed: number) {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-restored-'));
  const time = new VirtualTime();
  const plant = new Plant(seed);
  const asked: { atMs: number; epoch: string; from: number; to: number }[] = [];
  const network = new Network({
    time,
    chance: new Chance(seed, 'network'),
    weather: { latencyMs: [1, 60], stallShare: 0, stallMs: 0, duplicateShare: 0, spoilShare: 0 },
    witness: {
      onEvent: () => {},
      onPublish: (_host, { topic, payload }) => {
        if (!topic.endsWith('/receipt')) return;
        checkReceipt(payload, collector.disk.durable);
        const { epoch, requested } = parseReceipt(payload).receipt;
        for (const range of requested) asked.push({ atMs: time.nowMs, epoch, ...range });
      },
    },
  });
  const world: World = {
    time,
    network,
    plant,
    log: () => silentLog,
    onUncaught: (_host, error) => {
      throw error;
    },
    onEvent: () => {},
  };
  const collector = new CollectorHost(world, {
    folder,
    chance: new Chance(seed, 'collector'),
    originMs: ORIGIN_MS,
    embedsBroker: false,
  });
  const agent = new AgentHost(
    world,
    {
      name: 'gw-1',
      host: 'gw-1',
      machine: MACHINE,
      everyMs: 500,
      batchAgeMs: 2000,
      spoolRoomBytes: 16_000,
      keepMs: 72 * 3_600_000,
      isAway: () => false,
    },
    {
      clock: new GatewayClock({ trueMs: () => time.nowMs, originMs: ORIGIN_MS, driftPpm: 0 }),
      chance: new Chance(seed, 'gw-1'),
    },
  );
  onTestFinished(async () => {
    agent.kill();
    await collector.end();
    rmSync(folder, { recursive: true, force: true });
  });
  network.startBroker();
  collector.start();
  agent.start();
  const run = (ms: number) => time.run(time.nowMs + ms);
  const ledger = () => {
    if (collector.ledger === undefined) throw new Error('the collector does not run');
    return collector.ledger;
  };
  /** So long that the spool thins and then drops. */
  const beAway = async () => {
    collector.kill();
    await run(90_000);
    collector.start();
    await run(60_000);
  };
  /** Lets the readings of the month go that is over. */
  const prune = () => {
    const [month] = ledger().months();
    if (month === undefined) throw new Error('there is no month');
    const newPath = `${month.path}.new`;
    const letting = { goneMs: { [MACHINE]: Infinity }, whole: [] };
    for (const turns = pruneMonth(month.path, newPath, letting); turns.next().done !== true;);
    expect(ledger().replaceMonth(month.month, newPath)).toBe(true);
    expect(ledger().months()[0]?.isPruned).toBe(true);
  };
  const restore = async (backup: ReturnType<CollectorHost['backUp']>) => {
    collector.kill();
    collector.restore(backup);
    await run(500);
    collector.start();
    await run(20);
  };
  const gone = () => ledger().gone('gw-1', agent.spool?.head.epoch ?? '');
  /** Nothing is lost that the agent still has, nothing is asked for any more, and each hole was told. */
  const check = () => {
    const epoch = agent.spool?.head.epoch ?? '';
    expect(ledger().missing('gw-1', epoch, 10)).toEqual([]);
    const kept = agent.disk.all("SELECT seq, hash FROM records WHERE state = 'receipted'");
    expect(kept.length).toBeGreaterThan(1);
    for (const { seq, hash } of kept) expect(ledger().hashOf('gw-1', epoch, Number(seq))).toBe(hash);
    expect(asked.filter(({ atMs }) => atMs > time.nowMs - 120_000)).toEqual([]);
    const records = ledger().readAfter(0, 100_000);
    checkLedger(
      records.filter(({ headOnly }) => headOnly !== true),
      [agent],
      plant,
      () => false,
    );
    checkConservation(agent);
    // Each number up to the last is here once, or told to be gone.
    const seqs = records.map(({ header }) => header.seq);
    expect(new Set(seqs).size).toBe(seqs.length);
    for (let seq = 1; seq <= Math.max(...seqs); seq++)
      expect(seqs.includes(seq) || gone().some(({ from, to }) => from <= seq && seq <= to)).toBe(true);
    return records;
  };
  return { time, collector, agent, run, beAway, prune, restore, gone, check, asked };
}

for (const seed of [1, 2]) {
  test(`a ledger restored behind a pruned month gets what the agent has, and asks for nothing for ever (seed ${seed})`, async () => {
    const { collector, run, beAway, prune, restore, gone, check, asked } = open(seed);
    await run(40_000);
    await beAway();
    await run(20_000);
    prune();
    await run(10_000);
    const before = gone().length;
    expect(before).toBeGreaterThan(0);
    const backup = collector.backUp();
    await run(10_000);
    await beAway();
    await run(10_000);
    expect(gone().length).toBeGreaterThan(before);
    await restore(backup);
    expect(gone()).toHaveLength(before);
    await run(400_000);
    expect(asked.length).toBeGreaterThan(0);
    expect(check().some(({ headOnly }) => headOnly === true)).toBe(true);
  });

  test(`a ledger restored from before its retention has whole records again, and loses nothing of what came since (seed ${seed})`, async () => {
    const { collector, run, beAway, prune, restore, gone, check, asked } = open(seed + 100);
    await run(40_000);
    await beAway();
    await run(20_000);
    const backup = collector.backUp();
    const before = gone().length;
    expect(before).toBeGreaterThan(0);
    prune();
    await beAway();
    prune();
    await run(10_000);
    expect(gone().length).toBeGreaterThan(before);
    await restore(backup);
    await run(400_000);
    expect(asked.length).toBeGreaterThan(0);
    expect(check().some(({ headOnly }) => headOnly === true)).toBe(false);
  });
}

test('what an agent does not keep any more of an epoch that is over is told by it, and then nobody asks for it', async () => {
  const { collector, agent, run, asked } = open(7);
  await run(10_000);
  collector.kill();
  await run(8000);
  const { epoch, seq } = agent.spool?.head ?? { epoch: '', seq: 0 };
  // As after the receipt for a record in whose place a twin's was; what was set aside is lost, and so is who knew of it.
  agent.spool?.markRejected(epoch, seq - 1, 'fork');
  agent.kill();
  agent.disk.all(`DELETE FROM records WHERE epoch = '${epoch}' AND seq = ${seq - 1}`);
  collector.start();
  agent.start();
  await run(300_000);
  const chainOf = () => collector.ledger?.chains().find((one) => one.epoch === epoch);
  expect(asked.some((one) => one.epoch === epoch && one.from === seq - 1)).toBe(true);
  expect(collector.ledger?.gone('gw-1', epoch)).toEqual([{ from: seq - 1, to: seq - 1, fate: 'dropped' }]);
  expect(chainOf()).toMatchObject({ contiguousSeq: seq, headSeq: seq, missing: 0 });
  const known = asked.length;
  await run(600_000);
  expect(asked.slice(known)).toEqual([]);
});
