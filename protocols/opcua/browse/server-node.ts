/** A node of a server as browsing shows it. */
export interface ServerNode {
  /** As this server numbers it now: `ns=2;s=Power`. */
  nodeId: string;
  /** Browse name, and the index of its namespace. */
  name: string;
  namespace: number;
  kind: 'object' | 'variable';
  /** Node id of its type definition; empty where the server names none. */
  type: string;
  /** The first way it was reached: browse names below the root of the walk, its own last. */
  path: readonly string[];
  /** What first led to it; undefined for the root. */
  parent: ServerNode | undefined;
  /** What it holds, as far as it was walked; a node that several hold is in the list of each. */
  children: ServerNode[];
}

/** A node to begin a walk at. */
export function rootNode(nodeId: string, name = ''): ServerNode {
  return { nodeId, name, namespace: 0, kind: 'object', type: '', path: [], parent: undefined, children: [] };
}

/** What a node holds under this name; the one of the wanted namespace first, where a server has mixed them up any other. */
export function findChild(
  node: ServerNode | undefined,
  name: string,
  namespace?: number,
): ServerNode | undefined {
  const named = node?.children.filter((child) => child.name === name) ?? [];
  return named.find((child) => child.namespace === namespace) ?? named[0];
}

/** The node at the end of a way of browse names. */
export function findBelow(node: ServerNode | undefined, ...names: readonly string[]): ServerNode | undefined {
  let found = node;
  for (const name of names) found = findChild(found, name);
  return found;
}
