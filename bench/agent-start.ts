/**
 * Cold start and memory of an agent with one Modbus meter: from starting the process to the first request that reaches
 * the meter, and what is resident some seconds later. In turns with it, the same agent with an OPC UA source besides: what
 * loading and speaking that costs, and what agents without it do not pay. The reference is a Node process that does nothing
 * at all: what no program on Node can undercut. The first start after a change of the source is slower and larger, because
 * compiled code is kept from start to start.
 *
 *   node bench/agent-start.ts [starts]
 *
 * Goals without OPC UA: at most 0.5 s, at most 90 MB.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadProfile } from '../config/library/profile-library.ts';
import { silentLog } from '../protocols/log.ts';
import { startEmbeddedBroker } from '../protocols/mqtt/embedded-broker.ts';
import { createProfileBank } from '../protocols/simulator/modbus-bank.ts';
import { startModbusServer } from '../protocols/simulator/modbus-server.ts';
import { startOpcuaMachine } from '../protocols/simulator/opcua-machine.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/millwatt.js', import.meta.url));
const SETTLE_MS = 8000;

const starts = Number(process.argv[2] ?? 4);
const folder = mkdtempSync(join(tmpdir(), 'millwatt-start-'));
let onRead = () => {};
const { profile } = loadProfile('siemens/pac3200');
const bank = createProfileBank(profile, () => {
  onRead();
  return 1;
});
const meter = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]) });
const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
const control = await startOpcuaMachine(
  { name: 'mill-1', port: 0, pkiFolder: join(folder, 'control') },
  {
    moment: () => ({
      state: 'processing',
      production: 'Running',
      mode: 'Automatic',
      program: 'O1',
      warmUp: false,
      partCount: 1,
      spindleSpeed: 4000,
    }),
    measure: () => 1,
  },
);
const METER = `{ id: meter, protocol: modbus-tcp, host: 127.0.0.1, port: ${meter.port}, profile: siemens/pac3200, machine: mill-1, component: supply, every: 1s }`;
const CONTROL = `{ id: control, protocol: opcua, endpoint: "${control.endpoint}", allowInsecure: true, machine: mill-1, model: machinetool, every: 1s }`;
const CASES = { 'meter alone': [METER], 'meter and OPC UA': [METER, CONTROL] };
const files = Object.entries(CASES).map(([name, sources], at) => {
  const file = join(folder, `agent-${at}.yaml`);
  writeFileSync(
    file,
    `site: bench
agent: gateway-${at}
data: ${join(folder, `data-${at}`)}
broker: { url: "mqtt://127.0.0.1:${broker.port}" }
sources:
${sources.map((source) => `  - ${source}\n`).join('')}`,
  );
  return { name, file };
});

console.log('start  first poll, s  resident, MB  of it not shared, MB');
try {
  for (let start = 1; start <= starts; start += 1)
    for (const { name, file } of files) {
      const startedMs = performance.now();
      const firstRead = new Promise<number>((resolve) => {
        onRead = () => resolve(performance.now() - startedMs);
      });
      const agent = spawn(process.execPath, [LAUNCHER, 'agent', '-c', file], { stdio: 'ignore' });
      const firstMs = await firstRead;
      await report(`${start} ${name}`, agent, (firstMs / 1000).toFixed(2));
    }
  await report(
    'idle Node',
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' }),
    '-',
  );
} finally {
  await meter.close();
  await control.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Waits until the process has settled, prints its memory, and ends it. */
async function report(name: string, child: ChildProcess, first: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const megabytes = (field: string) =>
    (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1.024e-3).toFixed(0);
  console.log(`${name}  ${first}  ${megabytes('VmRSS')}  ${megabytes('RssAnon')}`);
  child.kill('SIGTERM');
  await once(child, 'exit');
}
