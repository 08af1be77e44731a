import { browseChildren, type BrowseWish } from '../browse/browse-children.ts';
import type { BrowseSession, ServerLimits } from '../browse/browse-session.ts';
import { readAttributes, readGoodValues, textOf } from '../browse/read-values.ts';
import { findChild, type ServerNode } from '../browse/server-node.ts';
import type { FoundMeasured } from './found.ts';

type Accuracy = NonNullable<FoundMeasured['accuracy']>;

/** Accuracy domains of OPC 30141, which numbers them; OPC 34100 points at an object of such a name. */
const DOMAINS = ['RESERVED', 'PERCENT_FULL_SCALE', 'PERCENT_ACTUAL_READING', 'IEC', 'EN'];
const PROPERTIES: BrowseWish = { referenceType: 'ns=0;i=46', direction: 'forward', classMask: 2 };
const DOMAINS_MAX = 20;

/** Browse names of the nodes that tell how exact a value is. */
export const ACCURACY_NAMES = ['AccuracyClass', 'ValueAsText', 'AccuracyDomain'] as const;

/** The nodes below a value that tell how exact it is. */
export function accuracyNodes(variable: ServerNode): ServerNode[] {
  const accuracyClass = findChild(variable, 'AccuracyClass');
  return [
    accuracyClass,
    findChild(accuracyClass, 'ValueAsText'),
    findChild(variable, 'AccuracyDomain'),
  ].filter((node) => node !== undefined);
}

/** What domains are called, and what their numbers mean, by the node id that values point at. */
export type AccuracyDomains = ReadonlyMap<string, { name: string; classes: ReadonlyMap<number, string> }>;

/** Looks up the domains that some values point at. */
export async function readAccuracyDomains(
  session: BrowseSession,
  values: Iterable<unknown>,
  limits: ServerLimits,
): Promise<AccuracyDomains> {
  const ids = [...new Set([...values].map(nodeIdOf).filter((id) => id !== undefined))].slice(0, DOMAINS_MAX);
  if (ids.length === 0) return new Map();
  const names = await readAttributes(session, ids, 'browseName', limits);
  const costs = { requests: 0, requestsMax: DOMAINS_MAX };
  const held = await browseChildren(session, ids, PROPERTIES, DOMAINS_MAX, limits, costs);
  const lists = held.map(({ references }) =>
    references.find(({ browseName }) => browseName.name === 'EnumValues')?.nodeId.toString(),
  );
  const listed = await readGoodValues(
    session,
    lists.filter((id) => id !== undefined),
    limits,
  );
  return new Map(
    ids.map((id, index) => [
      id,
      {
        name: shorten((names[index]?.value?.value as { name?: string } | null)?.name ?? ''),
        classes: classesOf(listed.get(lists[index] ?? '')),
      },
    ]),
  );
}

/** How exact a value is, in the server's words; undefined where it does not say. */
export function accuracyOf(
  variable: ServerNode,
  values: ReadonlyMap<string, unknown>,
  domains: AccuracyDomains,
): Accuracy | undefined {
  const node = findChild(variable, 'AccuracyClass');
  const told = node === undefined ? undefined : values.get(node.nodeId);
  const text = textOf(values.get(findChild(node, 'ValueAsText')?.nodeId ?? ''));
  const domainNode = findChild(variable, 'AccuracyDomain');
  const domainValue = domainNode === undefined ? undefined : values.get(domainNode.nodeId);
  const domain = domains.get(nodeIdOf(domainValue) ?? '');
  const domainName =
    domain?.name ?? (typeof domainValue === 'number' ? DOMAINS[domainValue] : textOf(domainValue));
  const number = typeof told === 'number' ? told : undefined;
  const name =
    (number === undefined ? undefined : domain?.classes.get(number)) ??
    text ??
    textOf(told) ??
    // The number stands for a class, and is none: 7 is not 7 %.
    (number === undefined ? undefined : `no. ${number}`);
  if (name === undefined) return undefined;
  return { class: name, ...(domainName === undefined || domainName === '' ? {} : { domain: domainName }) };
}

/** `IEC` of ACCURACY_DOMAIN_IEC */
function shorten(name: string): string {
  return name.replace(/^ACCURACY_DOMAIN_/, '');
}

function nodeIdOf(value: unknown): string | undefined {
  const isNodeId =
    typeof value === 'object' && value !== null && 'identifierType' in value && 'namespace' in value;
  return isNodeId ? (value as { toString(): string }).toString() : undefined;
}

/** Descriptions of EnumValues, "0,5%" of class 6: the number alone says nothing to people. */
function classesOf(list: unknown): Map<number, string> {
  const classes = new Map<number, string>();
  if (!Array.isArray(list)) return classes;
  for (const entry of list as { value?: unknown; description?: unknown }[]) {
    const number = Array.isArray(entry.value) ? Number(entry.value[1]) : Number(entry.value);
    const text = textOf(entry.description);
    if (Number.isInteger(number) && text !== undefined) classes.set(number, text.replaceAll(',', '.'));
  }
  return classes;
}
