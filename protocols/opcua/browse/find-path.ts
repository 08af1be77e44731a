import { MillwattError } from '../../errors.ts';
import { printableText } from '../printable-text.ts';
import { parseNodeAddress, resolveNodeAddress } from '../node-address.ts';
import { browseChildren, HOLDS } from './browse-children.ts';
import type { BrowseSession, ServerLimits } from './browse-session.ts';

const OBJECTS = 'ns=0;i=85';
const CHILDREN_MAX = 100_000;
const REQUESTS_MAX = 300;
const NAMED_MAX = 8;

/** A node to look below, and how it was reached. */
export interface StartNode {
  nodeId: string;
  /** Browse names below Objects; the node id as it was written where it was given so. */
  path: readonly string[];
}

/**
 * The node that a text means: a node id, or browse names below Objects (`DeviceSet/Meter`). Throws an error of class
 * `refuse` (code `no-node`) that says what there is instead.
 */
export async function findPath(
  session: BrowseSession,
  text: string,
  namespaceUris: readonly string[],
  limits: ServerLimits,
): Promise<StartNode> {
  const address = parseNodeAddress(text);
  if (address !== undefined) {
    const nodeId = resolveNodeAddress(address, namespaceUris);
    if (nodeId === undefined)
      throw noNode(
        `The server has no namespace ${address.namespace}.`,
        `Its namespaces are ${namespaceUris.map((uri) => printableText(uri)).join(', ')}.`,
      );
    return { nodeId, path: [text] };
  }
  const costs = { requests: 0, requestsMax: REQUESTS_MAX };
  const names = text.split('/').filter((name) => name !== '' && name !== 'Objects');
  let nodeId = OBJECTS;
  for (const [index, name] of names.entries()) {
    const [held] = await browseChildren(session, [nodeId], HOLDS, CHILDREN_MAX, limits, costs);
    const references = held?.references ?? [];
    const next = references.find(({ browseName }) => browseName.name === name);
    if (next === undefined) {
      const at = index === 0 ? 'Objects' : names.slice(0, index).join('/');
      const offered = references.map(({ browseName }) => printableText(browseName.name ?? ''));
      const more = offered.length > NAMED_MAX ? ` and ${offered.length - NAMED_MAX} more` : '';
      throw noNode(
        `${at} holds nothing that is called ${name}.`,
        offered.length === 0
          ? 'It holds nothing at all.'
          : `It holds ${offered.slice(0, NAMED_MAX).join(', ')}${more}.`,
      );
    }
    nodeId = next.nodeId.toString();
  }
  return { nodeId, path: names };
}

function noNode(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'no-node', message, { cure });
}
