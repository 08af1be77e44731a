import { describe, expect, it } from 'vitest';
import { checkAas } from '../../../../../collector/footprint/exports/aas/check-aas.ts';
import { writeAas } from '../../../../../collector/footprint/exports/aas/write-aas.ts';
import { checkCatenaX } from '../../../../../collector/footprint/exports/catena-x/check-catena-x.ts';
import { writeCatenaX } from '../../../../../collector/footprint/exports/catena-x/write-catena-x.ts';
import type { ExportFile } from '../../../../../collector/footprint/exports/export-file.ts';
import { checkPact } from '../../../../../collector/footprint/exports/pact/check-pact.ts';
import { writePact } from '../../../../../collector/footprint/exports/pact/write-pact.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { samplePart, sampleUsePhase } from '../../sample-record.ts';

/*
 * Every place of a file is broken once in each of several ways, and each copy has to be refused, with the file's name: so
 * no field is written that the check does not look at.
 */

type Way = (parent: Record<string, unknown>, key: string) => void;
const WAYS: Readonly<Record<string, Way>> = {
  'made null': (parent, key) => (parent[key] = null),
  'made a list in a list': (parent, key) => (parent[key] = [[]]),
  'made an object': (parent, key) => (parent[key] = { a: 1 }),
  'made an empty text': (parent, key) => (parent[key] = ''),
  'made a number below all': (parent, key) => (parent[key] = -1e300),
};

/** Paths of everything in a value, the native record of a PACT footprint left out: its own check has its own tests. */
function placesIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || path.at(-1) === 'data') return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function broken(value: unknown, path: string[], way: Way): string {
  const copy: unknown = structuredClone(value);
  let parent = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  way(parent, path.at(-1) ?? '');
  return JSON.stringify(copy);
}

const formats: [string, readonly ExportFile[], (files: readonly ExportFile[]) => string[]][] = [
  ['PACT', writePact(sampleUsePhase(), { uuidOf }), checkPact],
  ['Catena-X', writeCatenaX(sampleUsePhase(), { uuidOf }), checkCatenaX],
  ['AAS', writeAas(samplePart(), { uuidOf, pactEndpoint: 'https://pact.example.com' }), checkAas],
];

describe.each(formats)('every place of a file of %s', (name, [file], check) => {
  const value: unknown = JSON.parse(String(file?.content));
  const places = placesIn(value).filter((path) => path.length > 0);

  it.each(Object.keys(WAYS))('is refused when it is %s', (wayName) => {
    expect(places.length).toBeGreaterThan(40);
    const way = WAYS[wayName] as Way;
    const taken = places.filter((path) => {
      const faults = check([{ path: file?.path ?? '', content: broken(value, path, way) }]);
      return faults.length === 0 || !faults.every((fault) => fault.startsWith(`${file?.path}: `));
    });
    expect(taken.map((path) => path.join('.'))).toEqual([]);
  });

  it('is refused when it is left out, but for what a footprint may lack', () => {
    const taken = places.filter((path) => {
      const content = broken(value, path, (parent, key) => Reflect.deleteProperty(parent, key));
      // Items of lists are holes then, which JSON writes as null.
      return check([{ path: file?.path ?? '', content }]).length === 0;
    });
    // Those of PACT are missed all the same, because its record has them.
    const optional = new Set(
      name === 'PACT' ? [] : ['productClassifications', 'secondaryEmissionFactorSources', 'description'],
    );
    expect(taken.map((path) => path.at(-1)).filter((key) => !optional.has(key ?? ''))).toEqual([]);
  });
});
