import type { ExportFile } from '../export-file.ts';
import { checkDqEntry, checkExchanges } from './check-exchanges.ts';
import { FOLDERS } from './entity.ts';
import {
  fieldsOf,
  isFields,
  listOf,
  readPackage,
  say,
  type Fields,
  type PackageContent,
} from './package-reader.ts';

/**
 * What an importer of a package would stumble over or, worse, leave out without a word: files in the wrong place, ids
 * that are not theirs, references that lead nowhere, units and flow properties that openLCA does not find, and what
 * Brightway reads in places of its own. Each fault names the file, the place and the value; empty when there is none.
 */
export function checkOpenlca(files: readonly ExportFile[]): string[] {
  const faults: string[] = [];
  const content = readPackage(files, faults);
  const units = new Map<string, string>();
  for (const { path, type, root } of content.roots) {
    const found = [...checkRefs(root, '', content)];
    if (type === 'Process') found.push(...checkProcess(root, content));
    if (type === 'Flow') found.push(...checkFlow(root));
    if (type === 'UnitGroup') found.push(...checkGroup(root, units, path));
    if (type === 'Location' && (typeof root['code'] !== 'string' || root['code'] === ''))
      found.push(`code ${say(root['code'])} is empty, and Brightway reads it`);
    faults.push(...found.map((fault) => `${path}: ${fault}`));
  }
  return faults;
}

/** References to data sets, at any depth: each must be in the package, under the name that it has there. */
function* checkRefs(value: unknown, place: string, content: PackageContent): Iterable<string> {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) yield* checkRefs(one, `${place}[${index}]`, content);
    return;
  }
  if (!isFields(value)) return;
  const type = value['@type'];
  // Units are looked up where they are used; the data set itself is not a reference.
  if (place !== '' && value['@id'] !== undefined && type !== 'Unit') {
    const found = content.find(String(type), value['@id']);
    if (typeof type !== 'string' || !(type in FOLDERS)) yield `${place}.@type ${say(type)} is not known`;
    else if (found === undefined) yield `${place}.@id ${say(value['@id'])} is no ${type} of the package`;
    else if (found['name'] !== value['name'])
      yield `${place}.name ${say(value['name'])} is called ${say(found['name'])}`;
  }
  for (const [key, one] of Object.entries(value))
    if (key !== 'otherProperties') yield* checkRefs(one, place === '' ? key : `${place}.${key}`, content);
}

function* checkProcess(dataSet: Fields, content: PackageContent): Iterable<string> {
  const { processType, location } = dataSet;
  if (processType !== 'UNIT_PROCESS' && processType !== 'LCI_RESULT')
    yield `processType ${say(processType)} is not known`;
  if (!isFields(location)) yield `location ${say(location)} is missing, and Brightway reads it`;
  yield* checkDqEntry(dataSet['dqEntry'], dataSet['dqSystem'], content);
  const documentation = fieldsOf(dataSet['processDocumentation']);
  for (const field of ['validFrom', 'validUntil']) {
    const date = documentation[field];
    if (date !== undefined && (typeof date !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(date)))
      yield `processDocumentation.${field} ${say(date)} is no date`;
  }
  yield* checkExchanges(dataSet, content);
}

function* checkFlow(flow: Fields): Iterable<string> {
  if (flow['flowType'] !== 'PRODUCT_FLOW' && flow['flowType'] !== 'ELEMENTARY_FLOW')
    yield `flowType ${say(flow['flowType'])} is none that we write`;
  const references = listOf(flow['flowProperties']).filter((factor) => factor['isRefFlowProperty'] === true);
  if (references.length !== 1) yield `flowProperties: ${references.length} are the reference, not 1`;
  for (const { conversionFactor } of references)
    if (conversionFactor !== 1) yield `flowProperties: the reference has the factor ${say(conversionFactor)}`;
}

function* checkGroup(group: Fields, units: Map<string, string>, path: string): Iterable<string> {
  const own = listOf(group['units']);
  const references = own.filter((unit) => unit['isRefUnit'] === true);
  if (references.length !== 1) yield `units: ${references.length} are the reference, not 1`;
  for (const { conversionFactor } of references)
    if (conversionFactor !== 1) yield `units: the reference has the factor ${say(conversionFactor)}`;
  for (const unit of own) {
    const id = String(unit['@id']);
    if (!(Number(unit['conversionFactor']) > 0))
      yield `units: ${say(unit['name'])} has the factor ${say(unit['conversionFactor'])}`;
    const earlier = units.get(id);
    if (earlier !== undefined) yield `units: ${say(id)} is in ${earlier}, too`;
    units.set(id, path);
  }
}
