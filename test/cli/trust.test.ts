import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runTrustAdd, runTrustList, runTrustOwn, runTrustRemove } from '../../cli/trust/trust-command.ts';
import { makeDriver, POWER_KW, startMachine } from '../protocols/opcua/opcua-rig.ts';
import { makeFolder, run } from '../e2e/fault-rig.ts';

test('a server is turned away, listed, trusted while the agent runs, and taken out again', async () => {
  const machine = await startMachine();
  const folder = makeFolder();
  const pkiFolder = writeAgent(folder, machine.endpoint);
  const config = join(folder, 'agent.yaml');
  expect(await printed(() => runTrustList({ config }))).toContain('none is trusted');

  const { refusal, power } = await makeDriver(pkiFolder, { id: 'control', endpoint: machine.endpoint });
  const command = /millwatt (trust add \S+ -c agent\.yaml)/.exec((await refusal()).cure)?.[1] ?? '';
  const list = await millwatt(folder, ['trust', 'list', '-c', 'agent.yaml']);
  expect(list).toContain('rejected');
  expect(list).toContain(`shown to source control by ${machine.endpoint}: it is not trusted yet`);
  expect(list).toContain(`millwatt ${command}`);

  // The very command of the message, while the agent waits for its next attempt.
  const added = await millwatt(folder, command.split(' '));
  expect(added).toContain(`is now a trusted server for ${machine.endpoint}`);
  expect(added).toContain(machine.thumbprint);
  expect(await power()).toBeCloseTo(POWER_KW, 9);
  const again = await printed(() => runTrustAdd([machine.thumbprint], { config }));
  expect(again).toContain('was trusted already');

  const json = JSON.parse(await printed(() => runTrustList({ config, json: true }))) as {
    certificates: object[];
  };
  expect(json.certificates).toMatchObject([
    { standing: 'server', thumbprint: machine.thumbprint, note: { shown: [{ source: 'control' }] } },
  ]);

  const remove = () => printed(() => runTrustRemove([machine.thumbprint.slice(0, 10)], { config }));
  expect(await remove()).toContain('is not trusted any more');
  const next = await makeDriver(pkiFolder, { id: 'control', endpoint: machine.endpoint });
  expect(await next.refusal()).toMatchObject({ code: 'untrusted' });
  expect(await remove()).toContain('was not trusted');
});

test('the certificate of a server is trusted from a file, for a source whatever names it bears', async () => {
  const machine = await startMachine({ certificate: { hosts: ['cnc-9.plant.example'] } });
  const folder = makeFolder();
  const pkiFolder = writeAgent(folder, machine.endpoint);
  const scout = makeFolder();
  const { refusal } = await makeDriver(scout, { endpoint: machine.endpoint });
  await refusal();
  const file = join(scout, 'rejected', readdirSync(join(scout, 'rejected'))[0] ?? '');
  const config = join(folder, 'agent.yaml');
  await printed(() => runTrustAdd([file], { config }));
  const elsewhere = await makeDriver(pkiFolder, { id: 'control', endpoint: machine.endpoint });
  expect((await elsewhere.refusal()).message).toContain('is for cnc-9.plant.example');
  await millwatt(folder, ['trust', 'add', file, '-c', 'agent.yaml', '--source', 'control']);
  expect(await elsewhere.power()).toBeCloseTo(POWER_KW, 9);
});

test('own prints the certificate, made once and the same ever after, until it is renewed on command', async () => {
  const folder = makeFolder();
  const pkiFolder = writeAgent(folder, 'opc.tcp://127.0.0.1:4840');
  const own = async (more: { renew?: true } = {}) =>
    JSON.parse(
      await printed(() => runTrustOwn({ config: join(folder, 'agent.yaml'), json: true, ...more })),
    ) as { pem: string; thumbprint: string };
  const first = await own();
  expect(new X509Certificate(first.pem).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(
    first.thumbprint,
  );
  expect((await own()).thumbprint).toBe(first.thumbprint);
  // What an agent uses is what was printed.
  await makeDriver(pkiFolder, {});
  expect((await own()).thumbprint).toBe(first.thumbprint);
  const plain = run(folder, ['trust', 'own', '-c', 'agent.yaml']);
  expect(await plain.exited).toBe(0);
  expect(plain.output()).toContain('Put it among the trusted clients');
  expect((await own({ renew: true })).thumbprint).not.toBe(first.thumbprint);
});

test('what cannot be meant is said, with the cure and the exit code', async () => {
  const folder = makeFolder();
  writeAgent(folder, 'opc.tcp://127.0.0.1:4840');
  const empty = join(folder, 'empty.pem');
  writeFileSync(empty, 'nothing');
  const config = join(folder, 'agent.yaml');
  for (const [work, words] of [
    [() => runTrustAdd([empty], { config }), /holds no certificate/],
    [() => runTrustAdd([empty], { config, source: 'nobody' }), /No OPC UA source is called nobody/],
    [() => runTrustRemove(['abcdef1234'], { config }), /No certificate here/],
  ] as const)
    await expect(work()).rejects.toThrow(words);
  // Left in the folder by someone who wants to be taken for the certificate that is meant.
  writeFileSync(join(folder, '3f9c21a07be4d512'), 'nothing');
  const decoy = run(folder, ['trust', 'add', '3f9c21a07be4d512', '-c', 'agent.yaml']);
  expect(await decoy.exited).toBe(1);
  expect(decoy.output()).toMatch(/No certificate here has the thumbprint/);
  const usage = run(folder, ['trust', 'add', 'abcdef1234']);
  expect(await usage.exited).toBe(2);
});

// Only root can give files away, and only root needs to.
test.skipIf(process.getuid?.() !== 0)(
  'what an administrator trusts, the user of the agent can read',
  async () => {
    const folder = makeFolder();
    const pkiFolder = writeAgent(folder, 'opc.tcp://127.0.0.1:4840');
    chownSync(folder, 4321, 4321);
    const config = join(folder, 'agent.yaml');
    await printed(() => runTrustOwn({ config, json: true }));
    const own = join(pkiFolder, 'own/certs/client_certificate.pem');
    await printed(() => runTrustAdd([own], { config }));
    const below = readdirSync(join(folder, 'data'), { recursive: true }).map((name) =>
      join(folder, 'data', String(name)),
    );
    expect(below.length).toBeGreaterThan(10);
    for (const path of [join(folder, 'data'), ...below]) expect(statSync(path).uid, path).toBe(4321);
  },
);

/** An agent's configuration with one OPC UA source; the folder of its certificates. */
function writeAgent(folder: string, endpoint: string): string {
  writeFileSync(
    join(folder, 'agent.yaml'),
    [
      'site: plant-1',
      'agent: gateway-1',
      'data: ./data',
      'broker: { url: "mqtt://127.0.0.1:1883" }',
      'sources:',
      `  - { id: control, protocol: opcua, machine: mill-1, endpoint: "${endpoint}", model: machinetool }`,
    ].join('\n'),
  );
  chmodSync(folder, 0o700);
  return join(folder, 'data', 'opcua-pki');
}

/** What a command prints that runs here: a process of its own takes a second. */
async function printed(work: () => unknown): Promise<string> {
  const words: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => words.push(String(text)) > 0);
  onTestFinished(() => spy.mockRestore());
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return words.join('');
}

/** What a command that must succeed prints. */
async function millwatt(folder: string, args: readonly string[]): Promise<string> {
  const started = run(folder, args);
  const exitCode = await started.exited;
  expect(exitCode, started.output()).toBe(0);
  return started.output();
}
