import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, run } from '../e2e/fault-rig.ts';
import { eventually } from '../e2e/millwatt-process.ts';
import { makeDriver, startMachine } from '../protocols/opcua/opcua-rig.ts';
import { findFreePort } from '../support/mosquitto.ts';

const RIGHT = 'canary-opcua-right-3f90c1';
const WRONG = 'canary-opcua-wrong-7d21ab';
/** What node-opcua says of itself when it is asked for everything: its requests, which logins are, too. */
const LIBRARY_TRACES = 'opcua_client_impl,client_base_impl,client_session_impl,client_secure_channel_layer';

test('no secret of an OPC UA login comes out: accepted, refused, dropped or downgraded, at the deepest log level', async () => {
  const folder = makeFolder();
  // The identity of a user: its key is a secret as good as a password.
  await makeDriver(join(folder, 'user'), {});
  const userKey = readFileSync(join(folder, 'user/own/private/private_key.pem'), 'utf8');
  const userCertificate = readFileSync(join(folder, 'user/own/certs/client_certificate.pem'), 'utf8');
  writeFileSync(join(folder, 'user.pem'), userCertificate);
  writeFileSync(join(folder, 'user.key'), userKey, { mode: 0o600 });
  for (const [name, secret] of [
    ['right', RIGHT],
    ['wrong', WRONG],
  ] as const)
    writeFileSync(join(folder, `${name}.secret`), secret, { mode: 0o600 });

  const machine = await startMachine({
    user: { name: 'millwatt', password: RIGHT },
    userCertificates: [userCertificate],
  });
  const open = await startMachine({ security: { policies: ['None'], modes: [] } });
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  const source = (id: string, endpoint: string, login: string) =>
    `  - { id: ${id}, protocol: opcua, machine: ${id}, endpoint: "${endpoint}", model: machinetool, ${login} }`;
  const login = (secret: string) => `username: millwatt, password: "\${file:${secret}.secret}"`;
  write(folder, 'agent.yaml', [
    'site: plant-1',
    'agent: gateway-1',
    'data: ./agent',
    `broker: { url: "mqtt://127.0.0.1:${brokerPort}", password: "\${file:right.secret}" }`,
    'spool: { batchAge: 1s }',
    'sources:',
    source('accepted', machine.endpoint, login('right')),
    source('refused', machine.endpoint, login('wrong')),
    source('certified', machine.endpoint, 'userCertificate: user.pem, userKey: user.key'),
    source('downgraded', open.endpoint, login('right')),
  ]);
  write(folder, 'collector.yaml', [
    'site: plant-1',
    'data: ./collector',
    'broker:',
    '  password: ${file:wrong.secret}',
    `  embedded: { port: ${brokerPort}, agents: { gateway-1: "\${file:right.secret}" } }`,
    `http: { port: ${httpPort} }`,
  ]);

  const env = { MILLWATT_LOG: 'trace', DEBUG: LIBRARY_TRACES, NODEOPCUA_LOG_LEVEL: '7' };
  const collector = run(folder, ['collector', '-c', 'collector.yaml'], env);
  await collector.waitFor(/The broker is connected/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml'], env);
  await agent.waitFor(/is not trusted yet/);
  const trust = run(folder, ['trust', 'add', machine.thumbprint, '-c', 'agent.yaml'], env);
  expect(await trust.exited).toBe(0);
  await eventually(async () => machine.sessionCount() >= 2, 'two of the logins are accepted', 40_000);
  await agent.waitFor(/does not accept the login/);
  await agent.waitFor(/offers no endpoint with the configured security/);
  machine.dropSessions();
  await eventually(async () => machine.sessionCount() >= 2, 'they come back', 60_000);
  const answers: string[] = [];
  for (const path of ['/metrics', '/api/v1/agents', '/api/v1/site']) {
    const response = await fetch(`http://127.0.0.1:${httpPort}${path}`);
    answers.push(await response.text());
  }
  const others = [
    run(folder, ['probe', '-c', 'agent.yaml', '--once'], env),
    run(folder, ['doctor', '-c', 'agent.yaml'], env),
    run(folder, ['check', '-c', 'agent.yaml'], env),
    run(folder, ['trust', 'list', '-c', 'agent.yaml'], env),
  ];
  for (const one of others) await one.exited;
  for (const one of [agent, collector]) await one.stop();

  const outputs = [agent, collector, trust, ...others].map((one) => one.output());
  // The library did say everything.
  expect(outputs[0]).toContain('client_session_impl');
  const kept = filesBelow(folder).filter((path) => !/\.secret$|user\.key$|private_key\.pem$/.test(path));
  expect(kept.some((path) => path.includes('agent'))).toBe(true);
  const all = [...outputs, ...answers, ...kept.map((path) => readFileSync(path, 'latin1'))].join('\n');
  for (const secret of [RIGHT, WRONG])
    for (const form of formsOf(secret)) expect(all.includes(form), form).toBe(false);
  // Any line of the key's text that is not of its public half.
  const publicText = createPublicKey(userKey).export({ type: 'spki', format: 'pem' }).toString();
  const keyLines = userKey.split('\n').filter((line) => line.length === 64 && !publicText.includes(line));
  expect(keyLines.length).toBeGreaterThan(20);
  for (const line of keyLines) expect(all.includes(line)).toBe(false);
}, 150_000);

function write(folder: string, name: string, lines: string[]): void {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('hex'), bytes.toString('base64')];
}
