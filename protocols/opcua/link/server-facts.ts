import type * as NodeOpcua from 'node-opcua';
import { readNodes, type ReadLimits } from '../feeds/bulk-read.ts';

/** What a server says of itself. */
export interface ServerFacts {
  namespaceUris: readonly string[];
  /** When it was started, ms since the Unix epoch by its own clock; undefined where it does not say. */
  startedAtMs: number | undefined;
  /** How far its clock is ahead of ours, ms; undefined where it does not say. */
  aheadMs: number | undefined;
}

/** What a server takes in one request; lowered where it turns out to take less. */
export interface ServerLimits extends ReadLimits {
  itemsPerCall: number;
}

/** Nodes of OPC UA's own namespace. */
const NAMESPACE_ARRAY = 'ns=0;i=2255';
const START_TIME = 'ns=0;i=2257';
/** The server's clock: a node that every server has, so a way to ask whether it is there. */
export const CURRENT_TIME = 'ns=0;i=2258';
const MAX_NODES_PER_READ = 'ns=0;i=11705';
const MAX_ITEMS_PER_CALL = 'ns=0;i=11714';
/** For servers that name no limit. */
const NODES_PER_READ_DEFAULT = 500;
const ITEMS_PER_CALL_DEFAULT = 200;
/** Larger requests gain nothing, and make small controls hold their breath. */
const PER_CALL_MAX = 1000;

/** Asks a server for what may have changed since it was last asked. Rejects where it does not tell its namespaces. */
export async function readServerFacts(
  opcua: typeof NodeOpcua,
  session: NodeOpcua.ClientSession,
  limits: ReadLimits,
  wallMs: () => number,
): Promise<ServerFacts> {
  const beforeMs = wallMs();
  const [uris, started, now] = await readNodes(
    opcua,
    session,
    [NAMESPACE_ARRAY, START_TIME, CURRENT_TIME],
    limits,
  );
  const middleMs = (beforeMs + wallMs()) / 2;
  const namespaceUris: unknown = uris?.value.value;
  // Without them no node could be found, and all would be said not to be there.
  if (!Array.isArray(namespaceUris))
    throw new Error(`it does not tell its namespaces: ${uris?.statusCode.name ?? 'Bad'}`);
  const nowMs = timeOf(now?.value.value);
  return {
    namespaceUris: namespaceUris.map(String),
    startedAtMs: timeOf(started?.value.value),
    aheadMs: nowMs === undefined ? undefined : Math.round(nowMs - middleMs),
  };
}

/** Asks a server how much it takes in one request. */
export async function readServerLimits(
  opcua: typeof NodeOpcua,
  session: NodeOpcua.ClientSession,
): Promise<ServerLimits> {
  const limits = { nodesPerRead: NODES_PER_READ_DEFAULT, itemsPerCall: ITEMS_PER_CALL_DEFAULT };
  const [nodes, items] = await readNodes(opcua, session, [MAX_NODES_PER_READ, MAX_ITEMS_PER_CALL], limits);
  return {
    nodesPerRead: limitOf(nodes?.value.value, limits.nodesPerRead),
    itemsPerCall: limitOf(items?.value.value, limits.itemsPerCall),
  };
}

function limitOf(told: unknown, otherwise: number): number {
  return typeof told === 'number' && told > 0 ? Math.min(told, PER_CALL_MAX) : otherwise;
}

function timeOf(value: unknown): number | undefined {
  const ms = value instanceof Date ? value.getTime() : NaN;
  // A time that was never set is told as the beginning of 1601.
  return ms > 0 ? ms : undefined;
}
