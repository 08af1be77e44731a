import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ExportFile } from '../../../../../collector/footprint/exports/export-file.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

const YAML = sharedFile('schemas/olca-schema/yaml');
/** Whether the classes of olca-schema are there. */
export const HAS_OLCA_CLASSES = existsSync(YAML);

interface Property {
  name: string;
  type: string;
}
interface Described {
  class?: { name: string; superClass?: string; properties?: Property[] };
  enum?: { name: string; items: { name: string }[] };
}

/** Fields and types of every object of a package, against the classes of olca-schema. */
export function openOlcaClasses(): (files: readonly ExportFile[]) => string[] {
  const described = readdirSync(YAML).map(
    (name) => parse(readFileSync(join(YAML, name), 'utf8')) as Described,
  );
  const classes = new Map(described.flatMap((one) => (one.class ? [[one.class.name, one.class]] : [])));
  const enums = new Map(
    described.flatMap((one) =>
      one.enum ? [[one.enum.name, new Set(one.enum.items.map(({ name }) => name))]] : [],
    ),
  );
  const propertiesOf = (name: string): Property[] => {
    const found = classes.get(name);
    if (found === undefined) throw new Error(`no class ${name}`);
    const above = found.superClass === undefined ? [] : propertiesOf(found.superClass);
    return [...above, ...(found.properties ?? [])];
  };

  function* check(type: string, value: unknown, place: string): Iterable<string> {
    const [, outer, inner = ''] = /^(List|Ref)\[(.*)\]$/.exec(type) ?? [];
    const fault = `${place}: ${JSON.stringify(value)} is no ${type}`;
    if (outer === 'List') {
      if (!Array.isArray(value)) yield fault;
      else for (const [index, one] of value.entries()) yield* check(inner, one, `${place}[${index}]`);
    } else if (outer === 'Ref') {
      yield* checkObject('Ref', value, place, inner);
    } else if (enums.has(type)) {
      if (!enums.get(type)?.has(String(value))) yield fault;
    } else if (classes.has(type)) yield* checkObject(type, value, place, type);
    else if (!isOf(type, value)) yield fault;
  }
  function* checkObject(name: string, value: unknown, place: string, type: string): Iterable<string> {
    if (typeof value !== 'object' || value === null) {
      yield `${place}: ${JSON.stringify(value)} is no ${type}`;
      return;
    }
    const known = propertiesOf(name);
    for (const [key, one] of Object.entries(value)) {
      // openLCA keeps this on every data set; olca-schema does not name it.
      if (key === 'otherProperties') continue;
      const property = known.find((candidate) => candidate.name === key);
      if (property === undefined) yield `${place}.${key}: ${name} has no such field`;
      else if (key === '@type') {
        if (one !== type) yield `${place}.@type: ${String(one)} is not ${type}`;
      } else yield* check(property.type, one, `${place}.${key}`);
    }
  }
  return (files) =>
    files
      .filter(({ path }) => path !== 'openlca.json')
      .flatMap(({ path, content }) => {
        const value = JSON.parse(String(content)) as { '@type': string };
        return classes.has(value['@type'])
          ? [...check(value['@type'], value, path)]
          : [`${path}: ${value['@type']} is no class`];
      });
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'double':
      return typeof value === 'number' && Number.isFinite(value);
    case 'int':
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
    case 'dateTime':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) && value.endsWith('Z');
    default:
      throw new Error(`${type} is a type that this check does not know`);
  }
}
