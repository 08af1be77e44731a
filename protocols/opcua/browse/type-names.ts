import { browseChildren, DERIVED_FROM, type BrowseCosts } from './browse-children.ts';
import type { BrowseSession, ServerLimits } from './browse-session.ts';
import { readAttributes } from './read-values.ts';

/** Browse name of a type, its namespace by URI. */
export interface TypeName {
  nodeId: string;
  uri: string;
  name: string;
}

/** By node id of a type: its own name and those of all that it is derived from, its own first. */
export type TypeNames = ReadonlyMap<string, readonly TypeName[]>;

const DEPTH_MAX = 10;
const REQUESTS_MAX = 200;

/** Looks up what types are called and what they are derived from, all at once, level by level. */
export async function readTypeNames(
  session: BrowseSession,
  typeIds: Iterable<string>,
  namespaceUris: readonly string[],
  limits: ServerLimits,
): Promise<TypeNames> {
  const costs: BrowseCosts = { requests: 0, requestsMax: REQUESTS_MAX };
  const parents = new Map<string, string | undefined>();
  const names = new Map<string, TypeName>();
  const asked = [...new Set(typeIds)].filter((id) => id !== '');
  const own = await readAttributes(session, asked, 'browseName', limits);
  for (const [index, id] of asked.entries()) {
    const name: unknown = own[index]?.value?.value;
    if (isQualified(name)) names.set(id, nameOf(id, name, namespaceUris));
  }
  let level = asked;
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const held = await browseChildren(session, level, DERIVED_FROM, 4, limits, costs);
    const next = new Set<string>();
    for (const [index, id] of level.entries()) {
      const parent = held[index]?.references[0];
      const parentId = parent?.nodeId.toString();
      parents.set(id, parentId);
      if (parent === undefined || parentId === undefined) continue;
      names.set(parentId, nameOf(parentId, parent.browseName, namespaceUris));
      if (!parents.has(parentId)) next.add(parentId);
    }
    level = [...next];
  }
  return new Map(asked.map((id) => [id, chainOf(id, parents, names)]));
}

/** True where a type is the named one or derived from it, whatever namespace it is in. */
export function isOfType(names: TypeNames, typeId: string, ...wanted: readonly string[]): boolean {
  return names.get(typeId)?.some(({ name }) => wanted.includes(name)) ?? false;
}

function chainOf(
  id: string,
  parents: ReadonlyMap<string, string | undefined>,
  names: ReadonlyMap<string, TypeName>,
): TypeName[] {
  const chain: TypeName[] = [];
  let current: string | undefined = id;
  for (let depth = 0; current !== undefined && depth <= DEPTH_MAX; depth++) {
    const name = names.get(current);
    if (name !== undefined) chain.push(name);
    current = parents.get(current);
  }
  return chain;
}

interface Qualified {
  namespaceIndex: number;
  name?: string | null;
}

function isQualified(value: unknown): value is Qualified {
  return typeof value === 'object' && value !== null && 'namespaceIndex' in value;
}

function nameOf(
  nodeId: string,
  { namespaceIndex, name }: Qualified,
  namespaceUris: readonly string[],
): TypeName {
  return { nodeId, uri: namespaceUris[namespaceIndex] ?? '', name: name ?? '' };
}
