import type { BrowseResult } from 'node-opcua';
import { expect, test } from 'vitest';
import type { BrowseSession } from '../../../../protocols/opcua/browse/browse-session.ts';
import { findPath } from '../../../../protocols/opcua/browse/find-path.ts';
import { walkTree } from '../../../../protocols/opcua/browse/walk-tree.ts';

const LIMITS = { nodesPerBrowse: 10, nodesPerRead: 100 };
const NO_COSTS = { requestsMax: 100, nodesMax: 1000, depthMax: 5, childrenMax: 100 };

/** A session with a server whose nodes hold what `holds` says, by name; their ids are their names. */
function sessionOf(holds: (name: string) => readonly string[]): BrowseSession {
  const reference = (name: string) => ({
    nodeId: { serverIndex: 0, toString: () => name },
    nodeClass: 1,
    browseName: { name, namespaceIndex: 1 },
    typeDefinition: { isEmpty: () => true },
  });
  const browse = async (asked: { nodeId: string }[]) =>
    asked.map(({ nodeId }) => ({
      statusCode: { name: 'Good', isNotGood: () => false },
      references: holds(nodeId).map(reference),
    })) as unknown as BrowseResult[];
  return { browse, requestedMaxReferencesPerNode: 0 } as unknown as BrowseSession;
}

test('a path that leads nowhere is told what there is, without what would command a terminal', async () => {
  const session = sessionOf(() => ['Meter\u001b[2J\u009b', 'Mill\u202e']);
  const refusal: unknown = await findPath(session, 'Nothing', [], LIMITS).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'no-node' });
  const { message, cure } = refusal as { message: string; cure: string };
  expect(`${message} ${cure}`).toContain('It holds Meter?[2J?, Mill?.');
});

test('of a wide level only what one request brings is in memory at once', async () => {
  const folders = Array.from({ length: 95 }, (_, index) => `F${index}`);
  const session = sessionOf((name) =>
    name === 'root' ? folders : name.startsWith('F') ? [`${name}.x`] : [],
  );
  const seen: number[] = [];
  await walkTree(
    session,
    { nodeId: 'root' },
    {
      budget: NO_COSTS,
      limits: LIMITS,
      opens: ({ name }) => !name.includes('.'),
      onProgress: (nodes) => seen.push(nodes),
    },
  );
  expect(seen).toEqual([95, 105, 115, 125, 135, 145, 155, 165, 175, 185, 190]);
});
