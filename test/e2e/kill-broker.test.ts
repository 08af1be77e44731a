import { describe, expect, it } from 'vitest';
import { seedRandom } from '../../protocols/simulator/seeded-random.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { checkEnergy, checkLedger, checkSpool } from './kill-checks.ts';
import { agentReady, collectorReady, deliverAll, readDerivedHours, setUpPlant } from './kill-plant.ts';

const KILLS = 4;
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now());
const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)('a broker that remembers nothing, killed under load', () => {
  it(`costs no record and doubles none (MILLWATT_TEST_SEED=${SEED})`, async () => {
    // What mosquitto does when nobody configures more: no persistence, a thousand queued messages a client.
    const broker = await startMosquitto({
      write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true`,
    });
    const plant = await setUpPlant(broker.url);
    const random = seedRandom(SEED, 'broker');
    try {
      const simulator = plant.startSimulator();
      await simulator.waitFor(/The simulated plant runs/);
      const collector = plant.collector.start();
      const agent = plant.startAgent();
      await Promise.all([collectorReady(collector), agentReady(agent)]);
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(random.between(300, 3000));
        await broker.kill9();
        await pause(random.between(0, 1500));
        await broker.restart();
      }
      await pause(2000);
      await deliverAll(plant, simulator, agent);
      const hours = await readDerivedHours(plant.collector);
      expect(await collector.stop()).toBe(0);

      const ledger = checkLedger(plant.collector.folder);
      checkSpool(plant.agentFolder, plant.collector.folder, ledger);
      const energyMwh = checkEnergy(ledger, hours);
      console.log(
        `killed the broker ${KILLS} times: ${ledger.records} records, ${ledger.samples} samples, ${energyMwh} mWh, seed ${SEED}`,
      );
      expect(ledger.records).toBeGreaterThan(20);
      expect(energyMwh).toBeGreaterThan(1000);
    } finally {
      await plant.end();
      await broker.stop();
    }
  }, 240_000);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
