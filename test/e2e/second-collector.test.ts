import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateSigningKey, readSigningKey } from '../../protocols/evidence/keys.ts';
import { rangeDigest } from '../../protocols/evidence/seal.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { checkEnergy, checkLedger, checkSpool } from './kill-checks.ts';
import {
  agentReady,
  collectorReady,
  deliverAll,
  readDerivedHours,
  readMetric,
  readSpool,
  setUpPlant,
  type KillPlant,
} from './kill-plant.ts';
import { eventually } from './millwatt-process.ts';
import { forgeReceipt, joinBroker, readWaiting } from './second-collector-forger.ts';

const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)('only the pinned collector makes an agent forget', () => {
  it('keeps everything that a second collector has, until the first is back', async () => {
    const broker = await startMosquitto();
    const plant = await setUpPlant(broker.url);
    try {
      const { simulator, agent } = await startUntilPinned(plant);
      const before = readSpool(plant.agentFolder);

      const second = await plant.addCollector('second');
      const usurper = second.start();
      await collectorReady(usurper);
      const admitted = () => readMetric(second, 'millwatt_admission_messages_total{fate="admitted"}');
      const answered = () => readMetric(second, 'millwatt_receipts_total{fate="sent"}');
      let { pending } = before.samples;
      let forgotten = 0;
      await eventually(async () => {
        const { samples } = readSpool(plant.agentFolder);
        if (samples.receipted !== before.samples.receipted || samples.pending < pending) forgotten += 1;
        ({ pending } = samples);
        return (await admitted()) >= 10 && (await answered()) >= 3;
      }, 'the second collector has records and says so');
      await agent.waitFor(/a receipt was ignored.*obeys/);
      expect(forgotten).toBe(0);

      const first = plant.collector.start();
      await collectorReady(first);
      await deliverAll(plant, simulator, agent);
      const hours = await readDerivedHours(plant.collector);
      expect([await first.stop(), await usurper.stop()]).toEqual([0, 0]);
      const ledger = checkLedger(plant.collector.folder);
      checkSpool(plant.agentFolder, plant.collector.folder, ledger);
      expect(checkEnergy(ledger, hours)).toBeGreaterThan(0);
    } finally {
      await plant.end();
      await broker.stop();
    }
  }, 180_000);

  it('forgets nothing for a receipt that is forged, replayed or about something else, and counts each', async () => {
    const broker = await startMosquitto();
    const plant = await setUpPlant(broker.url);
    const stranger = await joinBroker(broker.url);
    try {
      const { simulator, agent } = await startUntilPinned(plant);
      const real = [...stranger.receipts];
      expect(real.length).toBeGreaterThan(0);
      await eventually(() => readSpool(plant.agentFolder).records.pending >= 4, 'records wait');
      const before = readSpool(plant.agentFolder);
      const waiting = readWaiting(plant.agentFolder);
      const forger = generateSigningKey();
      const pinned = readSigningKey(readFileSync(join(plant.collector.folder, 'collector-key.pem'), 'utf8'));
      const wrong = { ...waiting, digest: rangeDigest(['A'.repeat(43)]) };
      const forgeries: Record<string, Uint8Array[]> = {
        // Another key, with what is right and what is wrong; and a rejection, which would set a record aside.
        foreign: [
          forgeReceipt(waiting, forger),
          forgeReceipt(wrong, forger),
          forgeReceipt(waiting, forger, {
            accepted: [],
            rejected: [{ seq: waiting.from, hash: null, reason: 'fork' }],
          }),
          forgeReceipt(waiting, pinned, { agent: 'gateway-2' }),
          forgeReceipt(waiting, pinned, { site: 'elsewhere' }),
        ],
        // In the name of the pinned key, but signed by another.
        forged: [forgeReceipt(waiting, { ...forger, publicKey: pinned.publicKey })],
        // The pinned key itself, about other records or another epoch.
        mismatched: [
          forgeReceipt(wrong, pinned),
          forgeReceipt(waiting, pinned, { epoch: 'zzzzzzzzzzzz' }),
          forgeReceipt({ ...waiting, from: waiting.to + 1000, to: waiting.to + 1000 }, pinned),
        ],
        stale: real,
        malformed: [Buffer.from('no receipt'), (real[0] ?? new Uint8Array()).subarray(0, -1)],
      };
      const countedBefore = stranger.health()?.receipts ?? {};
      for (const forgery of Object.values(forgeries).flat()) await stranger.send(forgery);

      for (const fault of ['foreign', 'forged', 'mismatched', 'malformed'])
        await agent.waitFor(new RegExp(`"fault":"${fault}".*a receipt was ignored`));
      // A new connection brings a health message at once.
      await broker.restart();
      const counted = await eventually(() => {
        const counts = stranger.health()?.receipts;
        return counts !== undefined && (counts['malformed'] ?? 0) > 0 ? counts : undefined;
      }, 'health counts the faults');
      const risen = (fault: string) => (counted[fault] ?? 0) - (countedBefore[fault] ?? 0);
      for (const [fault, sent] of Object.entries(forgeries)) {
        // The collector itself may have receipted a record twice.
        if (fault === 'stale') expect(risen(fault)).toBeGreaterThanOrEqual(sent.length);
        else expect(risen(fault), fault).toBe(sent.length);
      }
      const now = readSpool(plant.agentFolder);
      expect(now.samples.receipted).toBe(before.samples.receipted);
      expect(now.records).toMatchObject({ receipted: before.records.receipted, rejected: 0, dropped: 0 });
      expect(now.samples.pending).toBeGreaterThanOrEqual(before.samples.pending);
      expect(readWaiting(plant.agentFolder)).toMatchObject({ epoch: waiting.epoch, from: waiting.from });

      const collector = plant.collector.start();
      await collectorReady(collector);
      await deliverAll(plant, simulator, agent);
      expect(await collector.stop()).toBe(0);
      checkSpool(plant.agentFolder, plant.collector.folder, checkLedger(plant.collector.folder));
    } finally {
      await stranger.end();
      await plant.end();
      await broker.stop();
    }
  }, 180_000);
});

