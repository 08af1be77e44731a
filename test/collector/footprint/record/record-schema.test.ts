import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { recordContext } from '../../../../collector/footprint/record/record-context.ts';
import { recordSchema } from '../../../../collector/footprint/record/record-schema.ts';
import { samplePart, sampleUsePhase } from '../sample-record.ts';
import { publishedFiles } from './published-files.ts';

/* That schema and type have the same keys is held by the compiler: the shape is declared for the type. */

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(recordSchema());
const SAMPLES: [string, () => FootprintRecord][] = [
  ['use phase', sampleUsePhase],
  ['part', samplePart],
];

type Place = (string | number)[];

/** Every value in a JSON tree with the way to it, the innermost last. */
function* placesIn(value: unknown, place: Place = []): Iterable<[Place, unknown]> {
  yield [place, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* placesIn(inner, [...place, key]);
}

/** The record, written and read, with what is at the place put through a change. */
function changed(
  record: FootprintRecord,
  place: Place,
  change: (parent: Record<string, unknown>, key: string) => void,
) {
  const copy = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
  let parent = copy;
  for (const key of place.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  change(parent, String(place.at(-1)));
  return copy;
}

describe('the published files', () => {
  for (const { file, text } of publishedFiles())
    it(`${file.split('/').at(-1)} is what the declaration says now`, () => {
      const hint = 'out of date: run node test/collector/footprint/record/schema-writer.ts';
      expect(readFileSync(file, 'utf8'), hint).toBe(text);
    });
});

describe.each(SAMPLES)('the schema and a record of a %s', (_, sample) => {
  it('agree, and so does our own check', () => {
    expect(validate(sample()), JSON.stringify(validate.errors)).toBe(true);
    expect(checkRecord(JSON.parse(JSON.stringify(sample())))).toEqual([]);
  });

  it('allow a JSON-LD context beside the keys', () => {
    const withContext = { '@context': 'urn:millwatt:footprint-record:1:context', ...sample() };
    expect(validate(withContext)).toBe(true);
    expect(checkRecord(withContext)).toEqual([]);
  });

  it('both refuse an unknown key in any object, and a number where a decimal text stands', () => {
    let objects = 0;
    let decimals = 0;
    for (const [place, value] of placesIn(sample())) {
      const isOpen = ['parameters', 'components'].includes(String(place.at(-1)));
      if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isOpen) {
        objects++;
        const copy = changed(sample(), [...place, 'colour'], (parent, key) => (parent[key] = 'red'));
        expect(validate(copy), place.join('.')).toBe(false);
        expect(checkRecord(copy).join('\n')).toContain(
          `${['$', ...place].join('.').replaceAll(/\.(\d+)/g, '[$1]')}.colour`,
        );
      }
      if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) {
        decimals++;
        const copy = changed(sample(), place, (parent, key) => (parent[key] = Number(value)));
        expect(validate(copy), place.join('.')).toBe(false);
        expect(checkRecord(copy)).not.toEqual([]);
      }
    }
    expect(objects).toBeGreaterThan(40);
    expect(decimals).toBeGreaterThan(70);
  });

  it('both refuse a key that is missing, wherever it is', () => {
    for (const [place] of placesIn(sample())) {
      const parent = place.at(-2);
      if (place.length === 0 || parent === 'parameters' || parent === 'components') continue;
      if (parent === 'states' && place[0] === 'uncertainty') continue;
      if (/^\d+$/.test(String(place.at(-1)))) continue;
      const copy = changed(sample(), place, (object, key) => delete object[key]);
      expect(validate(copy), place.join('.')).toBe(false);
      expect(checkRecord(copy).join('\n')).toContain(`${String(place.at(-1))} is missing`);
    }
  });

  it.each([
    ['an exponent', ['activity', 'energyKwh'], '2.626e3'],
    ['a trailing zero', ['activity', 'energyKwh'], '2626.0'],
    ['a leading zero', ['activity', 'energyKwh'], '02626'],
    ['a plus', ['activity', 'energyKwh'], '+2626'],
    ['a comma', ['activity', 'energyKwh'], '2626,5'],
    ['minus zero', ['activity', 'residualKwh'], '-0'],
    ['negative energy', ['activity', 'energyKwh'], '-1'],
    ['a seventh digit', ['activity', 'energyKwh'], '2626.0000001'],
    ['a line break behind', ['activity', 'energyKwh'], '2626\n'],
    ['more than all', ['coverage', 'watchedPercent'], '100.1'],
    ['a UUID of chance', ['id'], '0417ddc4-d0d0-4f5f-8d08-59284b700331'],
    ['a UUID in capitals', ['id'], '0417DDC4-D0D0-5F5F-8D08-59284B700331'],
    ['a time of no zone', ['issued'], '2026-07-03T08:00:00.000'],
    ['another format', ['format'], 'millwatt-footprint/2'],
    ['an unknown state of evidence', ['evidence', 'status'], 'done'],
    ['an empty name', ['subject', 'name'], ' '],
    ['a product id that is no urn', ['subject', 'productIds', 0], 'mill-1'],
    ['no product id', ['subject', 'productIds'], []],
    ['a country in small letters', ['issuer', 'region', 'country'], 'vn'],
    ['null energy', ['activity', 'energyKwh'], null],
  ] as [string, Place, unknown][])('both refuse %s', (__, place, value) => {
    const copy = changed(sample(), place, (parent, key) => (parent[key] = value));
    expect(validate(copy)).toBe(false);
    expect(checkRecord(copy)).toHaveLength(1);
  });
});

describe('the JSON-LD context', () => {
  type Term = { '@id': string; '@type'?: string; '@container'?: string; '@context'?: Record<string, Term> };

  it('gives every key of the samples a meaning where it stands, and every decimal its type', () => {
    const { '@context': root } = recordContext() as unknown as { '@context': Record<string, Term> };
    const prefixes = ['mw', 'dcterms', 'xsd'];
    let typed = 0;
    const walk = (value: unknown, scope: Record<string, Term>, place: string) => {
      if (Array.isArray(value)) for (const item of value) walk(item, scope, `${place}[]`);
      else if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value)) {
          const term = scope[key];
          expect(term, `${place}.${key}`).toBeDefined();
          if (term === undefined) continue;
          expect(prefixes).toContain(term['@id'].split(':')[0]);
          expect(term['@container'] === '@list', `${place}.${key}`).toBe(Array.isArray(inner));
          if (typeof inner === 'string' && /^-?\d+\.\d+$/.test(inner) && key !== 'software') {
            typed++;
            expect(term['@type'], `${place}.${key}`).toBe('xsd:decimal');
          }
          if (typeof inner === 'string' && inner.endsWith('.000Z'))
            expect(term['@type'], `${place}.${key}`).toBe('xsd:dateTime');
          if (term['@type'] === '@json') continue;
          if (term['@container'] === '@index')
            for (const node of Object.values(inner as object))
              walk(node, term['@context'] ?? {}, `${place}.${key}.*`);
          else walk(inner, { ...scope, ...term['@context'] }, `${place}.${key}`);
        }
    };
    for (const [, sample] of SAMPLES) walk(sample(), root, '$');
    expect(typed).toBeGreaterThan(50);
  });

  it('reads the same word by where it stands', () => {
    const { '@context': root } = recordContext() as unknown as { '@context': Record<string, Term> };
    expect(root['period']?.['@context']?.['from']?.['@type']).toBe('xsd:dateTime');
    expect(root['sensitivity']?.['@context']?.['from']?.['@type']).toBe('xsd:decimal');
  });
});
