import type { ExportFile } from '../export-file.ts';
import { KINDS, walk, type DataSetKind, type Element } from './data-set.ts';
import { checkDataSets, type ReadDataSet } from './check-data-sets.ts';
import { uriOf } from './xml-writer.ts';

/** How files of a package are called and read. */
export interface PackageForm {
  /** In front of the folder of a kind: `ILCD/` or nothing. */
  above: string;
  extension: 'xml' | 'json';
  /** The outermost element as the file has it; throws an `Error` whose message goes behind the file's name. */
  read: (text: string) => Element;
  /** Attributes that the format has on the outermost element. */
  rootAttributes: (kind: DataSetKind) => Readonly<Record<string, string>>;
}

/** What is wrong with the files of a package, each fault with the file; empty for a sound one. */
export function checkPackage(files: readonly ExportFile[], form: PackageForm): string[] {
  const faults: string[] = [];
  const read: ReadDataSet[] = [];
  for (const { path, content } of files) {
    const say = (fault: string) => faults.push(`${path}: ${fault}`);
    const place = placeOf(path, form);
    if (place === null) {
      say(`is no file of this package, which has ${form.above}<kind>/<uuid>.${form.extension}`);
      continue;
    }
    try {
      const text =
        typeof content === 'string' ? content : new TextDecoder('utf-8', { fatal: true }).decode(content);
      const root = form.read(text);
      for (const fault of rootFaults(root, form.rootAttributes(place.kind))) say(fault);
      for (const fault of addressFaults(root, form)) say(fault);
      read.push({ path, ...place, root: { ...withoutAddresses(root), attributes: {} } });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return [...faults, ...checkDataSets(read)];
}

function placeOf(path: string, { above, extension }: PackageForm): { kind: DataSetKind; id: string } | null {
  const match = /^([a-z]+)\/([0-9a-f-]{36})\.([a-z]+)$/.exec(
    path.startsWith(above) ? path.slice(above.length) : '',
  );
  const [, kind = '', id = '', its] = match ?? [];
  return Object.hasOwn(KINDS, kind) && its === extension ? { kind: kind as DataSetKind, id } : null;
}

function rootFaults({ name, attributes }: Element, right: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(attributes), ...Object.keys(right)]);
  return [...names]
    .filter((key) => attributes[key] !== right[key])
    .map(
      (key) =>
        `${name} has ${key}=${JSON.stringify(attributes[key])}, but must have ${JSON.stringify(right[key])}`,
    );
}

function addressFaults(root: Element, { extension }: PackageForm): string[] {
  return [...walk(root)].flatMap(([part, way]) => {
    const right = uriOf(part, extension);
    const { uri } = part.attributes;
    return uri === right
      ? []
      : [`${way} has uri=${JSON.stringify(uri)}, but the file is ${JSON.stringify(right)}`];
  });
}

/** The element as a data set has it before it is written. */
export function withoutAddresses({ name, attributes, content }: Element): Element {
  const { uri: _, ...kept } = attributes;
  return {
    name,
    attributes: kept,
    content: typeof content === 'string' ? content : content.map(withoutAddresses),
  };
}
