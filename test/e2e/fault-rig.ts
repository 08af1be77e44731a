import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { AgentView } from '../../collector/http/http-parts.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { rawReadingOf } from '../../protocols/modbus/profile/encode.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startModbusServer, type ModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { startMillwatt, type MillwattProcess } from './millwatt-process.ts';

const cleanUps: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Runs after the test, last first, however the test ends. */
export function onEnd(cleanUp: () => Promise<unknown> | void): void {
  cleanUps.push(cleanUp);
}

/** A folder that is gone after the test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-fault-'));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `millwatt ARGS` in a folder; it is killed after the test where it still runs. */
export function run(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): MillwattProcess {
  const started = startMillwatt(args, { cwd: folder, env });
  onEnd(() => started.kill9());
  return started;
}

/** Messages of the log lines of a process that match. */
export function messagesOf(started: MillwattProcess, pattern: RegExp): string[] {
  return started
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg)
    .filter((message) => pattern.test(message));
}

/** A simulated PAC3200 that can be switched off and on again on the same port. */
export interface SwitchedMeter {
  port: number;
  /** Times that its power was read so far. */
  reads(): number;
  switchOff(): Promise<void>;
  switchOn(): Promise<void>;
}

/** A meter whose counter moves with every read, so that every reading is another. */
export async function startMeter(): Promise<SwitchedMeter> {
  const { profile } = loadProfile('siemens/pac3200');
  let reads = 0;
  const bank = createProfileBank(profile, (point) => {
    if (point.quantity === 'activePower') reads += 1;
    return rawReadingOf(point, point.counter ? 1000 + reads : 4000 + reads);
  });
  const listen = (port: number): Promise<ModbusServer> =>
    startModbusServer({ host: '127.0.0.1', port, units: new Map([[1, bank]]) });
  let server: ModbusServer | undefined = await listen(0);
  const { port } = server;
  const switchOff = async () => {
    await server?.close();
    server = undefined;
  };
  onEnd(switchOff);
  return {
    port,
    reads: () => reads,
    switchOff,
    switchOn: async () => {
      server = await listen(port);
    },
  };
}

/** A TCP server on a port of the system's choice that answers everything with the same bytes. */
export async function startParrot(bytes: Uint8Array | string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write(bytes));
    onEnd(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onEnd(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Writes agent.yaml: a source a meter, all of one machine. */
export function writeAgentFile(
  folder: string,
  options: { brokerPort: number; meters: Record<string, number>; extra?: string; data?: string },
): void {
  const components = ['supply', 'spindle', 'cabinet', 'coolant'];
  const sources = Object.entries(options.meters).map(
    ([id, port], index) =>
      `  - { id: ${id}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: siemens/pac3200, machine: mill-1, component: ${components[index]}, every: 200ms, timeout: 150ms, read: [activePower, activeEnergyImport] }`,
  );
  writeFileSync(
    join(folder, 'agent.yaml'),
    [
      'site: plant-1',
      'agent: gateway-1',
      `data: ${options.data ?? './agent'}`,
      `broker: { url: "mqtt://127.0.0.1:${options.brokerPort}"${options.extra ?? ''} }`,
      'spool: { batchAge: 1s }',
      'sources:',
      ...sources,
      '',
    ].join('\n'),
  );
}

/** Writes collector.yaml. */
export function writeCollectorFile(
  folder: string,
  options: { broker: string; httpPort: number; influxUrl?: string; data?: string },
): void {
  writeFileSync(
    join(folder, 'collector.yaml'),
    [
      'site: plant-1',
      `data: ${options.data ?? './collector'}`,
      `broker: ${options.broker}`,
      `http: { port: ${options.httpPort} }`,
      ...(options.influxUrl === undefined
        ? []
        : [`influx: { url: "${options.influxUrl}", version: 1, database: millwatt }`]),
      'machines: [ { id: mill-1, ratedPower: 15kW, bands: [ { state: processing } ] } ]',
      '',
    ].join('\n'),
  );
}

/** Values of /metrics by name with labels, as in the text. */
export async function readMetrics(httpPort: number): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The agent as the collector sees it. */
export async function readAgent(httpPort: number): Promise<AgentView | undefined> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/api/v1/agents`);
  return ((await response.json()) as { agents: AgentView[] }).agents[0];
}
