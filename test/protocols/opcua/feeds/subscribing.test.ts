import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { simulatedClock } from '../../../../protocols/clock.ts';
import { startPlainServer, PLAIN_NAMESPACE, type PlainServer } from '../plain-server.ts';
import { opcuaNode } from '../opcua-source.ts';
import { makeSource, pause, power, type SubscribedSource } from './subscribed-source.ts';

let plain: PlainServer;
const numbers = new Map<string, ReturnType<PlainServer['addNumber']>>();
const open: SubscribedSource[] = [];

beforeAll(async () => {
  plain = await startPlainServer({
    serverCapabilities: { operationLimits: { maxMonitoredItemsPerCall: 10, maxNodesPerRead: 400 } },
  });
  for (let i = 0; i < 1200; i++) numbers.set(`N${i}`, plain.addNumber(`N${i}`, i));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ driver }) => driver.close()));
});
afterAll(() => plain.close());

async function source(...of: Parameters<typeof makeSource>): Promise<SubscribedSource> {
  const made = await makeSource({ endpoint: plain.endpoint, every: 100, ...of[0] }, of[1]);
  open.push(made);
  return made;
}

const reads = () => plain.requests.get('ReadRequest') ?? 0;

describe('a source that is subscribed to', () => {
  test('300 nodes are watched in lots that the server takes, told by it, and not read any more', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `N${i}`);
    const { driver, read, readUntil, until } = await source({ nodes: names.map((name) => power(name)) });
    // The first row is there before the subscription is.
    expect(await read()).toEqual(names.map((_, i) => i));
    await until(() => subscribedItems() === 300);
    expect(plain.itemsPerCallMost()).toBe(10);
    await until(() => told() >= 300);
    numbers.get('N7')!.set(777);
    await readUntil((row) => row[7] === 777);
    await pause(300);
    const before = reads();
    for (let poll = 0; poll < 5; poll++) expect((await read()).length).toBe(300);
    expect(reads()).toBe(before);
    expect(driver.remarks!()).toEqual([expect.stringContaining('without security')]);
    numbers.get('N7')!.set(7);
    await driver.close();
    expect(plain.server.engine.currentSubscriptionCount).toBe(0);
  });

  test('1,200 nodes are read in lots, and all of them are watched in the end', async () => {
    const names = Array.from({ length: 1200 }, (_, i) => `N${i}`);
    const { read, until } = await source({ nodes: names.map((name) => power(name)), every: 1000 });
    expect(await read()).toEqual(names.map((_, i) => i));
    await until(() => subscribedItems() === 1200);
  });

  test('a change smaller than the deadband is not told', async () => {
    numbers.get('N1')!.set(100);
    const { read, readUntil, until } = await source({
      nodes: [power('N1', { deadband: 5 }), power('N2')],
    });
    await read();
    await until(() => subscribedItems() === 2);
    await until(() => told() >= 2);
    numbers.get('N1')!.set(104);
    numbers.get('N2')!.set(222);
    expect(await readUntil((row) => row[1] === 222)).toEqual([100, 222]);
    numbers.get('N1')!.set(106);
    await readUntil((row) => row[0] === 106);
    numbers.get('N1')!.set(1);
    numbers.get('N2')!.set(2);
  });

  test('a server that takes no deadband for a node is said so, and the node is told all the same', async () => {
    const text = plain.server.engine.addressSpace!.getOwnNamespace().addVariable({
      browseName: 'Text',
      nodeId: 's=Text',
      organizedBy: 'ObjectsFolder',
      dataType: 'String',
      value: { dataType: 'String', value: 'idle' },
    });
    const uri = plain.server.engine.addressSpace!.getOwnNamespace().namespaceUri;
    const { driver, until } = await source({
      nodes: [power('N3', { deadband: 1 }), power('T', { node: `nsu=${uri};s=Text`, deadband: 1 })],
    });
    await until(() => subscribedItems() === 2);
    expect(driver.remarks!()).toContainEqual(expect.stringMatching(/does not take the deadband of .*s=Text/));
    plain.server.engine.addressSpace!.deleteNode(text);
  });

  test('what the server lost because its queue was full is counted', async () => {
    const { driver, words, until } = await source({
      nodes: [opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=N4`, status: 'partCount' }), power('N5')],
      queue: 2,
    });
    await until(() => words.length === 1 && subscribedItems() === 2);
    // The server reports once in a good while, and looks ten times meanwhile.
    for (const subscription of plain.subscriptions()) subscription.publishingInterval = 1000;
    plain.fallSilent();
    for (let i = 0; i < 8; i++) {
      numbers.get('N5')!.set(500 + i);
      await pause(80);
    }
    for (const subscription of plain.subscriptions())
      (subscription as unknown as { _start_timer(o: object): void })._start_timer({ firstTime: false });
    await until(() => driver.remarks!().some((remark) => remark.includes('overflowed')));
    numbers.get('N5')!.set(5);
  });

  test('a server that looks less often than it was asked to is said to', async () => {
    plain.server.engine.addressSpace!.findNode(`ns=${namespaceIndex()};s=N6`)!
      // @ts-expect-error only variables have it
      .minimumSamplingInterval = 2000;
    const { driver, until } = await source({ nodes: [power('N6'), power('N8')] });
    await until(() => driver.remarks!().length === 2);
    expect(driver.remarks!()[1]).toBe(
      'The server looks at 1 node only every 2000 ms instead of every 100 ms.',
    );
  });

  test('under simulated time values are read, and words are still told', async () => {
    const clock = simulatedClock({
      originMs: Date.UTC(2026, 10, 18),
      startMs: Date.now(),
      speed: 10,
      untilNow: false,
    });
    const { read, words, until } = await source(
      { nodes: [power('N9'), opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=N10`, status: 'mode' })] },
      { clock },
    );
    await until(() => words.length === 1);
    expect(subscribedItems()).toBe(1);
    numbers.get('N9')!.set(99);
    expect(await read()).toEqual([99]);
    numbers.get('N10')!.set(11);
    await until(() => words.length === 2);
    numbers.get('N10')!.set(10);
    numbers.get('N9')!.set(9);
  });
});

