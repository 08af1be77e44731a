import {
  AttributeIds,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
  setErrorLogger,
  setWarningLogger,
  TimestampsToReturn,
  type ClientSession,
} from 'node-opcua';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SIMULATOR_NAMESPACE } from '../../../protocols/simulator/meter-nodes.ts';
import { startTroubles, type RecurringTrouble } from '../../../protocols/simulator/opcua-trouble.ts';
import type { OpcuaMachine } from '../../../protocols/simulator/opcua-machine.ts';
import { createFaults } from '../../../protocols/simulator/opcua-faults.ts';
import { makeFolder, POWER_KW, startMachine } from '../opcua/opcua-rig.ts';

const START_TIME = 'ns=0;i=2257';

// The library's own words would drown those of the test.
beforeAll(() => {
  setWarningLogger(() => {});
  setErrorLogger(() => {});
});
afterAll(() => {
  setWarningLogger(console.log);
  setErrorLogger(console.log);
});

describe('a simulated control', () => {
  test('tells what it was asked to offer, in the words of the standards', async () => {
    const machine = await startMachine({
      offers: { itemState: true, spindle: true, cnc: true, energyProfile: true, filler: 3 },
    });
    const { session, read, ns } = await openSession(machine);
    const own = ns(SIMULATOR_NAMESPACE);
    const valueOf = async (id: string) => (await read(`ns=${own};s=${id}`)).value.value as unknown;
    expect(await valueOf('mc1-Monitoring-MachineTool-MachineryItemState-CurrentState')).toMatchObject({
      text: 'Executing',
    });
    expect(await valueOf('mc1-Monitoring-MachineTool-MachineryOperationMode-CurrentState')).toMatchObject({
      text: 'Processing',
    });
    expect(await valueOf('Spindle1-IsRotating')).toBe(true);
    expect(await valueOf('Channel1-ChannelState')).toBe(0);
    expect(await valueOf('S1.Cnc-ActPower')).toBeCloseTo(POWER_KW, 9);
    expect(await valueOf('S1.Cnc-ActPower-EngineeringUnits')).toMatchObject({ displayName: { text: 'kW' } });
    expect(await valueOf('X.Cnc-ActPower-EngineeringUnits')).toMatchObject({ displayName: { text: 'W' } });
    expect(await valueOf('Channel1.Cnc-ActProgramStatus')).toBe(1);
    expect(await valueOf('Filler.2')).toBe(2);
    const energy = ns('http://opcfoundation.org/UA/PNEM/');
    const power = `ns=${energy};s=Energy.AcActivePowerTotal`;
    expect((await read(power)).value.value).toBe(4321);
    expect((await read(`${power}-EngineeringUnits`)).value.value).toMatchObject({ unitId: 5723220 });
    expect((await read(`${power}-AccuracyClass-ValueAsText`)).value.value).toMatchObject({ text: '1' });
    // Nothing of what the published node set has for show.
    const objects = await session.browse('ns=0;i=85');
    expect(objects.references?.map(({ browseName }) => browseName.name)).not.toContain('test');
  });

  test('nodes that are unknown, unreadable, of another type or doubtful, until they are well again', async () => {
    const machine = await startMachine();
    const { read, ns } = await openSession(machine);
    const node = `ns=${ns(SIMULATOR_NAMESPACE)};s=Meter.ActivePower`;
    const other = `ns=${ns(SIMULATOR_NAMESPACE)};s=Meter.Frequency`;
    for (const [fault, status, value] of [
      ['unknown', 'BadNodeIdUnknown', null],
      ['unreadable', 'BadNotReadable', null],
      ['text', 'Good', 'about 4.321'],
      ['uncertain', 'UncertainSensorNotAccurate', POWER_KW],
    ] as const) {
      machine.faults.nodes.set('Meter.ActivePower', fault);
      const answer = await read(node);
      expect([answer.statusCode.name, answer.value.value ?? null]).toEqual([status, value]);
      expect((await read(other)).statusCode.name).toBe('Good');
    }
    machine.faults.nodes.clear();
    expect((await read(node)).value.value).toBe(POWER_KW);
  });

  test('comes back on the same port with another start time; with another certificate where it is told to', async () => {
    const machine = await startMachine();
    const first = await openSession(machine);
    const started = (await first.read(START_TIME)).value.value as Date;
    const { thumbprint } = machine;
    await first.close();
    await machine.restart();
    expect(machine.thumbprint).toBe(thumbprint);
    const second = await openSession(machine);
    expect(((await second.read(START_TIME)).value.value as Date).getTime()).toBeGreaterThan(
      started.getTime(),
    );
    await second.close();
    await machine.changeCertificate({ hosts: ['elsewhere.example'] });
    expect(machine.thumbprint).not.toBe(thumbprint);
    const third = await openSession(machine);
    expect(machine.sessionCount()).toBe(1);
    await third.close();
  });

  test('falls silent and slow with the connection up, and writes down what it hears', async () => {
    const machine = await startMachine();
    const { read } = await openSession(machine, 500);
    machine.faults.answerAfterMs = 300;
    const before = performance.now();
    await read(START_TIME);
    expect(performance.now() - before).toBeGreaterThan(250);
    machine.faults.answerAfterMs = 0;
    machine.faults.silent = true;
    const heard = machine.heard().length;
    const answer = read(START_TIME).then(
      () => 'an answer',
      () => 'a refusal',
    );
    // The library itself would wait for five seconds.
    expect(await Promise.race([answer, sleep(600, 'nothing')])).toBe('nothing');
    expect(machine.heard().slice(heard)).toContain('ReadRequest');
    expect(machine.sessionCount()).toBe(1);
    // Or the session could not be closed, and that is waited for.
    machine.faults.silent = false;
  });

  test('gives no subscription where it refuses them, and less than asked for where its limits are low', async () => {
    const machine = await startMachine({ limits: { nodesPerRead: 2 } });
    const { session } = await openSession(machine);
    machine.faults.refusesSubscriptions = true;
    await expect(subscribe(session)).rejects.toThrow('BadTooManySubscriptions');
    machine.faults.refusesSubscriptions = false;
    await subscribe(session);
    expect(machine.subscriptionCount()).toBe(1);
    const nodes = [START_TIME, START_TIME, START_TIME].map((nodeId) => ({
      nodeId,
      attributeId: AttributeIds.Value,
    }));
    await expect(session.read(nodes)).rejects.toThrow('BadTooManyOperations');
    machine.dropSessions();
    expect(machine.sessionCount()).toBe(0);
    expect(machine.subscriptionCount()).toBe(0);
  });
});

