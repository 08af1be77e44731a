import type { ExportFile } from '../export-file.ts';
import { FOLDERS, type RootType } from './entity.ts';

/** An object of a parsed file, whatever is in it. */
export type Fields = Readonly<Record<string, unknown>>;

/** The data sets of a package by type and id, read as an importer reads them. */
export interface PackageContent {
  /** Path and content of each data set. */
  roots: { path: string; type: RootType; root: Fields }[];
  /** The data set of a type and id; undefined where there is none. */
  find: (type: string, id: unknown) => Fields | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const VERSION = /^\d\d\.\d\d\.\d{3}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const TYPES = new Map(Object.entries(FOLDERS).map(([type, folder]) => [folder as string, type as RootType]));

/** Reads the files of a package; what is wrong with a file as such is added to the faults. */
export function readPackage(files: readonly ExportFile[], faults: string[]): PackageContent {
  const roots: PackageContent['roots'] = [];
  const byKey = new Map<string, Fields>();
  const paths = new Map<string, string>();
  for (const { path, content } of files) {
    const value = parse(content);
    if (!isFields(value)) {
      faults.push(`${path}: not a JSON object`);
      continue;
    }
    if (path === 'openlca.json') {
      if (value['schemaVersion'] !== 2)
        faults.push(`${path}: schemaVersion ${say(value['schemaVersion'])} is not 2`);
      continue;
    }
    const [folder = '', name = '', ...deeper] = path.split('/');
    const type = TYPES.get(folder);
    if (type === undefined || deeper.length > 0) {
      faults.push(`${path}: in no folder that is read`);
      continue;
    }
    const id = value['@id'];
    if (value['@type'] !== type) faults.push(`${path}: @type ${say(value['@type'])} is not ${type}`);
    if (typeof id !== 'string' || !UUID.test(id)) faults.push(`${path}: @id ${say(id)} is no UUID`);
    if (name !== `${String(id)}.json`) faults.push(`${path}: @id ${say(id)} is not the name of the file`);
    const earlier = paths.get(String(id));
    if (earlier !== undefined) faults.push(`${path}: @id ${say(id)} is that of ${earlier}, too`);
    paths.set(String(id), path);
    checkHead(path, value, faults);
    byKey.set(`${type} ${String(id)}`, value);
    roots.push({ path, type, root: value });
  }
  if (!files.some(({ path }) => path === 'openlca.json'))
    faults.push('openlca.json: not there, so readers take the package for one of version 1');
  return { roots, find: (type, id) => byKey.get(`${type} ${String(id)}`) };
}

/** Whether a value is an object with fields. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; empty for anything else. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** The object of a field; empty for anything else. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** A value as a fault names it. */
export function say(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function checkHead(path: string, root: Fields, faults: string[]): void {
  const { name, version, lastChange } = root;
  if (typeof name !== 'string' || name === '') faults.push(`${path}: name ${say(name)} is empty`);
  if (typeof version !== 'string' || !VERSION.test(version))
    faults.push(`${path}: version ${say(version)} is not MM.mm.ppp`);
  if (lastChange !== undefined && (typeof lastChange !== 'string' || !INSTANT.test(lastChange)))
    faults.push(`${path}: lastChange ${say(lastChange)} is no instant`);
}

function parse(content: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof content === 'string' ? content : new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
}
