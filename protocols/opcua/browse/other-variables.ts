import type { ClientSession } from 'node-opcua';
import { readNodeUnits } from '../model/node-units.ts';
import { readingOf } from '../opcua-value.ts';
import { describeCut, type BrowseBudget } from './browse-budget.ts';
import type { ServerLimits } from './browse-session.ts';
import type { StartNode } from './find-path.ts';
import { readAttributes } from './read-values.ts';
import type { ServerNode } from './server-node.ts';
import type { OtherVariable } from './survey.ts';
import { walkTree } from './walk-tree.ts';

/** How far to look, and for how much. */
export interface OtherOptions {
  depth: number;
  /** Show all that a generous budget lets see. */
  isAll: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: ((nodes: number) => void) | undefined;
}

const SHOWN_MAX = 40;
const SHOWN_MAX_ALL = 5000;
const USUAL: Omit<BrowseBudget, 'depthMax'> = { requestsMax: 150, nodesMax: 4000, childrenMax: 300 };
const ALL: Omit<BrowseBudget, 'depthMax'> = { requestsMax: 2000, nodesMax: 50_000, childrenMax: 20_000 };

/** The numeric variables below a node, without those that are known already. */
export async function findOtherVariables(
  session: ClientSession,
  start: StartNode,
  known: ReadonlySet<string>,
  namespaceUris: readonly string[],
  limits: ServerLimits,
  { depth, isAll, signal, onProgress }: OtherOptions,
): Promise<{ others: OtherVariable[]; left: number; remarks: string[] }> {
  const budget: BrowseBudget = { ...(isAll ? ALL : USUAL), depthMax: depth };
  const walk = await walkTree(
    session,
    { nodeId: start.nodeId },
    { budget, limits, opens: isWorthOpening, signal, onProgress },
  );
  const variables = walk.nodes.filter(({ kind, nodeId }) => kind === 'variable' && !known.has(nodeId));
  if (start.nodeId !== 'ns=0;i=85') variables.unshift({ ...walk.root, kind: 'variable' });
  const values = await readAttributes(
    session,
    variables.map(({ nodeId }) => nodeId),
    'value',
    limits,
    signal,
  );
  const numeric = variables.flatMap((variable, index) => {
    const value = readingOf(values[index]);
    return value.value === null ? [] : [{ variable, value }];
  });
  const shown = numeric.slice(0, isAll ? SHOWN_MAX_ALL : SHOWN_MAX);
  const units =
    signal?.aborted === true
      ? []
      : await readNodeUnits(
          session,
          shown.map(({ variable }) => variable.nodeId),
        );
  const [cut, ...more] = walk.cuts;
  return {
    others: shown.map(({ variable, value }, index) => ({
      path: [...start.path, ...variable.path],
      node: nameNode(variable, namespaceUris),
      value,
      unit: units[index],
    })),
    left: numeric.length - shown.length,
    remarks:
      cut === undefined
        ? []
        : [
            `Not all was looked at: ${describeCut(cut, budget)}${more.length === 0 ? '' : `, and ${more.length} more such`}.`,
          ],
  };
}

/** The node id with its namespace by URI: an index may be another after the server's next start. */
export function nameNode({ nodeId }: Pick<ServerNode, 'nodeId'>, namespaceUris: readonly string[]): string {
  const [, index, identifier] = /^ns=(\d+);(.*)$/s.exec(nodeId) ?? [];
  if (index === undefined || identifier === undefined || index === '0') return nodeId.replace(/^ns=0;/, '');
  const uri = namespaceUris[Number(index)];
  return uri === undefined ? nodeId : `nsu=${uri};${identifier}`;
}

/** OPC UA's own objects hold numbers of the server, none of a machine. */
function isWorthOpening({ kind, nodeId }: ServerNode): boolean {
  return kind === 'object' && !nodeId.startsWith('ns=0;');
}
