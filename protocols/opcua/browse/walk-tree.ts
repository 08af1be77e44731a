import type { ReferenceDescription } from 'node-opcua';
import type { BrowseBudget, Cut } from './browse-budget.ts';
import { browseChildren, HOLDS, type BrowseCosts, type Held } from './browse-children.ts';
import type { BrowseSession, ServerLimits } from './browse-session.ts';
import { rootNode, type ServerNode } from './server-node.ts';

/** What a walk goes by. */
export interface WalkOptions {
  budget: BrowseBudget;
  limits: ServerLimits;
  /** Which nodes are opened; the root always is. */
  opens: (node: ServerNode) => boolean;
  /** Which nodes are kept; all others are passed over and cost no room. Default: all. */
  keeps?: (node: ServerNode) => boolean;
  /** Aborted when the time is over: what is found by then is what is given. */
  signal?: AbortSignal | undefined;
  /** Called after each request or few. */
  onProgress?: ((nodes: number) => void) | undefined;
}

/** What a walk found. */
export interface Walk {
  root: ServerNode;
  /** All nodes below the root, those near it first, each once. */
  nodes: ServerNode[];
  requests: number;
  /** What was not looked at. */
  cuts: Cut[];
}

/** Node classes of OPC 10000-3. */
const OBJECT = 1;
const VARIABLE = 2;

/**
 * Goes through what lies below a node, level by level. Bounded in requests, nodes, depth and time whatever the server
 * holds; a node that several hold, or that holds itself, is opened once. What was cut is said.
 */
export async function walkTree(
  session: BrowseSession,
  root: { nodeId: string; name?: string },
  { budget, limits, opens, keeps = () => true, signal, onProgress }: WalkOptions,
): Promise<Walk> {
  const start = rootNode(root.nodeId, root.name);
  const seen = new Map<string, ServerNode>([[start.nodeId, start]]);
  const walk: Walk = { root: start, nodes: [], requests: 0, cuts: [] };
  const costs: BrowseCosts = { requests: 0, requestsMax: budget.requestsMax, signal };
  let level = [start];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= budget.depthMax) {
      for (const node of level) walk.cuts.push({ path: node.path, reason: 'depth' });
      break;
    }
    const next: ServerNode[] = [];
    // No more at once than go into a request: what they hold is in memory until it is looked at.
    for (let from = 0; from < level.length; from += limits.nodesPerBrowse) {
      const lot = level.slice(from, from + limits.nodesPerBrowse);
      const room = budget.nodesMax - seen.size + 1;
      const first = lot[0];
      if (room <= 0 && first !== undefined) {
        walk.cuts.push({ path: first.path, reason: 'nodes' });
        return { ...walk, requests: costs.requests };
      }
      const held = await browseChildren(
        session,
        lot.map(({ nodeId }) => nodeId),
        HOLDS,
        Math.min(budget.childrenMax, Math.max(1, room)),
        limits,
        costs,
      );
      for (const [index, node] of lot.entries()) {
        const one = held[index];
        if (one === undefined) continue;
        noteCut(walk.cuts, node, one, room < budget.childrenMax);
        for (const child of adopt(node, one, seen, keeps, budget.nodesMax, walk.cuts)) {
          walk.nodes.push(child);
          if (opens(child)) next.push(child);
        }
      }
      onProgress?.(walk.nodes.length);
      // Once the requests or the time are used up, all that follows would only say so again.
      if (walk.cuts.some(({ reason }) => reason === 'requests' || reason === 'time'))
        return { ...walk, requests: costs.requests };
    }
    level = next;
  }
  return { ...walk, requests: costs.requests };
}

/** Puts what a node holds into the tree; gives those that were not seen before. */
function adopt(
  node: ServerNode,
  { references }: Held,
  seen: Map<string, ServerNode>,
  keeps: (node: ServerNode) => boolean,
  nodesMax: number,
  cuts: Cut[],
): ServerNode[] {
  const fresh: ServerNode[] = [];
  for (const reference of references) {
    // A node of another server cannot be asked here.
    if (reference.nodeId.serverIndex !== 0) continue;
    // Some servers ignore what was asked for, and tell methods as well.
    const nodeClass: number = reference.nodeClass;
    if (nodeClass !== OBJECT && nodeClass !== VARIABLE) continue;
    const nodeId = reference.nodeId.toString();
    let child = seen.get(nodeId);
    if (child === undefined) {
      child = nodeOf(nodeId, reference, node);
      if (!keeps(child)) continue;
      if (seen.size > nodesMax) {
        cuts.push({ path: node.path, reason: 'nodes' });
        break;
      }
      seen.set(nodeId, child);
      fresh.push(child);
      node.children.push(child);
    } else if (child !== node && !node.children.includes(child)) node.children.push(child);
  }
  return fresh;
}

function nodeOf(nodeId: string, reference: ReferenceDescription, parent: ServerNode): ServerNode {
  const name = reference.browseName.name ?? '';
  const nodeClass: number = reference.nodeClass;
  return {
    nodeId,
    name,
    namespace: reference.browseName.namespaceIndex,
    kind: nodeClass === VARIABLE ? 'variable' : 'object',
    type: reference.typeDefinition.isEmpty() ? '' : reference.typeDefinition.toString(),
    path: [...parent.path, name],
    parent,
    children: [],
  };
}

function noteCut(cuts: Cut[], { path }: ServerNode, { cut }: Held, isFull: boolean): void {
  if (cut === undefined) return;
  if (cut === 'children' && isFull) {
    cuts.push({ path, reason: 'nodes' });
    return;
  }
  if (typeof cut === 'object') {
    cuts.push({ path, reason: 'refused', status: cut.refused });
    return;
  }
  // Of what the requests or the time did not reach the first is enough.
  if (cut === 'children' || !cuts.some(({ reason }) => reason === cut)) cuts.push({ path, reason: cut });
}
