import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadProfile } from '../../config/library/profile-library.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';

const LAUNCHER = join(import.meta.dirname, '../../bin/millwatt.js');
const HOOK = join(import.meta.dirname, 'resolved-modules-hook.ts');
/** Libraries that only some sources need, and the driver that all sources here have one of: what is listed is listed. */
const LOOKED_FOR = /\/node_modules\/(node-opcua|sax)\b|\/(modbus-driver)\.ts$/gm;

/** A meter that counts how often it was read. */
async function startMeter(): Promise<{ port: number; reads: () => number }> {
  const { profile } = loadProfile('siemens/pac3200');
  let reads = 0;
  const bank = createProfileBank(profile, () => {
    reads++;
    return 1;
  });
  const meter = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]) });
  onTestFinished(() => meter.close());
  return { port: meter.port, reads: () => reads };
}

/** Runs the real agent with these sources until something holds; gives what it resolved of those looked for. */
async function resolvedBy(
  sources: readonly string[],
  isThere: (resolved: () => string) => boolean,
): Promise<Set<string | undefined>> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-loaded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'agent.yaml');
  const list = join(folder, 'resolved');
  // Nobody listens at the broker's port: an agent measures all the same.
  writeFileSync(
    file,
    [
      'site: test',
      'agent: gateway-1',
      'broker: { url: "mqtt://127.0.0.1:9" }',
      'sources:',
      ...sources.map((source) => `  - ${source}`),
      '',
    ].join('\n'),
  );
  const agent = spawn(process.execPath, ['--import', HOOK, LAUNCHER, 'agent', '-c', file], {
    env: { ...process.env, RESOLVED_MODULES: list },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  agent.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const gone = once(agent, 'exit');
  try {
    const resolved = () => (existsSync(list) ? readFileSync(list, 'utf8') : '');
    for (const deadline = Date.now() + 40_000; !isThere(resolved);) {
      if (Date.now() > deadline || agent.exitCode !== null)
        throw new Error(`the agent did not come so far: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return new Set([...resolved().matchAll(LOOKED_FOR)].map(([, library, driver]) => library ?? driver));
  } finally {
    agent.kill('SIGTERM');
    await gone;
  }
}

const modbus = (port: number) =>
  `{ id: meter, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: siemens/pac3200, machine: mill-1, component: supply, every: 200ms }`;

test('an agent with meters alone resolves nothing of OPC UA or of XML, however long it reads', async () => {
  const meter = await startMeter();
  let readsEach = 0;
  const loaded = await resolvedBy([modbus(meter.port)], () => {
    readsEach ||= meter.reads();
    return readsEach > 0 && meter.reads() >= 10 * readsEach;
  });
  expect(loaded).toEqual(new Set(['modbus-driver']));
});

test('an agent with an OPC UA source resolves node-opcua, and one with an MTConnect source the XML parser', async () => {
  const meter = await startMeter();
  const opcua = `{ id: control, protocol: opcua, endpoint: "opc.tcp://127.0.0.1:9", machine: mill-1, model: machinetool }`;
  const loaded = await resolvedBy([modbus(meter.port), opcua], (resolved) =>
    resolved().includes('/node_modules/node-opcua/'),
  );
  expect(loaded).toEqual(new Set(['modbus-driver', 'node-opcua']));
  const mtconnect = `{ id: control, protocol: mtconnect, url: "http://127.0.0.1:9", device: M1, machine: mill-1 }`;
  expect(
    await resolvedBy([modbus(meter.port), mtconnect], (resolved) =>
      resolved().includes('/node_modules/sax/'),
    ),
  ).toEqual(new Set(['modbus-driver', 'sax']));
});
