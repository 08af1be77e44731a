/** Folder of each type in a package. */
export const FOLDERS = {
  Process: 'processes',
  Flow: 'flows',
  FlowProperty: 'flow_properties',
  UnitGroup: 'unit_groups',
  Location: 'locations',
  DQSystem: 'dq_systems',
  Actor: 'actors',
  Source: 'sources',
} as const;
export type RootType = keyof typeof FOLDERS;

/** A data set with a file of its own. */
export interface RootEntity {
  '@type': RootType;
  '@id': string;
  name: string;
  /** `MM.mm.ppp` */
  version: string;
  [field: string]: unknown;
}

/** Names a data set from another one. */
export interface Ref {
  '@type': RootType | 'Unit';
  '@id': string;
  name: string;
}

/**
 * Version of what openLCA's reference data has as well: the lowest there is, so that an import that replaces what is older
 * never replaces a database's own units and locations by our few.
 */
export const REFERENCE_VERSION = '00.00.000';
/** Version of data sets of ours that no re-issue changes. */
export const FIRST_VERSION = '01.00.000';

/** A data set of a type. */
export function entity(
  type: RootType,
  id: string,
  fields: { name: string; version: string; [field: string]: unknown },
): RootEntity {
  return { '@type': type, '@id': id, ...fields };
}

/** What another data set names it by. */
export function refTo({ '@type': type, '@id': id, name }: RootEntity): Ref {
  return { '@type': type, '@id': id, name };
}

/** `03.00.000` of the third issue; from the hundredth on the patch counts, and after that the minor version: order is kept. */
export function versionOf(issue: number): string {
  const major = Math.min(issue, 99);
  const rest = issue - major;
  return [pad(major, 2), pad(Math.floor(rest / 1000), 2), pad(rest % 1000, 3)].join('.');
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