describe('nodes that cannot be had', () => {
  test('one that is not there is said once, and taken in when it comes', async () => {
    const { driver, logged, read, readUntil, skip, until } = await source({
      nodes: [
        power('N11'),
        power('Later'),
        opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=LaterWord`, status: 'mode' }),
      ],
    });
    expect(await read()).toEqual([11, null]);
    await until(() => subscribedItems() === 1);
    for (let poll = 0; poll < 3; poll++) await read();
    expect(logged.filter((line) => line.includes('s=Later"'))).toHaveLength(1);
    expect(driver.remarks!()).toContainEqual(
      expect.stringMatching(/^2 nodes cannot be read: .*s=Later \(BadNodeIdUnknown\)/),
    );
    await pause(300);
    const before = reads();
    await read();
    expect(reads()).toBe(before); // not asked for again at once
    const later = plain.addNumber('Later', 42);
    await stepAlive(skip, 31_000);
    await readUntil((row) => row[1] === 42);
    await until(() => subscribedItems() === 2);
    later.set(43);
    expect(await readUntil((row) => row[1] === 43)).toEqual([11, 43]);
    expect(logged.at(-1)).toMatch(/can be read again .*s=Later"/);
    // It goes while it is watched.
    later.remove();
    await readUntil((row) => row[1] === null);
    expect((await read())[0]).toBe(11);
  });

  test('a namespace that is missing is said, and the others are read', async () => {
    const { driver, read } = await source({
      nodes: [power('N12'), power('N13', { node: 'nsu=urn:nobody;s=Power' })],
    });
    expect(await read()).toEqual([12, null]);
    expect(driver.remarks!()).toContainEqual(expect.stringContaining('the server has no such namespace'));
  });
});

describe('servers that do not do what they should', () => {
  test('without subscriptions everything is read, words too; it is asked again later', async () => {
    const { serverCapabilities } = plain.server.engine;
    serverCapabilities.maxSubscriptionsPerSession = 0;
    const { driver, read, words, skip, until, logged } = await source({
      nodes: [power('N14'), opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=N15`, status: 'mode' })],
    });
    await read();
    await until(() => words.length === 1);
    expect(driver.remarks!()).toContainEqual(
      expect.stringContaining('gives no subscription (BadTooManySubscriptions)'),
    );
    numbers.get('N15')!.set(1500);
    await until(() => words.length === 2);
    expect(words.map(({ value }) => value)).toEqual([15, 1500]);
    numbers.get('N14')!.set(1400);
    expect(await read()).toEqual([1400]);
    serverCapabilities.maxSubscriptionsPerSession = 10;
    skip(31_000);
    await until(() => subscribedItems() === 2);
    expect(logged.at(-1)).toContain('gives a subscription again');
    numbers.get('N15')!.set(15);
    await until(() => words.at(-1)?.value === 15);
    numbers.get('N14')!.set(14);
  });

  test('one that ends the subscription is read at once, without a gap', async () => {
    const { driver, read, until } = await source({ nodes: [power('N16')] });
    await read();
    await until(() => subscribedItems() === 1);
    // Its life is over, as if nobody had asked for its news for long.
    for (const subscription of plain.subscriptions())
      (subscription as unknown as { _life_time_counter: number })._life_time_counter = 1e9;
    await until(() =>
      driver.remarks!().some((remark) => remark.includes('gives no subscription (BadTimeout)')),
    );
    for (let poll = 0; poll < 5; poll++) expect(await read()).toEqual([16]);
    numbers.get('N16')!.set(1600);
    expect(await read()).toEqual([1600]);
    numbers.get('N16')!.set(16);
  });

  test('one that says nothing any more is connected anew, and the first session is not left behind', async () => {
    const { read, readUntil, skip, until } = await source({ nodes: [power('N17')] });
    await read();
    await until(() => subscribedItems() === 1);
    await pause(300);
    plain.fallSilent();
    skip(40_000);
    // The link was good for long, so the same poll has the value.
    expect(await read()).toEqual([17]);
    await until(() => plain.server.engine.currentSessionCount === 1);
    numbers.get('N17')!.set(1700);
    await readUntil((row) => row[0] === 1700);
    await until(() => plain.server.engine.currentSubscriptionCount === 1);
    numbers.get('N17')!.set(17);
  });

  test('one that says nothing soon after it was connected is connected anew once in 30 s', async () => {
    const { driver, read, readUntil, skip, until } = await source({ nodes: [power('N20')] });
    await read();
    await until(() => subscribedItems() === 1);
    await pause(300);
    const sessions = () => plain.server.engine.cumulatedSessionCount;
    const before = sessions();
    plain.fallSilent();
    skip(10_000);
    for (const passedMs of [0, 8000, 8000]) {
      skip(passedMs);
      await expect(driver.poll()).rejects.toMatchObject({ code: 'closed', remedy: 'retry' });
    }
    expect(sessions()).toBe(before);
    skip(6000);
    await readUntil((row) => row[0] === 20);
    expect(sessions()).toBe(before + 1);
  });

  test('one whose clock is not ours is said so', async () => {
    const { driver, read } = await source(
      { nodes: [power('N21')] },
      { real: { monotonicMs: () => performance.now(), wallMs: () => Date.now() - 10_000 } },
    );
    await read();
    expect(driver.remarks!()).toContainEqual(
      expect.stringMatching(/^The server's clock is (?:9\.9|10\.\d) s ahead of this computer's\.$/),
    );
  });

  test('a node that the server forgot is watched anew, then connected anew, then read instead', async () => {
    const { driver, read, readUntil, skip, until, logged } = await source({
      nodes: [power('N18'), power('N19')],
    });
    await read();
    await until(() => subscribedItems() === 2);
    for (const round of [1, 2, 3]) {
      await until(() => told() >= 2);
      plain.forget('N18');
      numbers.get('N18')!.set(1800 + round);
      await stepAlive(skip, 61_000);
      await until(() => logged.filter((line) => line.includes('fell silent')).length === round);
      await readUntil((row) => row[0] === 1800 + round && row[1] === 19);
      if (round < 3) await until(() => subscribedItems() === 2);
    }
    expect(
      logged.filter((line) => line.includes('fell silent')).map((line) => /"cure":"(.*?)"/.exec(line)?.[1]),
    ).toEqual(['watch anew', 'connect anew', 'read instead']);
    expect(driver.remarks!()).toContainEqual(expect.stringContaining('fell silent again and again'));
    numbers.get('N18')!.set(18);
    expect(await read()).toEqual([18, 19]);
  });
});

function namespaceIndex(): number {
  return plain.server.engine.addressSpace!.getNamespaceIndex(PLAIN_NAMESPACE);
}

/** Monitored items that clients hold just now and that are alive. */
function subscribedItems(): number {
  return plain.subscriptions().reduce((sum, { monitoredItemCount }) => sum + monitoredItemCount, 0);
}

/** Notifications that the server has sent on the subscriptions of just now. */
function told(): number {
  return plain
    .subscriptions()
    .reduce((sum, { subscriptionDiagnostics: d }) => sum + d.dataChangeNotificationsCount, 0);
}

/** Lets real time pass in steps that a healthy subscription survives: each is followed by a sign of life. */
async function stepAlive(skip: (ms: number) => void, ms: number): Promise<void> {
  skip(ms);
  numbers.get('N1199')!.set(Math.random());
  for (const subscription of plain.subscriptions())
    (subscription as unknown as { _keep_alive_counter: number })._keep_alive_counter = 1e9;
  await pause(400);
}
