import { compareDecimals, decimalOf, minus, plus, times, type Decimal } from '../../figures/decimal.ts';
import { contentFaults } from './check-content.ts';
import {
  find,
  kindOfReference,
  KINDS,
  partsOf,
  textAt,
  walk,
  type DataSetKind,
  type Element,
} from './data-set.ts';

/** A file of a package that was read. */
export interface ReadDataSet {
  path: string;
  kind: DataSetKind;
  /** From the file's name. */
  id: string;
  /** Without the attributes that the format adds outside, and without addresses. */
  root: Element;
}

/** What a reference in an element of a name must point to. */
const TARGETS: Readonly<Record<string, DataSetKind>> = {
  referenceToFlowDataSet: 'flows',
  referenceToFlowPropertyDataSet: 'flowproperties',
  referenceToReferenceUnitGroup: 'unitgroups',
  referenceToDataSource: 'sources',
  'common:referenceToDataSetFormat': 'sources',
  'common:referenceToComplianceSystem': 'sources',
  'common:referenceToOwnershipOfDataSet': 'contacts',
  'common:referenceToCommissioner': 'contacts',
  'common:referenceToPersonOrEntityEnteringTheData': 'contacts',
};
const PERCENT = decimalOf('0.01');
/** Limits are rounded to nine digits. */
const ROUNDING = decimalOf('0.0000000005');

/**
 * What is wrong with a package of data sets, each fault with file, place and value: content, ids, every reference (resolved
 * among the files, to the right kind and version), units down to the reference unit, exchanges and their limits.
 */
export function checkDataSets(files: readonly ReadDataSet[]): string[] {
  const byId = new Map(files.map((file) => [file.id, file]));
  const faults = files.flatMap((file) => {
    const content = contentFaults(file.kind, file.root);
    // Only what has the right parts can be asked for their meaning.
    const meaning = content.length > 0 ? [] : [...headFaults(file), ...meaningFaults(file, byId)];
    return [...content, ...referenceFaults(file, byId), ...meaning].map((fault) => `${file.path}: ${fault}`);
  });
  if (byId.size < files.length) faults.push('two files of the package have the same id');
  if (!files.some(({ kind }) => kind === 'processes')) faults.push('the package has no process');
  return [...faults, ...unusedFaults(files)];
}

function headFaults({ kind, id, root }: ReadDataSet): string[] {
  const faults = root.name === KINDS[kind].root ? [] : [`is a ${root.name}, but lies in ${kind}`];
  const [information] = partsOf(root);
  const inside = information && textAt(information, 'dataSetInformation/common:UUID');
  return inside === id ? faults : [...faults, `common:UUID is ${inside}, but the file is called ${id}`];
}

function referenceFaults({ root }: ReadDataSet, byId: ReadonlyMap<string, ReadDataSet>): string[] {
  return referencesIn(root).flatMap(([part, way]) => {
    const { type, refObjectId = '', version } = part.attributes;
    const target = byId.get(refObjectId);
    const kind = kindOfReference(type);
    const right = TARGETS[part.name];
    if (kind === undefined || kind !== right)
      return [`${way} has type=${JSON.stringify(type)}, but must point to ${right ?? 'nothing'}`];
    if (target === undefined) return [`${way} points to ${refObjectId}, which is not in the package`];
    const faults =
      target.kind === kind ? [] : [`${way} points to ${refObjectId}, which lies in ${target.kind}`];
    const its = versionOf(target.root);
    return version === its
      ? faults
      : [...faults, `${way} points to version ${version}, but the file has ${its}`];
  });
}

const referencesIn = (root: Element) =>
  [...walk(root)].filter(([{ attributes }]) => 'refObjectId' in attributes);

const versionOf = (root: Element) =>
  textAt(root, 'administrativeInformation/publicationAndOwnership/common:dataSetVersion');

function meaningFaults({ kind, root }: ReadDataSet, byId: ReadonlyMap<string, ReadDataSet>): string[] {
  if (kind === 'processes') return exchangeFaults(root);
  if (kind === 'unitgroups')
    return oneFaults(
      root,
      'unitGroupInformation/quantitativeReference/referenceToReferenceUnit',
      'units',
      'unit',
    );
  if (kind !== 'flows') return [];
  const faults = oneFaults(
    root,
    'flowInformation/quantitativeReference/referenceToReferenceFlowProperty',
    'flowProperties',
    'flowProperty',
  );
  for (const property of partsOf(find(root, 'flowProperties') ?? root)) {
    const id = find(property, 'referenceToFlowPropertyDataSet')?.attributes['refObjectId'] ?? '';
    const its = byId.get(id)?.root;
    const group =
      its && find(its, 'flowPropertiesInformation/quantitativeReference/referenceToReferenceUnitGroup');
    if (!byId.has(group?.attributes['refObjectId'] ?? ''))
      faults.push(`flowProperties/flowProperty ${id} leads to no unit group of the package`);
  }
  return faults;
}

