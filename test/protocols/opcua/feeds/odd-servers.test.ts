import { OpaqueStructure } from 'node-opcua-extension-object';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import {
  DataType,
  Subscription as ServerSubscription,
  StatusCodes,
  MonitoredItemCreateResult,
  coerceNodeId,
  standardUnits,
  type Namespace,
  type StatusCode,
  type UAVariable,
} from 'node-opcua';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startPlainServer, PLAIN_NAMESPACE, type PlainServer } from '../plain-server.ts';
import { opcuaNode } from '../opcua-source.ts';
import { makeSource, pause, power, type SubscribedSource } from './subscribed-source.ts';

let plain: PlainServer;
const numbers = new Map<string, ReturnType<PlainServer['addNumber']>>();
const open: SubscribedSource[] = [];

beforeAll(async () => {
  plain = await startPlainServer();
  for (let i = 0; i < 40; i++) numbers.set(`N${i}`, plain.addNumber(`N${i}`, i));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map(({ driver }) => driver.close()));
});
afterAll(() => plain.close());

async function source(...of: Parameters<typeof makeSource>): Promise<SubscribedSource> {
  const made = await makeSource({ endpoint: plain.endpoint, every: 100, ...of[0] }, of[1]);
  open.push(made);
  return made;
}

const word = (name: string) => opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=${name}`, status: 'mode' });

describe('what a subscription tells no more', () => {
  test('a word that the server forgot is told after a minute', async () => {
    const { read, words, skip, until } = await source({ nodes: [power('N1'), word('N2')] });
    await read();
    await until(() => words.length === 1 && items() === 2);
    plain.forget('N2');
    numbers.get('N2')!.set(200);
    await stepAlive(skip, 61_000);
    await until(() => words.length === 2);
    expect(words.map(({ value }) => value)).toEqual([2, 200]);
  });

  test('a value does not stay good where reading says that the device is gone', async () => {
    const { read, readUntil, skip, until } = await source({ nodes: [power('N3'), power('N4')] });
    await read();
    await until(() => items() === 2);
    await until(() => told() >= 2);
    plain.forget('N3');
    variable('N3').setValueFromSource(
      { dataType: DataType.Double, value: 3 },
      StatusCodes.BadNoCommunication,
    );
    await stepAlive(skip, 61_000);
    expect(await readUntil((row) => row[0] === null)).toEqual([null, 4]);
    numbers.get('N3')!.set(33);
    await readUntil((row) => row[0] === 33);
  });

  test('a report that went missing is seen by the next one, and what it told is read', async () => {
    const { driver, read, readUntil, words, until } = await source({
      nodes: [power('N5'), power('N6'), word('N7')],
    });
    await read();
    await until(() => items() === 3 && words.length === 1);
    await until(() => told() >= 3);
    plain.forget('N5');
    plain.forget('N7');
    numbers.get('N5')!.set(500);
    numbers.get('N7')!.set(700);
    for (const subscription of plain.subscriptions())
      (subscription as unknown as { _get_next_sequence_number(): number })._get_next_sequence_number();
    numbers.get('N6')!.set(600);
    await readUntil((row) => row[1] === 600);
    expect(await readUntil((row) => row[0] === 500)).toEqual([500, 600]);
    await until(() => words.length === 2);
    expect(words.at(-1)?.value).toBe(700);
    expect(driver.remarks!()).toContainEqual(expect.stringMatching(/^1 reports? of the server went missing/));
  });

  test('a computer that was held up takes its own silence for nobody else’s', async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../../../bench/opcua-server-process.ts'), '1', '20'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    onTestFinished(async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    });
    const [endpoint] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { driver, read, skip } = await source({
      endpoint,
      nodes: [power('N0', { node: 'nsu=urn:millwatt:bench;s=N0' })],
    });
    await read();
    await pause(1000);
    await read();
    // Nothing is heard meanwhile, though the server goes on telling.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
    skip(7000);
    await expect(driver.poll()).resolves.toMatchObject({ readings: [{ quality: 'good' }] });
  });
});

describe('servers that answer strangely', () => {
  test('a subscription that comes too late is ended, and nodes are read', async () => {
    const server = plain.server as unknown as Record<string, (...of: unknown[]) => void>;
    const create = server['_on_CreateSubscriptionRequest']!.bind(plain.server);
    vi.spyOn(server, '_on_CreateSubscriptionRequest').mockImplementation((...of) => {
      setTimeout(() => create(...of), 1500);
    });
    const { driver, read, until } = await source({ nodes: [power('N8')], timeout: 1000 });
    expect(await read()).toEqual([8]);
    await until(() => driver.remarks!().some((remark) => remark.includes('gives no subscription')));
    await until(() => plain.server.engine.cumulatedSubscriptionCount > 0);
    const made = plain.server.engine.cumulatedSubscriptionCount;
    await pause(1000);
    await until(() => plain.server.engine.currentSubscriptionCount === 0);
    expect(plain.server.engine.cumulatedSubscriptionCount).toBeGreaterThanOrEqual(made);
    expect(await read()).toEqual([8]);
  });

  test('a server that takes one node a request, slowly, is read in part until it tells of all', async () => {
    const slow = await startPlainServer({
      serverCapabilities: { operationLimits: { maxMonitoredItemsPerCall: 1, maxNodesPerRead: 1 } },
    });
    onTestFinished(() => slow.close());
    const names = Array.from({ length: 300 }, (_, i) => `N${i}`);
    for (const [i, name] of names.entries()) slow.addNumber(name, i);
    const { driver, readUntil } = await source({
      endpoint: slow.endpoint,
      nodes: names.map((name) => power(name)),
      timeout: 1500,
    });
    const server = slow.server as unknown as Record<string, (...of: unknown[]) => void>;
    const read = server['_on_ReadRequest']!.bind(slow.server);
    vi.spyOn(server, '_on_ReadRequest').mockImplementation((...of) => {
      setTimeout(() => read(...of), 10);
    });
    const { readings } = await driver.poll();
    expect(readings[0]).toMatchObject({ value: 0, quality: 'good' });
    expect(await readUntil((row) => row.every((value) => value !== null))).toEqual(names.map((_, i) => i));
    expect(slow.itemsPerCallMost()).toBe(1);
    expect(slow.server.engine.cumulatedSessionCount).toBe(1);
  });

  test('a node that gets another unit on the server is never read by the unit of before', async () => {
    const space = plain.server.engine.addressSpace!;
    const analog = (space.getNamespace(PLAIN_NAMESPACE) as Namespace).addAnalogDataItem({
      browseName: 'Analog',
      nodeId: 's=Analog',
      organizedBy: 'ObjectsFolder',
      dataType: 'Double',
      engineeringUnits: standardUnits.kilowatt,
      engineeringUnitsRange: { low: 0, high: 1e6 },
      minimumSamplingInterval: 50,
      value: { dataType: DataType.Double, value: 4.5 },
    });
    const { driver, until } = await source({ nodes: [power('Analog', { unit: undefined })] });
    const watts: unknown[] = [];
    const look = async () => {
      const { readings } = await driver.poll();
      const [channel] = driver.channels;
      const value = readings[0]?.value;
      if (channel?.kind === 'measured' && typeof value === 'number')
        watts.push((value * Number(channel.scale[0])) / Number(channel.scale[1]));
    };
    await look();
    await until(() => items() === 1);
    await pause(300);
    await look();
    const units = analog.getPropertyByName('EngineeringUnits') as UAVariable;
    units.setValueFromSource({ dataType: DataType.ExtensionObject, value: standardUnits.watt });
    analog.setValueFromSource({ dataType: DataType.Double, value: 4500 });
    await pause(400);
    for (const deadline = Date.now() + 10_000; watts.length < 6 && Date.now() < deadline; await pause(100))
      await look();
    expect(watts).toEqual(watts.map(() => 4500));
    expect(driver.channels[0]).toMatchObject({ scale: ['1', '1'] });
  });

  test('a driver that is closed while its session is made leaves none on the server', async () => {
    const server = plain.server as unknown as Record<string, (...of: unknown[]) => void>;
    const create = server['_on_CreateSessionRequest']!.bind(plain.server);
    let asked = false;
    vi.spyOn(server, '_on_CreateSessionRequest').mockImplementation((...of) => {
      asked = true;
      setTimeout(() => create(...of), 300);
    });
    const { driver } = await source({ nodes: [power('N18')] });
    const before = plain.server.engine.cumulatedSessionCount;
    const poll = driver.poll().catch(({ code }: { code: string }) => code);
    await vi.waitUntil(() => asked, 5000);
    await driver.close();
    expect(await poll).toBe('closed');
    expect(plain.server.engine.cumulatedSessionCount).toBe(before + 1);
    expect(plain.server.engine.currentSessionCount).toBe(0);
  });

  test('a node that can be read and not watched is read each time', async () => {
    refuseToWatch({ N9: StatusCodes.BadUserAccessDenied, N10: StatusCodes.BadInternalError });
    const { driver, read, until } = await source({ nodes: [power('N9'), power('N10'), power('N11')] });
    await read();
    await until(() => items() === 1);
    await pause(300);
    for (const value of [91, 92]) {
      numbers.get('N9')!.set(value);
      numbers.get('N10')!.set(value);
      expect(await read()).toEqual([value, value, 11]);
    }
    expect(driver.remarks!()).toContainEqual(
      'The server does not watch 2 nodes (BadUserAccessDenied, BadInternalError): read each time.',
    );
  });

  test('a server with room for a few nodes is read for the others, and said so', async () => {
    const { serverCapabilities } = plain.server.engine;
    const before = serverCapabilities.maxMonitoredItemsPerSubscription;
    serverCapabilities.maxMonitoredItemsPerSubscription = 3;
    onTestFinished(() => {
      serverCapabilities.maxMonitoredItemsPerSubscription = before;
    });
    const names = ['N12', 'N13', 'N14', 'N15', 'N16'];
    const { driver, read, until } = await source({ nodes: names.map((name) => power(name)) });
    expect(await read()).toEqual([12, 13, 14, 15, 16]);
    await until(() => items() === 3);
    await pause(300);
    for (const name of names) numbers.get(name)!.set(100);
    await pause(500);
    expect(await read()).toEqual([100, 100, 100, 100, 100]);
    expect(driver.remarks!()).toContainEqual(
      'The server does not watch 2 nodes (BadTooManyMonitoredItems): read each time.',
    );
  });

  test('a structure that nobody can resolve is no value, and harms no other node', async () => {
    const structured = plain.server.engine.addressSpace!.getNamespace(PLAIN_NAMESPACE).addVariable({
      browseName: 'Structured',
      nodeId: 's=Structured',
      organizedBy: 'ObjectsFolder',
      dataType: 'Structure',
      minimumSamplingInterval: 50,
    });
    structured.setValueFromSource({ dataType: DataType.ExtensionObject, value: opaque() });
    const browsed = plain.requests.get('BrowseRequest');
    const { read, until } = await source({ nodes: [power('Structured'), power('N17')] });
    expect(await read()).toEqual([null, 17]);
    await until(() => items() === 2);
    structured.setValueFromSource({ dataType: DataType.ExtensionObject, value: opaque() });
    numbers.get('N17')!.set(170);
    await until(() => told() >= 3);
    await pause(300);
    expect(await read()).toEqual([null, 170]);
    expect(plain.requests.get('BrowseRequest')).toBe(browsed);
  });
});

function opaque(): OpaqueStructure {
  // Its type is described nowhere.
  return new OpaqueStructure(coerceNodeId('ns=1;i=5555'), Buffer.from([1, 2, 3]));
}

function variable(name: string): UAVariable {
  const space = plain.server.engine.addressSpace!;
  return space.findNode(`ns=${space.getNamespaceIndex(PLAIN_NAMESPACE)};s=${name}`) as UAVariable;
}

/** The server lets these nodes be read and not watched. */
function refuseToWatch(statuses: Record<string, StatusCode>): void {
  type Create = (...of: Parameters<ServerSubscription['preCreateMonitoredItem']>) => unknown;
  const create = Reflect.get(ServerSubscription.prototype, 'preCreateMonitoredItem') as Create;
  vi.spyOn(ServerSubscription.prototype, 'preCreateMonitoredItem').mockImplementation(function (
    this: ServerSubscription,
    ...of
  ) {
    const [, , monitoredItemCreateRequest] = of;
    const statusCode = statuses[String(monitoredItemCreateRequest.itemToMonitor.nodeId.value)];
    return statusCode === undefined
      ? (create.apply(this, of) as ReturnType<ServerSubscription['preCreateMonitoredItem']>)
      : { createResult: new MonitoredItemCreateResult({ statusCode }), monitoredItemCreateRequest };
  });
}

function items(): number {
  return plain.subscriptions().reduce((sum, { monitoredItemCount }) => sum + monitoredItemCount, 0);
}

function told(): number {
  return plain
    .subscriptions()
    .reduce((sum, { subscriptionDiagnostics: d }) => sum + d.dataChangeNotificationsCount, 0);
}

/** Lets real time pass in a step that a healthy subscription survives: a sign of life follows. */
async function stepAlive(skip: (ms: number) => void, ms: number): Promise<void> {
  skip(ms);
  numbers.get('N0')!.set(Math.random());
  for (const subscription of plain.subscriptions())
    (subscription as unknown as { _keep_alive_counter: number })._keep_alive_counter = 1e9;
  await pause(400);
}
