import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_MACHINES, demoCollectorYaml, demoDevices } from '../../cli/demo/demo-plant.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import type { LoadProfile } from '../../protocols/simulator/load-profile.ts';
import { startSimulation } from '../../protocols/simulator/plant.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { startWholeLine } from './whole-line.ts';

/** What came out of the line, and what the simulated machines really did. */
export interface SimulatedRun {
  hours: Map<string, MachineHour[]>;
  loads: ReadonlyMap<string, LoadProfile>;
}

const DEVICES = demoDevices().filter((device) => device.type === 'modbus-meter');

/**
 * Lets the metered machines of the demo run from one wall time to another: their meters on sockets, an agent that polls
 * them, the embedded broker and a collector. The clock is stepped from poll to poll; everything else is as in a plant.
 */
export async function runSimulatedPlant(time: {
  fromMs: number;
  toMs: number;
  everyMs: number;
}): Promise<SimulatedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-simulated-'));
  const clock = new SteppedClock(time.fromMs);
  const plant = await startSimulation({
    seed: 'demo',
    clock,
    machines: DEMO_MACHINES,
    devices: DEVICES,
    dataFolder: folder,
  });
  const brokerPort = await findFreePort();
  const collectorFile = join(folder, 'collector.yaml');
  writeFileSync(collectorFile, demoCollectorYaml(await findFreePort(), brokerPort));
  const agentFile = join(folder, 'agent.yaml');
  const sources = DEVICES.map(({ id, machine, component, profile }) => {
    const port = plant.endpoints.find((endpoint) => endpoint.id === id)?.port;
    return `  - { id: ${id}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: ${profile.id}, machine: ${machine}, component: ${component}, every: ${time.everyMs}ms, timeout: 5s, read: [activePower, activeEnergyImport], meter: { serial: "${id}" } }`;
  });
  writeFileSync(
    agentFile,
    `site: demo\nagent: gateway-1\ndata: ./agent\nbroker: { url: "mqtt://127.0.0.1:${brokerPort}" }\nsources:\n${sources.join('\n')}\n`,
  );
  const line = await startWholeLine({ folder, clock, collectorFile, agentFile, simulated: true });
  try {
    for (let atMs = time.fromMs; atMs <= time.toMs; atMs += time.everyMs) {
      clock.stepTo(atMs);
      await line.agent.pollAll();
    }
    await line.deliver();
    const hours = new Map<string, MachineHour[]>();
    for (const machine of new Set(DEVICES.map((device) => device.machine)))
      hours.set(machine, await readHours(line.collector.url, machine, time));
    return { hours, loads: plant.loads };
  } finally {
    await line.stop();
    await plant.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readHours(
  page: string,
  machine: string,
  time: { fromMs: number; toMs: number },
): Promise<MachineHour[]> {
  const from = new Date(Math.floor(time.fromMs / 3_600_000) * 3_600_000).toISOString();
  const to = new Date(Math.ceil(time.toMs / 3_600_000) * 3_600_000).toISOString();
  const response = await fetch(`${page}/api/v1/machines/${machine}/hours?from=${from}&to=${to}`);
  return ((await response.json()) as { hours: MachineHour[] }).hours;
}
