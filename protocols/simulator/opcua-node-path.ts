import type { BaseNode, UAObject, UAVariable } from 'node-opcua';

/** Browse names from a node down, each with the index of its namespace. */
export type NodePath = readonly (readonly [name: string, namespaceIndex: number])[];

/** The object at a path below a node. Throws where the node set has none: a defect of ours. */
export function objectAt(node: BaseNode, path: NodePath): UAObject {
  return nodeAt(node, path) as UAObject;
}

/** The variable at a path below a node. Throws as `objectAt`. */
export function variableAt(node: BaseNode, path: NodePath): UAVariable {
  return nodeAt(node, path) as UAVariable;
}

/** A path for people: `Monitoring/MachineTool/IsWarmUp`. */
export function writePath(path: NodePath): string {
  return path.map(([name]) => name).join('/');
}

function nodeAt(node: BaseNode, path: NodePath): BaseNode {
  let child: BaseNode | null = node;
  for (const [name, namespaceIndex] of path) {
    child = (child as UAObject).getChildByName({ name, namespaceIndex });
    if (child === null) throw new Error(`${node.browseName.name} has no ${writePath(path)}`);
  }
  return child;
}