/** The reference among numbered parts must be there, each number only once, and the reference is 1 of itself. */
function oneFaults(root: Element, way: string, listWay: string, name: string): string[] {
  const wanted = textAt(root, way);
  const parts = partsOf(find(root, listWay) ?? root);
  const ids = parts.map(({ attributes }) => attributes['dataSetInternalID']);
  const faults =
    new Set(ids).size < ids.length ? [`${listWay} has a dataSetInternalID twice: ${ids.join(', ')}`] : [];
  const part = parts.find(({ attributes }) => attributes['dataSetInternalID'] === wanted);
  if (part === undefined) return [...faults, `${way} is ${wanted}, but ${listWay} has ${ids.join(', ')}`];
  const mean = textAt(part, 'meanValue');
  return mean === '1'
    ? faults
    : [...faults, `${listWay}/${name} ${wanted} is the reference, but its meanValue is ${mean}`];
}

function exchangeFaults(root: Element): string[] {
  const exchanges = partsOf(find(root, 'exchanges') ?? root);
  const ids = exchanges.map(({ attributes }) => attributes['dataSetInternalID']);
  const faults =
    new Set(ids).size < ids.length ? [`exchanges has a dataSetInternalID twice: ${ids.join(', ')}`] : [];
  const way = 'processInformation/quantitativeReference/referenceToReferenceFlow';
  const wanted = textAt(root, way);
  const reference = exchanges.find(({ attributes }) => attributes['dataSetInternalID'] === wanted);
  if (reference === undefined) faults.push(`${way} is ${wanted}, but exchanges has ${ids.join(', ')}`);
  else {
    const amount = textAt(reference, 'meanAmount') ?? '0';
    const direction = textAt(reference, 'exchangeDirection');
    if (direction !== 'Output' || compareDecimals(decimalOf(amount), decimalOf('0')) <= 0)
      faults.push(`exchange ${wanted} is the reference flow, but is ${direction} of ${amount}`);
  }
  return [...faults, ...exchanges.flatMap(spreadFaults)];
}

/** Mean, limits and spread must say one thing. */
function spreadFaults(exchange: Element): string[] {
  const place = `exchange ${exchange.attributes['dataSetInternalID']}`;
  const mean = textAt(exchange, 'meanAmount') ?? '';
  const resulting = textAt(exchange, 'resultingAmount');
  const faults =
    resulting === mean ? [] : [`${place} has meanAmount ${mean}, but resultingAmount ${resulting}`];
  const spread = textAt(exchange, 'relativeStandardDeviation95In');
  const limits = [textAt(exchange, 'minimumAmount'), textAt(exchange, 'maximumAmount')] as const;
  const isNormal = textAt(exchange, 'uncertaintyDistributionType') === 'normal';
  if ((spread !== undefined) !== isNormal || (limits[1] !== undefined) !== isNormal)
    return [...faults, `${place} has a part of an uncertainty, but not all of it`];
  if (spread === undefined)
    return limits[0] === undefined ? faults : [...faults, `${place} has a minimumAmount of no uncertainty`];
  const half = times(times(decimalOf(mean), decimalOf(spread)), PERCENT);
  for (const [name, limit, right] of [
    ['minimumAmount', limits[0], minus(decimalOf(mean), half)],
    ['maximumAmount', limits[1], plus(decimalOf(mean), half)],
  ] as const)
    if (limit !== undefined && !isNear(decimalOf(limit), right))
      faults.push(`${place} has ${name} ${limit}, which is not ${mean} with ${spread} %`);
  return faults;
}

function isNear(a: Decimal, b: Decimal): boolean {
  const apart = minus(a, b);
  const size = apart.digits < 0n ? { ...apart, digits: -apart.digits } : apart;
  return compareDecimals(size, ROUNDING) <= 0;
}

/** A data set that no process leads to was put there by somebody else. */
function unusedFaults(files: readonly ReadDataSet[]): string[] {
  const reached = new Set(files.filter(({ kind }) => kind === 'processes').map(({ id }) => id));
  const byId = new Map(files.map((file) => [file.id, file]));
  for (const id of reached) {
    const file = byId.get(id);
    if (file !== undefined)
      for (const [{ attributes }] of referencesIn(file.root)) reached.add(attributes['refObjectId'] ?? '');
  }
  return files.filter(({ id }) => !reached.has(id)).map(({ path }) => `${path}: nothing refers to it`);
}
