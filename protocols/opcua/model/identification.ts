import type { BrowseSession, ServerLimits } from '../browse/browse-session.ts';
import { readGoodValues, textOf } from '../browse/read-values.ts';
import { findBelow, type ServerNode } from '../browse/server-node.ts';
import type { Found } from './found.ts';

/** What is read of it, by our name. */
export const IDENTIFICATION_FIELDS = {
  manufacturer: 'Manufacturer',
  model: 'Model',
  serial: 'SerialNumber',
  uri: 'ProductInstanceUri',
} as const;
const LENGTH_MAX = 200;

/** What a machine says of itself in its Identification (OPC 40001-1); undefined where it says nothing. */
export async function readIdentification(
  session: BrowseSession,
  machine: ServerNode,
  limits: ServerLimits,
): Promise<Found['device']> {
  const nodes = Object.entries(IDENTIFICATION_FIELDS).map(
    ([field, name]) => [field, findBelow(machine, 'Identification', name)?.nodeId] as const,
  );
  const values = await readGoodValues(
    session,
    nodes.flatMap(([, nodeId]) => nodeId ?? []),
    limits,
  );
  const device = nodes.flatMap(([field, nodeId]) => {
    const text = textOf(values.get(nodeId ?? ''));
    return text === undefined ? [] : [[field, text.slice(0, LENGTH_MAX)]];
  });
  return device.length === 0 ? undefined : (Object.fromEntries(device) as Found['device']);
}
