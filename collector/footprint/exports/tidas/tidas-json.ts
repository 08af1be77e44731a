import {
  COMMON_NAMESPACE,
  KINDS,
  partsOf,
  type DataSet,
  type DataSetKind,
  type Element,
} from '../ilcd/data-set.ts';
import { uriOf } from '../ilcd/xml-writer.ts';

/** A member of a TIDAS file. */
export type Json = string | number | Json[] | { [key: string]: Json };

/** Years are the only numbers: amounts are texts in this format too. */
const YEARS = ['common:referenceYear', 'common:dataSetValidUntil'];
/** Lists even of one. Classes are one object where a kind has one level, and the list of a foreign classification is a list too. */
const LISTS = ['exchange', 'common:category'];
const CLASSES_ARE_LISTS: readonly DataSetKind[] = ['processes', 'flows', 'contacts'];

/** Attributes of the outermost member. */
export function tidasRootAttributes(kind: DataSetKind): Record<string, string> {
  const { namespace, schema } = KINDS[kind];
  const hasLocations = kind === 'processes' || kind === 'flows';
  return {
    'xmlns:common': COMMON_NAMESPACE,
    xmlns: namespace,
    ...(kind === 'flows'
      ? { 'xmlns:ecn': 'http://eplca.jrc.ec.europa.eu/ILCD/Extensions/2018/ECNumber' }
      : {}),
    'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    version: '1.1',
    ...(hasLocations ? { locations: '../ILCDLocations.xml' } : {}),
    'xsi:schemaLocation': `${namespace} ../../schemas/${schema}`,
  };
}

/** A data set as a file of TIDAS: every element a member, every attribute a member with `@`, its text `#text`. */
export function writeTidasJson({ kind, root }: Pick<DataSet, 'kind' | 'root'>): string {
  const whole = { [root.name]: write({ ...root, attributes: tidasRootAttributes(kind) }, kind) };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function write(part: Element, kind: DataSetKind): Json {
  const uri = uriOf(part, 'json');
  const attributes = Object.entries(uri === undefined ? part.attributes : { ...part.attributes, uri });
  const written: { [key: string]: Json } = Object.fromEntries(
    attributes.map(([name, value]) => [`@${name}`, value]),
  );
  if (typeof part.content === 'string') {
    if (attributes.length === 0) return YEARS.includes(part.name) ? Number(part.content) : part.content;
    return part.content === '' ? written : { ...written, '#text': part.content };
  }
  const groups = Map.groupBy(partsOf(part), ({ name }) => name);
  for (const [name, same] of groups) {
    const members = same.map((one) => write(one, kind));
    const [first] = members;
    written[name] = members.length > 1 || first === undefined || isList(name, part, kind) ? members : first;
  }
  return written;
}

/** A classification with a name is one of several that a data set may have: TIDAS takes those as a list. */
function isList(name: string, within: Element, kind: DataSetKind): boolean {
  if (name === 'common:class') return CLASSES_ARE_LISTS.includes(kind);
  if (name === 'common:classification')
    return partsOf(within).some((one) => one.name === name && one.attributes['name'] !== undefined);
  return LISTS.includes(name);
}

/** What makes a JSON value no data set. */
export class TidasFault extends Error {
  override readonly name = 'TidasFault';
}

/** The outermost element of a TIDAS file that was parsed; throws `TidasFault`. Attributes are still those of the file. */
export function readTidasJson(value: unknown): Element {
  const members = Object.entries(isObject(value) ? value : {});
  const [first] = members;
  if (first === undefined || members.length > 1)
    throw new TidasFault('has not exactly one member, the data set');
  const [root] = read(first[0], first[1]);
  if (root === undefined) throw new TidasFault('is empty');
  return root;
}

function read(name: string, value: unknown): Element[] {
  if (typeof value === 'string') return [{ name, attributes: {}, content: value }];
  if (typeof value === 'number') return [{ name, attributes: {}, content: String(value) }];
  if (Array.isArray(value)) return value.flatMap((one) => read(name, one));
  if (!isObject(value)) throw new TidasFault(`has ${JSON.stringify(value)} in ${name}`);
  const attributes = Object.entries(value).filter(([key]) => key.startsWith('@'));
  for (const [key, text] of attributes)
    if (typeof text !== 'string') throw new TidasFault(`has an attribute ${key} in ${name} that is no text`);
  const { '#text': text } = value;
  if (text !== undefined && typeof text !== 'string')
    throw new TidasFault(`has a #text in ${name} that is none`);
  const parts = Object.entries(value)
    .filter(([key]) => !key.startsWith('@') && key !== '#text')
    .flatMap(([key, inner]) => read(key, inner));
  if (text !== undefined && parts.length > 0) throw new TidasFault(`has text between the members of ${name}`);
  return [
    {
      name,
      attributes: Object.fromEntries(attributes.map(([key, inner]) => [key.slice(1), String(inner)])),
      content: parts.length > 0 ? parts : (text ?? ''),
    },
  ];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
