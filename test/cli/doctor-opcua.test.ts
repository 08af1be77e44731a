import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SourceConfig } from '../../config/agent-config.ts';
import { opcuaSource as schema } from '../../config/opcua/opcua-config.ts';
import { examineOpcua } from '../../cli/doctor/doctor-opcua.ts';
import type { Examination } from '../../cli/examination.ts';
import { trustByThumbprint, trustFile } from '../../protocols/opcua/trust/trust-decisions.ts';
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
