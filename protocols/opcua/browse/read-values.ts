import type { DataValue } from 'node-opcua';
import type { BrowseSession, ServerLimits } from './browse-session.ts';

/** Attribute numbers of OPC 10000-6. */
const ATTRIBUTES = { browseName: 3, value: 13, dataType: 14 } as const;

/** Reads one attribute of many nodes, in lots that the server takes; undefined where nothing came or the time was over. */
export async function readAttributes(
  session: Pick<BrowseSession, 'read'>,
  nodeIds: readonly string[],
  attribute: keyof typeof ATTRIBUTES,
  { nodesPerRead }: Pick<ServerLimits, 'nodesPerRead'>,
  signal?: AbortSignal,
): Promise<(DataValue | undefined)[]> {
  const values: (DataValue | undefined)[] = [];
  for (let from = 0; from < nodeIds.length; from += nodesPerRead) {
    if (signal?.aborted === true) break;
    const lot = nodeIds.slice(from, from + nodesPerRead);
    values.push(
      ...(await session.read(lot.map((nodeId) => ({ nodeId, attributeId: ATTRIBUTES[attribute] })))),
    );
  }
  return nodeIds.map((_, index) => values[index]);
}

/** The values of some nodes by node id; those with a bad status are not in it. */
export async function readGoodValues(
  session: Pick<BrowseSession, 'read'>,
  nodeIds: readonly string[],
  limits: Pick<ServerLimits, 'nodesPerRead'>,
): Promise<Map<string, unknown>> {
  const wanted = [...new Set(nodeIds)];
  const values = await readAttributes(session, wanted, 'value', limits);
  const good = new Map<string, unknown>();
  for (const [index, nodeId] of wanted.entries()) {
    const value = values[index];
    if (value?.statusCode.isGood() === true && value.value.value !== null && value.value.value !== undefined)
      good.set(nodeId, value.value.value);
  }
  return good;
}

/** The text of a value: of a localized text its text, of a node id its usual form; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value !== 'object' || value === null) return undefined;
  if ('text' in value) return textOf(value.text);
  return undefined;
}
