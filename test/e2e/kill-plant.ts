import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpoolAccounts } from '../../agent/spool-accounts.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { eventually, startMillwatt, type MillwattProcess } from './millwatt-process.ts';

export const SITE = 'lab';
export const AGENT = 'gateway-1';
/** What each machine is measured by: two makes whose counters differ in width, unit and step. */
const MACHINES = { 'mill-1': 'mill', 'lathe-1': 'lathe', 'centre-1': 'machiningCentre' } as const;
const METERS = { supply: 'siemens/pac3200', spindle: 'eastron/sdm630' } as const;
export const MACHINE_IDS = Object.keys(MACHINES);

/** A collector's folder, page and configuration. */
export interface CollectorPlace {
  folder: string;
  page: string;
  start(): MillwattProcess;
}

/** A plant under load: six meters polled ten times a second, and records sealed about four times a second. */
export interface KillPlant {
  folder: string;
  agentFolder: string;
  collector: CollectorPlace;
  startSimulator(): MillwattProcess;
  startAgent(): MillwattProcess;
  /** Another collector of the same site, with a folder, a key and a page of its own. */
  addCollector(name: string): Promise<CollectorPlace>;
  /** SIGKILL for what still runs, and the folder is removed. */
  end(): Promise<void>;
}

/** Writes the configurations of a plant behind a broker, in front of an InfluxDB 1.x where one is given; starts nothing. */
export async function setUpPlant(brokerUrl: string, influxUrl?: string): Promise<KillPlant> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-kill-'));
  const running = new Set<MillwattProcess>();
  const start = (command: string, file: string): MillwattProcess => {
    const child = startMillwatt([command, '-c', file], { cwd: folder });
    running.add(child);
    void child.exited.then(() => running.delete(child));
    return child;
  };
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const addCollector = async (name: string): Promise<CollectorPlace> => {
    const port = await findFreePort();
    const file = write(`${name}.yaml`, collectorYaml(name, brokerUrl, port, influxUrl));
    return {
      folder: join(folder, name),
      page: `http://127.0.0.1:${port}`,
      start: () => start('collector', file),
    };
  };
  const meterPorts = await Promise.all(MACHINE_IDS.map(() => findFreePort()));
  const simulatorFile = write('plant.yaml', simulatorYaml(meterPorts));
  const agentFile = write('agent.yaml', agentYaml(brokerUrl, meterPorts));
  return {
    folder,
    agentFolder: join(folder, 'agent'),
    collector: await addCollector('collector'),
    startSimulator: () => start('simulate', simulatorFile),
    startAgent: () => start('agent', agentFile),
    addCollector,
    end: async () => {
      await Promise.all([...running].map((child) => child.kill9()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when an agent has its broker. */
export async function agentReady(agent: MillwattProcess): Promise<void> {
  await agent.waitFor(/the broker is connected/);
}

/** Resolves when a collector serves its page. */
export async function collectorReady(collector: MillwattProcess): Promise<void> {
  await collector.waitFor(/The page is served/);
}

/** The agent's own accounts, read beside it. */
export function readSpool(agentFolder: string): ReturnType<SpoolAccounts['read']> {
  const database = new DatabaseSync(join(agentFolder, 'spool.sqlite'), { readOnly: true, timeout: 5000 });
  try {
    return new SpoolAccounts(database).read();
  } finally {
    database.close();
  }
}

/**
 * Ends the load and then the agent in order, and starts it once more: with the meters gone it only delivers.
 * Resolves when nothing is pending and everything has ended but the collector.
 */
export async function deliverAll(
  plant: KillPlant,
  simulator: MillwattProcess,
  agent: MillwattProcess,
): Promise<void> {
  const codes = [await agent.stop(), await simulator.stop()];
  if (codes.some((code) => code !== 0))
    throw new Error(`ended with ${codes.join(' and ')}:\n${agent.output()}`);
  // After a broker that came and went, the next try may be a minute away.
  const connected = async () => (await readMetric(plant.collector, 'millwatt_broker_connected')) === 1;
  await eventually(connected, 'the collector has its broker', 120_000);
  const courier = plant.startAgent();
  await agentReady(courier);
  // Records, not samples: an agent without meters still seals that they are down.
  await eventually(() => readSpool(plant.agentFolder).records.pending === 0, 'every record is receipted');
  await courier.stop();
}

/** Resolves when a collector has derived all of its ledger; gives every hour of every machine. */
export async function readDerivedHours(collector: CollectorPlace): Promise<Record<string, MachineHour[]>> {
  await eventually(async () => {
    const metrics = await (await fetch(`${collector.page}/metrics`)).text();
    return /^millwatt_reader_lag_records\{reader="derive"\} 0$/m.test(metrics);
  }, 'all is derived');
  const hours: Record<string, MachineHour[]> = {};
  const nowMs = Date.now();
  for (const machine of MACHINE_IDS) {
    const range = `from=${nowMs - 6 * 3_600_000}&to=${nowMs + 3_600_000}`;
    const response = await fetch(`${collector.page}/api/v1/machines/${machine}/hours?${range}`);
    hours[machine] = ((await response.json()) as { hours: MachineHour[] }).hours;
  }
  return hours;
}

/** One figure of a collector's /metrics; 0 when it is not there yet. */
export async function readMetric(collector: CollectorPlace, name: string): Promise<number> {
  const metrics = await (await fetch(`${collector.page}/metrics`)).text();
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

function simulatorYaml(meterPorts: readonly number[]): string {
  const machines = Object.entries(MACHINES).map(
    ([id, kind]) => `  - { id: ${id}, kind: ${kind}, ratedPower: 15kW }`,
  );
  const devices = MACHINE_IDS.flatMap((id, index) =>
    Object.entries(METERS).map(
      ([component, profile], unit) =>
        `  - { type: modbus-meter, id: ${id}-${component}, port: ${meterPorts[index]}, unit: ${unit + 1}, profile: ${profile}, machine: ${id}, component: ${component} }`,
    ),
  );
  // In the middle of a shift, so that every counter moves.
  return `site: ${SITE}
time: { origin: 2026-03-02T09:00:00Z }
machines:
${machines.join('\n')}
devices:
${devices.join('\n')}
`;
}

function agentYaml(brokerUrl: string, meterPorts: readonly number[]): string {
  const sources = MACHINE_IDS.flatMap((id, index) =>
    Object.entries(METERS).map(
      ([component, profile], unit) => `  - id: ${id}-${component}
    protocol: modbus-tcp
    host: 127.0.0.1
    port: ${meterPorts[index]}
    unit: ${unit + 1}
    profile: ${profile}
    machine: ${id}
    component: ${component}
    every: 100ms`,
    ),
  );
  return `site: ${SITE}
agent: ${AGENT}
data: ./agent
broker: { url: "${brokerUrl}" }
spool: { batchSamples: 50, batchAge: 1s }
sources:
${sources.join('\n')}
`;
}

function collectorYaml(
  name: string,
  brokerUrl: string,
  httpPort: number,
  influxUrl: string | undefined,
): string {
  const influx =
    influxUrl === undefined ? '' : `influx: { url: "${influxUrl}", version: 1, database: millwatt }\n`;
  const machines = MACHINE_IDS.map(
    (id) => `  - id: ${id}
    ratedPower: 15kW
    bands: [ { state: off, below: 50W }, { state: ready, below: 1500W }, { state: processing } ]`,
  );
  return `site: ${SITE}
collector: ${name}
data: ./${name}
broker: { url: "${brokerUrl}" }
http: { port: ${httpPort} }
${influx}machines:
${machines.join('\n')}
`;
}
