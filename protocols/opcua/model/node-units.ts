import type { ClientSession } from 'node-opcua';
import { browseChildren, type BrowseWish } from '../browse/browse-children.ts';
import { readLimits } from '../browse/browse-session.ts';
import { readGoodValues } from '../browse/read-values.ts';
import { isServerUnit, unitOf } from './unece-units.ts';

const PROPERTIES: BrowseWish = { referenceType: 'ns=0;i=46', direction: 'forward', classMask: 2 };
const PROPERTIES_MAX = 50;

/**
 * The unit of each node, as a key of UNITS, from its EngineeringUnits property; undefined where the server names none
 * that we know. Costs a browse and a read a lot of nodes.
 */
export async function readNodeUnits(
  session: ClientSession,
  nodeIds: readonly string[],
): Promise<(string | undefined)[]> {
  if (nodeIds.length === 0) return [];
  const limits = await readLimits(session);
  const requestsMax = 10 + 2 * nodeIds.length;
  const held = await browseChildren(session, nodeIds, PROPERTIES, PROPERTIES_MAX, limits, {
    requests: 0,
    requestsMax,
  });
  const units = held.map(({ references }) =>
    references.find(({ browseName }) => browseName.name === 'EngineeringUnits')?.nodeId.toString(),
  );
  const values = await readGoodValues(
    session,
    units.filter((id) => id !== undefined),
    limits,
  );
  return units.map((id) => {
    const value = id === undefined ? undefined : values.get(id);
    return isServerUnit(value) ? unitOf(value) : undefined;
  });
}