test('a control is given other endpoints and users while it runs', async () => {
  const machine = await startMachine();
  await (await openSession(machine)).close();
  await machine.reconfigure({ user: { name: 'millwatt', password: 'only-reads' } });
  await expect(openSession(machine)).rejects.toThrow(/ANONYMOUS/);
  await machine.reconfigure({ security: { policies: ['Basic256Sha256'] } });
  const policies = await listPolicies(machine);
  expect(policies).toEqual(['Basic256Sha256']);
});

test('troubles come at their time, one after the other, and none after the end', async () => {
  const log: string[] = [];
  const faults = createFaults();
  const machine = {
    faults,
    dropSessions: () => log.push('dropped'),
    restart: async ({ downMs }: { downMs?: number } = {}) => void log.push(`restarted after ${downMs}`),
    changeCertificate: async () => void log.push('new certificate'),
  } as unknown as OpcuaMachine;
  const every = (kind: RecurringTrouble['kind']): RecurringTrouble => ({ kind, everyMs: 40, lastsMs: 10 });
  const running = startTroubles(
    machine,
    [every('restart'), every('droppedSessions'), every('newCertificate'), every('silence')],
    (kind) => {
      if (kind === 'silence') log.push(`silence, was ${faults.silent}`);
    },
  );
  for (const deadline = Date.now() + 10_000; log.length < 12;) {
    if (Date.now() > deadline) throw new Error(`only ${log.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await running.stop();
  expect(new Set(log)).toEqual(
    new Set(['dropped', 'restarted after 10', 'new certificate', 'silence, was false']),
  );
  const count = log.length;
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(log).toHaveLength(count);
});

async function openSession(machine: OpcuaMachine, timeoutMs = 10_000) {
  const client = OPCUAClient.create({
    securityMode: MessageSecurityMode.None,
    securityPolicy: SecurityPolicy.None,
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 100 },
    defaultTransactionTimeout: timeoutMs,
    clientCertificateManager: await clientCertificates(),
  });
  await client.connect(machine.endpoint);
  const session = await client.createSession();
  const read = async (nodeId: string) => session.read({ nodeId, attributeId: AttributeIds.Value });
  const uris = (await read('ns=0;i=2255')).value.value as string[];
  const close = async () => {
    machine.faults.silent = false;
    await client.disconnect();
  };
  onTestFinished(close);
  return { session, read, ns: (uri: string) => uris.indexOf(uri), close };
}

async function listPolicies(machine: OpcuaMachine): Promise<string[]> {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0, initialDelay: 100 },
    clientCertificateManager: await clientCertificates(),
  });
  await client.connect(machine.endpoint);
  const endpoints = await client.getEndpoints();
  await client.disconnect();
  return endpoints.map(({ securityPolicyUri }) => securityPolicyUri?.split('#')[1] ?? '');
}

async function clientCertificates() {
  const { OPCUACertificateManager } = await import('node-opcua');
  const manager = new OPCUACertificateManager({ rootFolder: makeFolder(), disableFileWatchers: true });
  await manager.initialize();
  return manager;
}

async function subscribe(session: ClientSession): Promise<void> {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 100,
    requestedLifetimeCount: 100,
    requestedMaxKeepAliveCount: 10,
    publishingEnabled: true,
  });
  await subscription.monitor(
    { nodeId: START_TIME, attributeId: AttributeIds.Value },
    { samplingInterval: 100, queueSize: 1, discardOldest: true },
    TimestampsToReturn.Both,
  );
}
