import type { ClientSession } from 'node-opcua';
import { UNITS } from '../../telemetry/unit.ts';
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
  /** Levels below the start. */
  depth: number;
  /** Show all that a generous budget lets see. */
  isAll: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: ((nodes: number) => void) | undefined;
}

/** Where models have found what is usually wanted, a few others do. */
const SHOWN_MAX = { besidesModels: 12, alone: 40, all: 5000 } as const;
/** Of so many the units are asked for, to show the most useful ones. */
const ASKED_MAX = 400;
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
  const shownMax = isAll ? SHOWN_MAX.all : known.size > 0 ? SHOWN_MAX.besidesModels : SHOWN_MAX.alone;
  const asked = numeric.slice(0, isAll ? SHOWN_MAX.all : ASKED_MAX);
  const units =
    signal?.aborted === true
      ? []
      : await readNodeUnits(
          session,
          asked.map(({ variable }) => variable.nodeId),
        );
  const shown = asked
    .map((one, index) => ({ ...one, unit: units[index], index }))
    .sort((a, b) => rank(a.unit) - rank(b.unit))
    .slice(0, shownMax)
    // Back in the order of the server, so that what lies together stands together.
    .sort((a, b) => a.index - b.index);
  const [cut, ...more] = walk.cuts;
  return {
    others: shown.map(({ variable, value, unit }) => ({
      path: [...start.path, ...variable.path],
      node: nameNode(variable, namespaceUris),
      value,
      unit,
    })),
    left: numeric.length - shown.length,
    remarks:
      cut === undefined
        ? []
        : [
            `Not all was looked at: ${describeCut(cut, budget)}${more.length === 0 ? '' : `, and ${more.length} more such`}. ${isAll ? '--depth and --path' : '--depth, --path and --all'} show more.`,
          ],
  };
}

/** The node id with its namespace by URI: an index may be another after the server's next start. */
export function nameNode({ nodeId }: Pick<ServerNode, 'nodeId'>, namespaceUris: readonly string[]): string {
  const [, index, identifier] = /^ns=(\d+);(.*)$/s.exec(nodeId) ?? [];
  if (index === undefined || identifier === undefined || index === '0') return nodeId.replace(/^ns=0;/, '');
  const uri = namespaceUris[Number(index)];
  // Some makers' URIs cannot be written so; the number is all there is to show then.
  return uri === undefined || uri === '' || uri.includes(';') ? nodeId : `nsu=${uri};${identifier}`;
}

/** Power and energy first, then whatever has a unit. */
function rank(unit: string | undefined): number {
  const canonical = unit === undefined ? undefined : UNITS[unit]?.canonical;
  if (canonical === 'W' || canonical === 'Wh') return 0;
  return canonical === undefined || canonical === '%' ? 2 : 1;
}

/** OPC UA's own objects hold numbers of the server, none of a machine. */
function isWorthOpening({ kind, nodeId }: ServerNode): boolean {
  return kind === 'object' && !nodeId.startsWith('ns=0;');
}
