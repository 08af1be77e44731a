import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder, onEnd, run } from '../e2e/fault-rig.ts';
import { eventually } from '../e2e/millwatt-process.ts';
import { findFreePort } from '../support/mosquitto.ts';

/** Every secret there is, each findable by itself. */
const SECRETS = {
  agent: 'canary-agent-4f1c7a90d3',
  collector: 'canary-collector-8be2150c6f',
  http: 'canary-http-token-1d9a7733e0',
  marks: 'canary-marks-token-5e20b9d417',
  influx: 'canary-influx-token-c05b8e42',
  opcua: 'canary-opcua-password-77aa01',
};

it('no secret comes out: not in logs, answers, metrics or files, whatever fails', async () => {
  const folder = makeFolder();
  const [brokerPort, httpPort, deadPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const influxPort = await startRefusingInflux();
  for (const [name, secret] of Object.entries(SECRETS))
    writeFileSync(join(folder, `${name}.secret`), secret, { mode: 0o600 });
  write(folder, 'collector.yaml', [
    'site: plant-1',
    'data: ./collector',
    'broker:',
    '  password: ${env:COLLECTOR_PASSWORD}',
    `  embedded: { port: ${brokerPort}, agents: { gateway-1: "\${file:agent.secret}" } }`,
    `influx: { url: "http://127.0.0.1:${influxPort}", version: 2, org: plant, token: "\${file:influx.secret}" }`,
    `http: { port: ${httpPort}, token: "\${file:http.secret}", marksToken: "\${file:marks.secret}" }`,
  ]);
  const agentFile = (id: string, secret: string) => [
    'site: plant-1',
    `agent: ${id}`,
    `data: ./${id}`,
    `broker: { url: "mqtt://127.0.0.1:${brokerPort}", password: "\${file:${secret}.secret}" }`,
    'spool: { batchAge: 1s }',
    'sources:',
    `  - { id: meter, protocol: modbus-tcp, machine: mill-1, host: 127.0.0.1, port: ${deadPort}, profile: siemens/pac3200 }`,
    `  - { id: control, protocol: opcua, machine: mill-1, endpoint: "opc.tcp://127.0.0.1:${deadPort}", model: machinetool, username: millwatt, password: "\${file:opcua.secret}" }`,
  ];
  write(folder, 'agent.yaml', agentFile('gateway-1', 'agent'));
  // Nobody listed it: the broker refuses it, and must not say with which password it came.
  write(folder, 'stranger.yaml', agentFile('gateway-2', 'http'));

  const env = { COLLECTOR_PASSWORD: SECRETS.collector, MILLWATT_LOG: 'debug' };
  const collector = run(folder, ['collector', '-c', 'collector.yaml'], env);
  await collector.waitFor(/The broker is connected/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml'], env);
  const stranger = run(folder, ['agent', '-c', 'stranger.yaml'], env);
  const answers: string[] = [];
  const ask = async (path: string, token: string) => {
    const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    answers.push(JSON.stringify([...response.headers]), text);
    return text;
  };
  await eventually(
    async () => (await ask('/api/v1/agents', SECRETS.http)).includes('"samples"'),
    'the agent is followed',
  );
  await collector.waitFor(/refused a login/);
  await collector.waitFor(/InfluxDB answered 401|InfluxDB/);
  for (const path of [
    '/',
    '/api/v1/site',
    '/api/v1/machines',
    '/api/v1/openapi.json',
    '/metrics',
    '/nothing',
  ])
    await ask(path, SECRETS.http);
  await ask('/metrics', `${SECRETS.http}x`);
  const doctor = [run(folder, ['doctor', '-c', 'agent.yaml'], env)];
  doctor.push(run(folder, ['doctor', '-c', 'collector.yaml'], env));
  doctor.push(run(folder, ['check', '-c', 'agent.yaml', 'collector.yaml'], env));
  for (const one of doctor) await one.exited;
  for (const one of [agent, stranger, collector]) await one.stop();

  const outputs = [collector, agent, stranger, ...doctor].map((one) => one.output());
  expect(outputs.every((text) => text.length > 0)).toBe(true);
  const files = filesBelow(folder).filter((path) => !path.endsWith('.secret'));
  expect(files.length).toBeGreaterThan(6);
  const all = [...outputs, ...answers, ...files.map((path) => readFileSync(path, 'latin1'))].join('\n');
  for (const [name, secret] of Object.entries(SECRETS)) expect(all.includes(secret), name).toBe(false);
  // What the agent and collector keep is nobody else's to read.
  for (const key of files.filter((path) => path.endsWith('key.pem')))
    expect(statSync(key).mode & 0o077, key).toBe(0);
}, 90_000);

function write(folder: string, name: string, lines: string[]): void {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** An InfluxDB that knows no token. */
async function startRefusingInflux(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end('{"code":"unauthorized","message":"unauthorized access"}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onEnd(() => server.closeAllConnections());
  onEnd(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
