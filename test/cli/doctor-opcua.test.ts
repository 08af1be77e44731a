import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { SourceConfig } from '../../config/agent-config.ts';
import { opcuaSource as schema } from '../../config/opcua/opcua-config.ts';
import { examineOpcua } from '../../cli/doctor/doctor-opcua.ts';
import { drawTrust } from '../../cli/trust/trust-view.ts';
import type { Examination } from '../../cli/examination.ts';
import {
  distrust,
  listTrust,
  trustByThumbprint,
  trustFile,
} from '../../protocols/opcua/trust/trust-decisions.ts';
import { makeDriver, makeFolder, startMachine } from '../protocols/opcua/opcua-rig.ts';

const DAY_MS = 86_400_000;

test('the doctor says whom an agent trusts, whom it turned away, and what runs out', async () => {
  const machine = await startMachine({ certificate: { validDays: 400 } });
  const pkiFolder = makeFolder();
  const sources = [source('control', machine.endpoint), source('open', 'opc.tcp://10.0.0.9:4840', true)];
  const look = (nowMs = Date.now()) => examineAll(sources, pkiFolder, nowMs);

  expect((await look())[0]).toMatchObject({ result: 'good', message: 'is made when the agent first starts' });
  const { refusal } = await makeDriver(pkiFolder, { id: 'control', endpoint: machine.endpoint });
  await refusal();
  const [own, trust, open] = await look();
  expect(own).toMatchObject({ result: 'good', message: expect.stringContaining('is good until') });
  expect(trust).toMatchObject({
    result: 'warning',
    cure: expect.stringContaining(`millwatt trust add ${machine.thumbprint.slice(0, 16)} -c agent.yaml`),
  });
  expect(open).toMatchObject({ result: 'warning', message: expect.stringContaining('without security') });

  trustByThumbprint(pkiFolder, machine.thumbprint);
  expect((await look())[1]).toMatchObject({
    result: 'good',
    message: expect.stringContaining('is trusted until'),
  });
  expect((await look(Date.now() + 380 * DAY_MS))[1]).toMatchObject({
    result: 'warning',
    message: expect.stringContaining('runs out on'),
  });
  expect((await look(Date.now() + 3600 * DAY_MS))[0]).toMatchObject({
    result: 'warning',
    message: expect.stringContaining('millwatt trust own --renew'),
  });
  expect(await examineAll([], pkiFolder, Date.now())).toEqual([]);

  // Trusted from a file, before the control ever showed itself.
  const other = makeFolder();
  const file = join(pkiFolder, 'trusted', 'certs', `${machine.thumbprint}.pem`);
  trustFile(other, file, { endpoint: machine.endpoint });
  expect((await examineAll(sources, other, Date.now()))[1]).toMatchObject({
    subject: 'trust of control',
    message: expect.stringContaining('is trusted until'),
  });
});

test('what was taken out, or gave way to another certificate, is not to be trusted again', async () => {
  const machine = await startMachine();
  const pkiFolder = makeFolder();
  const sources = [source('control', machine.endpoint)];
  const look = async () => {
    const examinations = await examineAll(sources, pkiFolder, Date.now());
    const list = drawTrust(listTrust(pkiFolder), { folder: pkiFolder, config: 'agent.yaml', width: 200 });
    return { examinations, text: JSON.stringify(examinations), list: list.join('\n') };
  };
  const { refusal, power } = await makeDriver(pkiFolder, { id: 'control', endpoint: machine.endpoint });
  await refusal();
  const before = machine.thumbprint.slice(0, 16);

  // It was given a new one before the first was ever trusted.
  await machine.changeCertificate();
  const after = machine.thumbprint.slice(0, 16);
  await vi.waitFor(async () => expect((await refusal()).message).toContain(after), {
    timeout: 20_000,
    interval: 200,
  });
  expect((await look()).text).toContain(`trust add ${before}`);
  trustByThumbprint(pkiFolder, machine.thumbprint);
  for (const isConnected of [false, true]) {
    if (isConnected) await power();
    const trusting = await look();
    expect(trusting.examinations).toHaveLength(2);
    expect(trusting.text).not.toContain('trust add');
    expect(trusting.list).not.toContain('to trust it');
    expect(trusting.list).toContain('gave way to another one');
  }

  // Taken out by hand: the source has no control, but nobody is told to go back on it.
  distrust(pkiFolder, machine.thumbprint, Date.now());
  const removed = await look();
  expect(removed.text).toContain(`(${after}) at ${machine.endpoint} was taken out on 20`);
  expect(removed.text).not.toContain(`trust add ${after}`);
  expect(removed.list).not.toContain(`trust add ${after}`);
  expect(removed.list).toContain('taken out on 20');
});

function source(id: string, endpoint: string, allowInsecure = false): SourceConfig {
  return schema.parse({
    id,
    protocol: 'opcua',
    machine: id,
    endpoint,
    model: 'machinetool',
    allowInsecure,
  });
}

async function examineAll(sources: SourceConfig[], pkiFolder: string, nowMs: number): Promise<Examination[]> {
  const found: Examination[] = [];
  const around = { folder: pkiFolder, pkiFolder, config: 'agent.yaml' };
  for await (const one of examineOpcua(sources, around, nowMs)) found.push(one);
  return found;
}
