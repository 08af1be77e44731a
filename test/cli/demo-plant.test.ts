import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEMO_MACHINES, demoAgentYaml, demoCollectorYaml, demoDevices } from '../../cli/demo/demo-plant.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import { checkConfig } from '../../config/check.ts';
import type { AgentConfig } from '../../config/agent-config.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { readSurroundings } from '../../config/surroundings.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { startSimulation } from '../../protocols/simulator/plant.ts';

it('names the serial numbers that its meters tell, and reads what a commissioning and an uncertainty need', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-plant-'));
  const plant = await startSimulation({
    seed: 'demo',
    clock: systemClock,
    machines: DEMO_MACHINES,
    devices: demoDevices(),
    dataFolder: folder,
  });
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_: object, text: string) => void warnings.push(text) };
  const agent = checkConfig(demoAgentYaml(plant.endpoints, 'mqtt://127.0.0.1:1'), 'agent.yaml', 'agent', {
    ...readSurroundings(),
  }).config as AgentConfig;
  const drivers = await buildDrivers(agent, { folder, dataFolder: folder, clock: systemClock, log });
  try {
    for (const driver of drivers.filter(({ description }) => description.protocol === 'modbus-tcp')) {
      await driver.poll();
      const points = driver.channels.flatMap((channel) =>
        channel.kind === 'measured' ? [pointName(channel)] : [],
      );
      expect(points, driver.description.id).toEqual(
        expect.arrayContaining([
          'activePower.l1',
          'activePower.l2',
          'activePower.l3',
          'activeEnergyImport',
          'current.l1',
        ]),
      );
      expect(points.includes('powerFactor') || points.includes('apparentPower'), driver.description.id).toBe(
        true,
      );
    }
    expect(warnings).toEqual([]);
    const { machines } = checkConfig(demoCollectorYaml(8484, 1883), 'collector.yaml', 'collector')
      .config as CollectorConfig;
    for (const { machine, component } of drivers.flatMap(({ channels }) => channels))
      if (component !== 'control' && component !== 'machine')
        expect(Object.keys(machines.find(({ id }) => id === machine)?.metering ?? {}), machine).toContain(
          component,
        );
  } finally {
    for (const driver of drivers) await driver.close();
    await plant.close();
  }
});
