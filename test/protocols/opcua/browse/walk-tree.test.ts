import type { AddressSpace } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BrowseBudget } from '../../../../protocols/opcua/browse/browse-budget.ts';
import { describeCut } from '../../../../protocols/opcua/browse/browse-budget.ts';
import { readLimits } from '../../../../protocols/opcua/browse/browse-session.ts';
import { walkTree } from '../../../../protocols/opcua/browse/walk-tree.ts';
import { findModel } from '../../../../protocols/opcua/model/find-model.ts';
import { startTestServer, type TestServer } from '../model/test-server.ts';

const FLAT = 100_000;
const SHELF = 5000;
const CHAIN = 60;
const WIDE: BrowseBudget = { requestsMax: 1000, nodesMax: 500_000, depthMax: 100, childrenMax: 500_000 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer([nodesets.standard], buildLargeSpace, {
    maxNodesPerBrowse: 7,
    maxNodesPerRead: 9,
  });
}, 60_000);
afterAll(() => server.close());

/** Flat folders of 100,000 and of 5000 variables, a chain of 60 folders, and two folders that hold each other. */
function buildLargeSpace(space: AddressSpace): void {
  const own = space.getOwnNamespace();
  const objectsFolder = space.rootFolder.objects;
  for (const [name, count, from] of [
    ['Flat', FLAT, 100_000],
    ['Shelf', SHELF, 300_000],
  ] as const) {
    const folder = own.addFolder(objectsFolder, { browseName: name, nodeId: `s=${name}` });
    for (let index = 0; index < count; index++)
      own.addVariable({
        browseName: `V${index}`,
        nodeId: `i=${from + index}`,
        organizedBy: folder,
        dataType: 'Double',
      });
  }
  let parent = own.addFolder(objectsFolder, { browseName: 'Chain', nodeId: 's=Chain' });
  for (let depth = 1; depth <= CHAIN; depth++)
    parent = own.addFolder(parent, { browseName: `D${depth}`, nodeId: `s=D${depth}` });
  const left = own.addFolder(objectsFolder, { browseName: 'Left', nodeId: 's=Left' });
  const right = own.addFolder(left, { browseName: 'Right', nodeId: 's=Right' });
  right.addReference({ referenceType: 'Organizes', nodeId: left.nodeId });
}

describe('walking a server with more than 100,000 nodes', () => {
  test('costs no more than its budget, and says what was cut', async () => {
    const limits = await readLimits(server.session);
    expect(limits).toEqual({ nodesPerBrowse: 7, nodesPerRead: 9 });
    const budget: BrowseBudget = { requestsMax: 80, nodesMax: 3000, depthMax: 10, childrenMax: 500 };
    const before = server.requestsOf('BrowseRequest', 'BrowseNextRequest');
    const walk = await walkTree(server.session, { nodeId: 'ns=0;i=85' }, { budget, limits, opens });
    expect(server.requestsOf('BrowseRequest', 'BrowseNextRequest') - before).toBe(walk.requests);
    expect(walk.requests).toBeLessThan(30);
    expect(walk.nodes.length).toBeLessThan(1100);
    const said = walk.cuts.map((cut) => describeCut(cut, budget));
    expect(said).toContain('of what Flat holds only the first 500 were looked at');
    expect(said).toContain('Chain/D1/D2/D3/D4/D5/D6/D7/D8/D9 was not opened: it lies 10 levels down');
  });

  test('sees all of a folder where it may, through continuation points', async () => {
    const limits = await readLimits(server.session);
    const walk = await walkTree(server.session, { nodeId: 'ns=1;s=Shelf' }, { budget: WIDE, limits, opens });
    expect(walk.nodes).toHaveLength(SHELF);
    expect(new Set(walk.nodes.map(({ nodeId }) => nodeId)).size).toBe(SHELF);
    expect(walk.cuts).toEqual([]);
    expect(walk.requests).toBeLessThanOrEqual(SHELF / 500 + 1);
  });

  test('opens nodes that hold each other once', async () => {
    const limits = await readLimits(server.session);
    const walk = await walkTree(server.session, { nodeId: 'ns=1;s=Left' }, { budget: WIDE, limits, opens });
    expect(walk.nodes.map(({ path }) => path)).toEqual([['Right']]);
    expect(walk.nodes[0]?.children).toEqual([walk.root]);
    expect(walk.cuts).toEqual([]);
  });

  test('goes down a chain as deep as it may', async () => {
    const limits = await readLimits(server.session);
    const walk = await walkTree(server.session, { nodeId: 'ns=1;s=Chain' }, { budget: WIDE, limits, opens });
    expect(walk.nodes).toHaveLength(CHAIN);
    expect(walk.nodes.at(-1)?.path).toHaveLength(CHAIN);
  });

  test('ends at its number of requests and of nodes, and when the time is over', async () => {
    const limits = await readLimits(server.session);
    const run = (budget: Partial<BrowseBudget>, signal?: AbortSignal) =>
      walkTree(
        server.session,
        { nodeId: 'ns=1;s=Shelf' },
        { budget: { ...WIDE, ...budget }, limits, opens, signal },
      );
    const few = await run({ requestsMax: 4 });
    // One more gives the server its continuation point back.
    expect(few.requests).toBeLessThanOrEqual(5);
    expect(few.nodes).toHaveLength(2000);
    expect(few.cuts).toEqual([{ path: [], reason: 'requests' }]);
    const small = await run({ nodesMax: 700 });
    expect(small.nodes).toHaveLength(700);
    expect(small.cuts).toEqual([{ path: [], reason: 'nodes' }]);
    const late = await run({}, AbortSignal.abort());
    expect(late.nodes).toEqual([]);
    expect(late.cuts).toEqual([{ path: [], reason: 'time' }]);
  });

  test('a model that looks for machines stays bounded, and says that not all was searched', async () => {
    const before = server.requestsOf('BrowseRequest', 'BrowseNextRequest', 'ReadRequest');
    const found = await findModel(server.session, server.namespaceUris, {
      model: 'machinetool',
      found: [],
      component: 'control',
    });
    expect(server.requestsOf('BrowseRequest', 'BrowseNextRequest', 'ReadRequest') - before).toBeLessThan(40);
    expect(found.measured).toEqual([]);
    expect(found.remarks.join('\n')).toMatch(/no machine below Objects\/Machines/);
    expect(found.remarks.join('\n')).toMatch(
      /Not all of the server was searched for drives and energy: .*500/,
    );
    expect(server.requestsOf('CallRequest')).toBe(0);
  });
});

function opens({ kind, nodeId }: { kind: string; nodeId: string }): boolean {
  return kind === 'object' && !nodeId.startsWith('ns=0;');
}
