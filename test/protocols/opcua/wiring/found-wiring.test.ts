import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Found, FoundMeasured, FoundStatus } from '../../../../protocols/opcua/model/found.ts';
import type { Askers } from '../../../../protocols/opcua/wiring/wiring-keeper.ts';
import { makeSource, pause, power, rowOf, type SubscribedSource } from '../feeds/subscribed-source.ts';
import { opcuaNode } from '../opcua-source.ts';
import { PLAIN_NAMESPACE, startPlainServer, type PlainServer } from '../plain-server.ts';

let plain: PlainServer;
const open: SubscribedSource[] = [];

beforeAll(async () => {
  plain = await startPlainServer();
  addNumbers(plain);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ driver }) => driver.close()));
});
afterAll(() => plain.close());

function addNumbers(server: PlainServer): void {
  server.addNumber('Act', 4.5);
  server.addNumber('Mode', 2);
  server.addNumber('Listed', 7);
}

/** A model that finds what it is told to, and how often it was asked. */
function makeAskers(found: () => Partial<Found> | Promise<Partial<Found>>): Askers & { asked: string[][] } {
  const asked: string[][] = [];
  return {
    asked,
    findModel: async (_session, namespaceUris) => {
      asked.push([...namespaceUris]);
      return { measured: [], statuses: [], remarks: [], ...(await found()) };
    },
    readNodeUnits: async (_session, nodeIds) =>
      nodeIds.map((nodeId) => (nodeId.endsWith('s=Listed') ? 'kW' : undefined)),
  };
}

function measured(server: PlainServer, over: Partial<FoundMeasured> = {}): FoundMeasured {
  return {
    nodeId: `ns=${indexOn(server)};s=Act`,
    point: 'Axes/X/ActPower',
    component: 'drives',
    quantity: 'activePower',
    phase: 'total',
    scale: ['1000', '1'],
    accuracy: { class: '1' },
    ...over,
  };
}

function word(server: PlainServer, over: Partial<FoundStatus> = {}): FoundStatus {
  return {
    nodeId: `ns=${indexOn(server)};s=Mode`,
    point: 'Monitoring/Mode',
    component: 'control',
    status: 'mode',
    vocabulary: 'umati/MachineOperationMode',
    ...over,
  };
}

function indexOn({ server }: PlainServer): number {
  return server.engine.addressSpace!.getNamespaceIndex(PLAIN_NAMESPACE);
}

async function source(
  ...of: Parameters<typeof makeSource>
): Promise<SubscribedSource & { wirings: string[][] }> {
  const made = await makeSource({ endpoint: plain.endpoint, model: 'machinetool', ...of[0] }, of[1]);
  const wirings: string[][] = [];
  made.driver.onWiring!(() => wirings.push(made.driver.channels.map(({ id }) => id)));
  open.push(made);
  return { ...made, wirings };
}

test('what a model found is wired before the first reading and the first word that rest on it', async () => {
  const askers = makeAskers(() => ({
    device: { manufacturer: 'ACME' },
    measured: [measured(plain), measured(plain, { component: 'listed', nodeId: 'ns=99;s=Other' })],
    statuses: [word(plain)],
    remarks: ['No energy profile.'],
  }));
  const { driver, words } = await makeSource(
    { endpoint: plain.endpoint, model: 'machinetool', nodes: [power('Listed')] },
    { askers },
  );
  const seen: string[] = [];
  driver.onWiring!(() => seen.push(`wired ${driver.channels.length}`));
  driver.onStatus(({ channel, value }) => {
    seen.push(`word ${channel}`);
    words.push({ channel, value });
  });
  expect(driver.machines).toEqual(['mc1']);
  expect(driver.channels.map(({ id }) => id)).toEqual(['mc1.listed.activePower']);
  const poll = await driver.poll();
  seen.push('poll');
  expect(rowOf(poll)).toEqual([7, 4.5]);
  expect(poll.readings.map(({ channel }) => channel)).toEqual([
    'mc1.listed.activePower',
    'mc1.drives.activePower',
  ]);
  while (words.length === 0) await pause(20);
  expect(seen).toEqual(['wired 3', 'poll', 'word mc1.control.mode']);
  expect(words[0]?.value).toBe(2);
  expect(driver.description.device).toEqual({ manufacturer: 'ACME' });
  expect(driver.channels[1]).toMatchObject({ scale: ['1000', '1'], accuracy: { class: '1' } });
  expect(driver.remarks!()).toContain('No energy profile.');
  await driver.close();
});