describe.skipIf(!tools)('a folder belongs to one process', () => {
  it('lets no second collector and no second agent in, and says what to do', async () => {
    const broker = await startMosquitto();
    const plant = await setUpPlant(broker.url);
    try {
      const simulator = plant.startSimulator();
      const collector = plant.collector.start();
      const agent = plant.startAgent();
      await Promise.all([collectorReady(collector), agentReady(agent)]);

      const secondCollector = plant.collector.start();
      const secondAgent = plant.startAgent();
      expect([await secondCollector.exited, await secondAgent.exited]).toEqual([1, 1]);
      expect(secondCollector.output()).toMatch(
        /^millwatt: Another collector is using the folder .*\n {2}cure: Stop the other collector, or give this one a data folder of its own\.$/m,
      );
      expect(secondAgent.output()).toMatch(
        /^millwatt: Another agent is using the folder .*\n {2}cure: Stop the other agent, or give this one a data folder of its own\.$/m,
      );

      // The first ones did not notice.
      const { receipted } = readSpool(plant.agentFolder).samples;
      await eventually(() => readSpool(plant.agentFolder).samples.receipted > receipted, 'work goes on');
      await deliverAll(plant, simulator, agent);
      expect(await collector.stop()).toBe(0);
      checkSpool(plant.agentFolder, plant.collector.folder, checkLedger(plant.collector.folder));
    } finally {
      await plant.end();
      await broker.stop();
    }
  }, 120_000);
});

/** Starts everything, waits for the first receipts, and takes the collector away again. */
async function startUntilPinned(plant: KillPlant) {
  const simulator = plant.startSimulator();
  await simulator.waitFor(/The simulated plant runs/);
  const collector = plant.collector.start();
  await collectorReady(collector);
  const agent = plant.startAgent();
  await agent.waitFor(/this collector is pinned/);
  await eventually(() => readSpool(plant.agentFolder).samples.receipted > 0, 'something is receipted');
  expect(await collector.stop()).toBe(0);
  return { simulator, agent };
}
