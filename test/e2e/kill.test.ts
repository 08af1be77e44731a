import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seedRandom, type SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { checkAccounts, checkEnergy, checkLedger, checkMinutes, checkSpool } from './kill-checks.ts';
import { agentReady, collectorReady, deliverAll, readDerivedHours, setUpPlant } from './kill-plant.ts';
import type { MillwattProcess } from './millwatt-process.ts';

const KILLS = process.env['MILLWATT_TEST_LONG'] === undefined ? 20 : 100;
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now());
const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)('agent and collector killed at random moments under load', () => {
  it(`loses nothing and counts nothing twice (MILLWATT_TEST_SEED=${SEED})`, async () => {
    const startedMs = performance.now();
    const broker = await startMosquitto();
    const plant = await setUpPlant(broker.url);
    try {
      const simulator = plant.startSimulator();
      await simulator.waitFor(/The simulated plant runs/);
      const [agent, collector] = await Promise.all([
        killAgain(
          () => plant.startAgent(),
          agentReady,
          seedRandom(SEED, 'agent'),
          () => checkAccounts(plant.agentFolder),
        ),
        killAgain(() => plant.collector.start(), collectorReady, seedRandom(SEED, 'collector')),
      ]);
      await deliverAll(plant, simulator, agent);
      const hours = await readDerivedHours(plant.collector);
      expect(await collector.stop()).toBe(0);

      const ledger = checkLedger(plant.collector.folder);
      checkSpool(plant.agentFolder, plant.collector.folder, ledger);
      const energyMwh = checkEnergy(ledger, hours);
      checkMinutes(ledger, plant.collector.folder);

      for (const ending of ['', '-wal', '-shm'])
        rmSync(join(plant.collector.folder, `views.db${ending}`), { force: true });
      const again = plant.collector.start();
      await collectorReady(again);
      const hoursAgain = await readDerivedHours(plant.collector);
      expect(await again.stop()).toBe(0);
      expect(hoursAgain).toEqual(hours);
      checkMinutes(ledger, plant.collector.folder);

      const seconds = Math.round((performance.now() - startedMs) / 1000);
      console.log(
        `killed agent and collector ${KILLS} times each: ${ledger.records} records, ${ledger.samples} samples, ${energyMwh} mWh, ${seconds} s, seed ${SEED}`,
      );
      // Less would not be a load.
      expect(ledger.records).toBeGreaterThan(50);
      expect(energyMwh).toBeGreaterThan(1000);
    } finally {
      await plant.end();
      await broker.stop();
    }
  }, 900_000);
});

/** Starts a process and kills it, again and again: some while they start, most at work. Gives the last one, at work. */
async function killAgain(
  start: () => MillwattProcess,
  ready: (child: MillwattProcess) => Promise<void>,
  random: SeededRandom,
  look: () => void = () => {},
): Promise<MillwattProcess> {
  for (let kill = 0; kill < KILLS; kill++) {
    const child = start();
    const atWork = random.chance(0.7);
    if (atWork) await ready(child);
    await pause(atWork ? random.between(50, 3000) : random.between(100, 1500));
    await child.kill9();
    if (atWork) look();
    if (random.chance(0.2)) await pause(random.between(100, 1000));
  }
  const last = start();
  await ready(last);
  return last;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
