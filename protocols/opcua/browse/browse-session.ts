import type { ClientSession } from 'node-opcua';

/** What browsing and reading need of a session. Nothing here can call a method or write. */
export type BrowseSession = Pick<
  ClientSession,
  'browse' | 'browseNext' | 'read' | 'requestedMaxReferencesPerNode'
>;

/** How much a server takes in one request; 0 or no answer means that it does not say. */
export interface ServerLimits {
  nodesPerBrowse: number;
  nodesPerRead: number;
}

const MAX_NODES_PER_BROWSE = 'ns=0;i=11710';
const MAX_NODES_PER_READ = 'ns=0;i=11705';
/** Never more, whatever a server says: an answer of this many nodes stays well below usual message sizes. */
const NODES_PER_BROWSE_MAX = 50;
const NODES_PER_READ_MAX = 500;
/** Attribute Value in OPC 10000-6. */
const VALUE = 13;

/** Asks a server for its limits. */
export async function readLimits(session: Pick<BrowseSession, 'read'>): Promise<ServerLimits> {
  const [browse, read] = await session.read([
    { nodeId: MAX_NODES_PER_BROWSE, attributeId: VALUE },
    { nodeId: MAX_NODES_PER_READ, attributeId: VALUE },
  ]);
  return {
    nodesPerBrowse: limitOf(browse?.value?.value, NODES_PER_BROWSE_MAX),
    nodesPerRead: limitOf(read?.value?.value, NODES_PER_READ_MAX),
  };
}

function limitOf(told: unknown, max: number): number {
  return typeof told === 'number' && told > 0 ? Math.min(told, max) : max;
}
