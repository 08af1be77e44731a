import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuiltCollector } from '../../cli/build-collector.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { parseRecording } from '../../protocols/simulator/recording.ts';
import { createReplay } from '../../protocols/simulator/replay.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { startWholeLine } from './whole-line.ts';
import { sharedFile } from '../support/shared-files.ts';

const RECORDING = sharedFile('data/cnc-power-ntust/data.csv');
export const MACHINE = 'cnc-1';
/** Long enough for a busy machine: a reading that is missed on the way would be a gap that the recording does not have. */
const METER_TIMEOUT_MS = 600;

/** The recording of a real CNC (whole machine and spindle, 1 s); undefined where it is not beside the project. */
export function findRecording(): string | undefined {
  return existsSync(RECORDING) ? RECORDING : undefined;
}

export interface RecordedRun {
  /** As they are when the last row has arrived. */
  hours: MachineHour[];
  /** As they are two hours without an answer later. */
  finalHours: MachineHour[];
}

/**
 * Replays the recording row by row through two simulated PAC3200, Modbus TCP, an agent, a broker and a collector.
 * Without `brokerUrl` the collector's own broker is used. The clock is stepped; everything else is as in a plant.
 *
 * @param look is called before everything is stopped, with all hours derived and projected
 */
export async function replayRecording(options: {
  brokerUrl?: string;
  influxUrl?: string;
  look?: (collector: BuiltCollector, collectorFile: string) => Promise<void>;
}): Promise<RecordedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-recorded-'));
  const recording = parseRecording(readFileSync(RECORDING, 'utf8'), {
    timeColumn: 'time',
    zoneOffset: '+08:00',
  });
  const clock = new SteppedClock(recording.rowTimesMs[0] ?? 0);
  const { profile } = loadProfile('siemens/pac3200');
  const bankOf = (suffix: string) =>
    createReplay(
      {
        recording,
        columns: [
          { column: `kW_${suffix}`, quantity: 'activePower', phase: 'total', unit: 'kW' },
          { column: `kWh_${suffix}`, quantity: 'activeEnergyImport', phase: 'total', unit: 'kWh' },
        ],
      },
      clock,
    ).bank(profile);
  const meters = await Promise.all(
    ['machine', 'spindle'].map((suffix) =>
      startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bankOf(suffix)]]) }),
    ),
  );
  const brokerPort = await findFreePort();
  const collectorFile = join(folder, 'collector.yaml');
  writeFileSync(collectorFile, collectorYaml(brokerPort, await findFreePort(), options));
  const agentFile = join(folder, 'agent.yaml');
  writeFileSync(
    agentFile,
    agentYaml(
      meters.map((meter) => meter.port),
      options.brokerUrl ?? `mqtt://127.0.0.1:${brokerPort}`,
    ),
  );

  const line = await startWholeLine({ folder, clock, collectorFile, agentFile, simulated: false });
  const { collector, agent } = line;
  try {
    let lastMs = recording.rowTimesMs[0] ?? 0;
    for (const rowMs of recording.rowTimesMs) {
      if (rowMs - lastMs > 2000) {
        // Somewhere in the gap the agent polls as always, and the meter does not answer.
        clock.stepTo(lastMs + 3000);
        await agent.pollAll();
      }
      clock.stepTo(rowMs);
      await agent.pollAll();
      lastMs = rowMs;
    }
    await line.deliver();
    await options.look?.(collector, collectorFile);
    const hours = await readHours(collector.url);
    // Two more hours without an answer: every hour of the recording becomes final.
    for (let minute = 1; minute <= 121; minute += 20) {
      clock.stepTo(lastMs + minute * 60_000);
      await agent.pollAll();
    }
    await line.deliver();
    const finalHours = await readHours(collector.url);
    return { hours, finalHours };
  } finally {
    await line.stop();
    await Promise.all(meters.map((meter) => meter.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function readHours(page: string): Promise<MachineHour[]> {
  const range = 'from=2023-05-04T00:00:00Z&to=2023-05-06T00:00:00Z';
  const response = await fetch(`${page}/api/v1/machines/${MACHINE}/hours?${range}`);
  return ((await response.json()) as { hours: MachineHour[] }).hours;
}

function agentYaml([supplyPort = 0, spindlePort = 0]: number[], brokerUrl: string): string {
  const source = (id: string, port: number, component: string) => `  - id: ${id}
    protocol: modbus-tcp
    host: 127.0.0.1
    port: ${port}
    profile: siemens/pac3200
    machine: ${MACHINE}
    component: ${component}
    every: 1s
    timeout: ${METER_TIMEOUT_MS}ms
    read: [activePower, activeEnergyImport]
`;
  return `site: lab
agent: gateway-1
data: ./agent
broker: { url: "${brokerUrl}" }
sources:
${source('supply-meter', supplyPort, 'supply')}${source('spindle-meter', spindlePort, 'spindle')}`;
}

function collectorYaml(
  brokerPort: number,
  httpPort: number,
  options: { brokerUrl?: string; influxUrl?: string },
): string {
  return `site: lab
data: ./collector
broker: { ${options.brokerUrl === undefined ? `embedded: { port: ${brokerPort} }` : `url: "${options.brokerUrl}"`} }
http: { port: ${httpPort} }
${options.influxUrl === undefined ? '' : `influx: { url: "${options.influxUrl}", version: 1, database: millwatt }\n`}footprint:
  company: { name: Recorded Machining, ids: ["urn:lei:5493001KJTIIGC8Y1R12"], country: TW }
  region: TW
machines:
  - id: ${MACHINE}
    ratedPower: 15kW
    bands:
      - { state: off, below: 20W }
      - { state: ready, below: 1500W }
      - { state: processing }
`;
}