test('a lost connection keeps the wiring; a server that was started anew is asked anew', async () => {
  const mine = await startPlainServer();
  addNumbers(mine);
  let server = mine;
  let statuses = 1;
  const askers = makeAskers(() => ({
    measured: [measured(server)],
    statuses: [word(server)].slice(0, statuses),
  }));
  const { read, readUntil, wirings, driver, skip } = await source({ endpoint: mine.endpoint }, { askers });
  expect(await read()).toEqual([4.5]);
  // The connection goes, the server does not: nobody has to be asked.
  mine.server.engine.closeSession(
    (mine.server.engine as unknown as { _sessions: Record<string, { authenticationToken: never }> })
      ._sessions[Object.keys((mine.server.engine as unknown as { _sessions: object })._sessions)[0]!]!
      .authenticationToken,
    true,
    'Terminated',
  );
  skip(31_000);
  await readUntil((row) => row[0] === 4.5);
  expect(askers.asked).toHaveLength(1);

  await mine.close();
  await expect(driver.poll()).rejects.toMatchObject({ remedy: 'retry' });
  expect(driver.channels).toHaveLength(2);
  expect(wirings).toEqual([['mc1.drives.activePower', 'mc1.control.mode']]);
  // It comes back with another table of namespaces: the same node has another number.
  server = await startPlainServer({ port: mine.port }, 'urn:something-else');
  const own = server.server.engine.addressSpace!.registerNamespace(PLAIN_NAMESPACE);
  own.addVariable({
    browseName: 'Act',
    nodeId: 's=Act',
    organizedBy: 'ObjectsFolder',
    dataType: 'Double',
    value: { dataType: 'Double', value: 9 },
  });
  skip(31_000);
  await readUntil((row) => row[0] === 9);
  expect(askers.asked).toHaveLength(2);
  expect(wirings).toHaveLength(1); // the channels are the same
  await server.close();
  statuses = 0;
  server = await startPlainServer({ port: mine.port });
  addNumbers(server);
  skip(31_000);
  await readUntil((row) => row[0] === 4.5);
  expect(wirings).toEqual([['mc1.drives.activePower', 'mc1.control.mode'], ['mc1.drives.activePower']]);
  await driver.close();
  await server.close();
});

test('a server that shows nothing yet is asked again later; what it showed before stays wired', async () => {
  let ready = false;
  const askers = makeAskers(() => (ready ? { measured: [measured(plain)] } : {}));
  const { read, readUntil, skip, wirings } = await source({}, { askers });
  expect(await read()).toEqual([]);
  expect(await read()).toEqual([]);
  expect(askers.asked).toHaveLength(1);
  ready = true;
  skip(31_000);
  await readUntil((row) => row[0] === 4.5);
  expect(wirings).toEqual([['mc1.drives.activePower']]);
});

test('while the server takes its time to be asked, listed nodes are read', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Partial<Found>>();
  const askers = makeAskers(() => answer);
  const { read, readUntil, wirings } = await source({ nodes: [power('Listed')], timeout: 1000 }, { askers });
  expect(await read()).toEqual([7]);
  expect(await read()).toEqual([7]);
  expect(askers.asked).toHaveLength(1);
  resolve({ measured: [measured(plain)] });
  await readUntil((row) => row.length === 2 && row[1] === 4.5);
  expect(wirings).toHaveLength(1);
});

test('a server that cannot be asked is said to, and listed nodes are read', async () => {
  let asked = 0;
  const askers: Askers = {
    findModel: () => {
      asked++;
      return Promise.reject(new Error('BadServiceUnsupported'));
    },
    readNodeUnits: () => Promise.resolve([]),
  };
  const { read, driver, logged } = await source({ nodes: [power('Listed')] }, { askers });
  expect(await read()).toEqual([7]);
  expect(await read()).toEqual([7]);
  expect(asked).toBe(1);
  expect(driver.remarks!()).toContain(
    'The server could not be asked what it offers (BadServiceUnsupported).',
  );
  expect(logged).toHaveLength(1);
});

test('units that nobody wrote come from the server; without one a node is left out, and it is said what to write', async () => {
  const askers = makeAskers(() => ({}));
  const { read, driver, wirings, words, until } = await source(
    {
      model: undefined,
      nodes: [
        power('Listed', { unit: undefined }),
        power('Act', { unit: undefined }),
        opcuaNode({ node: `nsu=${PLAIN_NAMESPACE};s=Mode`, status: 'mode' }),
      ],
    },
    { askers },
  );
  expect(await read()).toEqual([7]);
  expect(askers.asked).toHaveLength(0);
  expect(wirings).toEqual([['mc1.listed.activePower', 'mc1.control.mode']]);
  expect(driver.channels[0]).toMatchObject({ scale: ['1000', '1'] });
  expect(driver.remarks!()).toContainEqual(expect.stringMatching(/s=Act, so it is left out: write unit: W/));
  await until(() => words.length === 1);
});
