import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../protocols/log.ts';
import { AgentHost, type World } from './agent-host.ts';
import { Chance } from './chance.ts';
import { checkEnergy, checkMinutes, checkReadout } from './check-readout.ts';
import { CollectorHost } from './collector-host.ts';
import { GatewayClock } from './gateway-clock.ts';
import { rememberSignatures } from './known-signatures.ts';
import { Plant } from './meter.ts';
import { Network } from './network.ts';
import { BrokenPromise, checkConservation, checkLedger } from './oracle.ts';
import { Readers } from './readers.ts';
import { VirtualTime } from './virtual-time.ts';

rememberSignatures();

const ORIGIN_MS = Date.UTC(2026, 2, 2, 9, 30);
const MACHINE = 'mill-1';

/*
 * A gateway whose disk was put back to a copy seals another record under a number that is taken, while it is offline and so
 * does not know it. Then its disk is copied, and a second gateway starts on the copy: it seals what was open there under the
 * next number of that epoch, and is online first. The first gateway goes on reading, learns that its epoch is forked, and
 * takes along what is open: the same, and more. Of these seeds it is online again before it seals the next record; in others
 * (1 and 4) it seals that in the forked epoch, where it is refused.
 */
test.each([2, 3, 5, 6])(
  'two gateways on copies of one disk: what both seal counts once (seed %i)',
  async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-copied-'));
    const time = new VirtualTime();
    const plant = new Plant(seed);
    const network = new Network({
      time,
      chance: new Chance(seed, 'network'),
      weather: { latencyMs: [1, 5], stallShare: 0, stallMs: 0, duplicateShare: 0, spoilShare: 0 },
      witness: { onEvent: () => {}, onPublish: () => {} },
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
    const setup = {
      name: 'gw-1',
      host: 'gw-1',
      machine: MACHINE,
      // Ten samples are a record, five polls of 30 s: time to go offline and to come back in between.
      everyMs: 30_000,
      batchAgeMs: 200_000,
      spoolRoomBytes: 1e9,
      keepMs: 72 * 3_600_000,
      isAway: () => false,
    };
    const clock = new GatewayClock({ trueMs: () => time.nowMs, originMs: ORIGIN_MS, driftPpm: 0 });
    const agent = new AgentHost(world, setup, { clock, chance: new Chance(seed, 'gw-1') });
    const hosts = [agent];
    onTestFinished(async () => {
      for (const host of hosts) host.kill();
      await collector.end();
      rmSync(folder, { recursive: true, force: true });
    });
    const run = (ms: number) => time.run(time.nowMs + ms);
    /** Up to when the next record was sealed; gives its number. */
    const nextSealed = async () => {
      const seq = agent.spool?.head.seq ?? 0;
      for (let waitedMs = 0; (agent.spool?.head.seq ?? 0) === seq && waitedMs < 400_000; waitedMs += 100)
        await run(100);
      return agent.spool?.head.seq ?? 0;
    };
    network.startBroker();
    collector.start();
    agent.start();
    await run(5000);
    await nextSealed();
    const copy = agent.disk.copy();
    const taken = await nextSealed();
    await run(1000);
    agent.kill();
    agent.disk.restore(copy);
    network.partition('gw-1');
    agent.start();
    while ((agent.spool?.head.seq ?? 0) < taken) await run(100);
    await run(61_000);
    const twin = new AgentHost(
      world,
      { ...setup, host: 'gw-1-twin' },
      { clock, chance: new Chance(seed, 'twin'), disk: agent.disk.copy(), signed: agent.signed },
    );
    hosts.push(twin);
    twin.start();
    await run(5000);
    twin.kill();
    network.heal('gw-1');
    await run(500_000);

    const { ledger, ingest } = collector;
    if (ledger === undefined || ingest === undefined) throw new Error('the collector does not run');
    for (const host of hosts) checkConservation(host);
    const check = (isTold: boolean) =>
      checkLedger(ledger.readAfter(0, 1_000_000), hosts, plant, () => true, {
        areAlive: () => true,
        isTold: () => isTold,
      });
    const told = ingest.findings.list().filter(({ kind }) => kind === 'repeated-readings');
    expect(told).toMatchObject([{ agent: 'gw-1', message: expect.stringContaining('stop one of the two') }]);
    // It is in two records, which is what this test is about.
    expect(() => check(false)).toThrow(BrokenPromise);
    const readings = check(true);

    const readers = new Readers({
      folder,
      seed,
      machines: [MACHINE],
      wallMs: () => Math.floor(ORIGIN_MS + time.nowMs),
    });
    const live = await readers.look(ledger);
    const anew = await readers.readAnew(ledger);
    checkReadout(live, anew, { mayHoldMore: false });
    checkEnergy(anew, readings, MACHINE, { isExact: true });
    checkMinutes(anew, readings, MACHINE, { isExact: true });
  },
);
