import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkAas } from '../../../../../collector/footprint/exports/aas/check-aas.ts';
import { writeAas } from '../../../../../collector/footprint/exports/aas/write-aas.ts';
import { pactFootprint } from '../../../../../collector/footprint/exports/pact/write-pact.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { aasCoreFaults } from './aas-core.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

const TEMPLATE = sharedFile('schemas/idta-aas/IDTA-02023-1-0-1_CarbonFootprint_aas3.0.json');
const PACT_ENDPOINT = 'https://pact.example.com';

interface Element {
  modelType: string;
  idShort?: string;
  semanticId: object;
  value?: string | Element[];
  valueType?: string;
  valueTypeListElement?: string;
  typeValueListElement?: string;
  semanticIdListElement?: object;
  description?: { text: string }[];
  qualifiers?: { type: string; value: string }[];
}
interface Environment {
  submodels: {
    id: string;
    semanticId: object;
    administration: { templateId: string };
    submodelElements: Element[];
  }[];
}

const textOf = (record: FootprintRecord, pactEndpoint?: string) =>
  String(writeAas(record, { uuidOf, ...(pactEndpoint !== undefined && { pactEndpoint }) })[0]?.content);

function electricityAlone(): FootprintRecord {
  return {
    ...samplePart(),
    upstream: [],
    completeness: { isPartial: true, because: ['material and transport were not declared'] },
  };
}

const records: [string, FootprintRecord, string | undefined][] = [
  ['a machine-hour', sampleUsePhase(), undefined],
  ['a machine-hour that a PACT API has too', sampleUsePhase(), PACT_ENDPOINT],
  ['a part with its material', samplePart(), PACT_ENDPOINT],
  ['a part of which only the electricity is known', electricityAlone(), undefined],
];

describe.each(records)('the submodel of %s', (_, record, pactEndpoint) => {
  const files = writeAas(record, { uuidOf, ...(pactEndpoint !== undefined && { pactEndpoint }) });
  const environment = JSON.parse(String(files[0]?.content)) as Environment;

  it('passes our own check and that of the reference library', () => {
    expect(checkAas(files)).toEqual([]);
    expect(aasCoreFaults(environment)).toEqual([]);
  });

  it.skipIf(!existsSync(TEMPLATE))(
    'has every element that the template demands, and each as it is there',
    () => {
      const template = JSON.parse(readFileSync(TEMPLATE, 'utf8')) as Environment;
      const [theirs, ours] = [template.submodels[0], environment.submodels[0]];
      expect(ours?.semanticId).toEqual(theirs?.semanticId);
      expect(ours?.administration).toMatchObject({
        templateId: theirs?.administration.templateId,
      });
      compare(ours?.submodelElements ?? [], theirs?.submodelElements ?? [], '', false);
    },
  );
});

/** Holds elements against those of the template, by name, and those of lists against the one that lists have there. */
function compare(ours: Element[], theirs: Element[], place: string, isList: boolean): void {
  for (const [at, element] of ours.entries()) {
    const model = isList
      ? theirs[0]
      : (theirs.find(({ idShort }) => idShort === element.idShort) ??
        theirs.find(({ idShort }) => idShort === 'ArbitraryContent'));
    const where = `${place}/${element.idShort ?? at}`;
    expect(model, where).toBeDefined();
    const keys = [
      'modelType',
      'semanticId',
      'valueType',
      'valueTypeListElement',
      'typeValueListElement',
    ] as const;
    for (const key of [...keys, 'semanticIdListElement'] as const)
      expect(element[key], `${where} ${key}`).toEqual(model?.[key]);
    if (Array.isArray(element.value) && Array.isArray(model?.value))
      compare(element.value, model.value, where, element.modelType === 'SubmodelElementList');
  }
  if (isList) return;
  const demanded = theirs.filter(({ qualifiers = [] }) =>
    qualifiers.some(({ type, value }) => type === 'SMT/Cardinality' && value === 'One'),
  );
  const names = ours.map(({ idShort }) => idShort);
  for (const { idShort } of demanded) expect(names, `${place} has ${idShort}`).toContain(idShort);
}

describe('a carbon footprint submodel', () => {
  it('is of B6 and an hour in use, of A1 and A3 and a piece where material was declared', () => {
    const use = textOf(sampleUsePhase());
    expect(use).toContain('"value": "B6 - usage energy consumption"');
    expect(use).toContain('"value": "h"');
    expect(use).toContain('"value": "2.419596"');
    expect(use).not.toContain('A3 - production');
    const part = textOf(samplePart());
    expect(part).toContain('"value": "5.689798"');
    for (const phrase of ['A1 - raw material supply', 'A3 - production', '"value": "piece"'])
      expect(part).toContain(phrase);
    expect(part).not.toContain('A2 -');
    const [steel] = samplePart().upstream;
    if (steel === undefined) throw new Error('the sample has no steel');
    const stages = (['transport', 'packaging'] as const).map((stage) => ({ ...steel, stage }));
    const phases = textOf({ ...samplePart(), upstream: stages });
    expect(phases.match(/"[AB]\d - /g)).toEqual(['"A2 - ', '"A3 - ']);
    const electricity = textOf(electricityAlone());
    expect(electricity).toContain('A3 - production');
    expect(electricity).not.toContain('A1 -');
  });

  it('says first that it is partial', () => {
    const { submodels } = JSON.parse(textOf(electricityAlone())) as Environment;
    const [footprint] = (submodels[0]?.submodelElements[0]?.value ?? []) as Element[];
    expect(footprint?.description?.[0]?.text).toMatch(
      /^Partial footprint: material and transport were not declared\./,
    );
    expect(textOf(samplePart())).not.toContain('Partial footprint');
  });

  it('tells where a PACT API has the same footprint, when there is one', () => {
    const { id, comment } = pactFootprint(samplePart(), { uuidOf });
    const text = textOf(samplePart(), PACT_ENDPOINT);
    expect(text).toContain(`"value": "${PACT_ENDPOINT}"`);
    expect(text).toContain(`"value": "/3/footprints/${id}"`);
    expect(text).toContain(JSON.stringify(comment));
    expect(textOf(samplePart())).not.toContain('ExternalPcfApi');
  });

  it('keeps its id over a re-issue, and counts its version', () => {
    const [first, second] = ['1', '2'].map(
      (version) => (JSON.parse(textOf({ ...samplePart(), version: d(version) })) as Environment).submodels[0],
    );
    expect(second?.id).toBe(first?.id);
    expect(second?.administration).toMatchObject({ version: '2' });
  });

  it('cuts what is longer than the format allows, and never within a character', () => {
    for (const shift of ['', 'x']) {
      const long = { isPartial: true, because: [`${shift}${'𝄞'.repeat(1000)}`] };
      const files = writeAas({ ...samplePart(), completeness: long }, { uuidOf });
      expect(checkAas(files)).toEqual([]);
      expect(aasCoreFaults(JSON.parse(String(files[0]?.content)))).toEqual([]);
      expect(String(files[0]?.content)).toContain('𝄞…');
    }
  });

  it('writes no character that the standard forbids', () => {
    const part = samplePart();
    part.subject.description = 'Housing\u0000 \u0007\uD800, 主轴箱';
    part.remarks = ['a\u0001b'];
    const files = writeAas(part, { uuidOf, pactEndpoint: PACT_ENDPOINT });
    expect(checkAas(files)).toEqual([]);
    expect(aasCoreFaults(JSON.parse(String(files[0]?.content)))).toEqual([]);
    expect(String(files[0]?.content)).toContain('Housing\uFFFD \uFFFD\uFFFD, 主轴箱');
  });

  it('names further ids of the product', () => {
    const part = samplePart();
    part.subject.productIds.push('urn:gtin:4712345060507');
    const files = writeAas(part, { uuidOf });
    expect(checkAas(files)).toEqual([]);
    expect(aasCoreFaults(JSON.parse(String(files[0]?.content)))).toEqual([]);
    expect(String(files[0]?.content)).toContain('urn:gtin:4712345060507');
  });
});

/** Ways to break the text of the sample part, and whether the reference library can see it; ours sees all. */
const BROKEN: [what: string, from: string | RegExp, to: string, librarySees: boolean][] = [
  ['an exponent in a decimal', '"value": "5.689798"', '"value": "5.689798e0"', true],
  ['a type that there is not', '"valueType": "xs:decimal"', '"valueType": "decimal"', true],
  ['a date without time', '"value": "2026-07-03T08:00:00.000Z"', '"value": "2026-07-03"', true],
  ['an element without name', '"idShort": "PcfCO2eq",', '', true],
  [
    'a list that says it holds something else',
    /"valueTypeListElement": "xs:string"/,
    '"valueTypeListElement": "xs:int"',
    true,
  ],
  ['a version of words', '"version": "1"', '"version": "first"', true],
  ['a reference of no kind', '"type": "ExternalReference"', '"type": "Reference"', true],
  ['a control character', 'Spindle housing', 'Spindle\\u0007housing', true],
  ['half a character', 'Spindle housing', 'Spindle\\ud800housing', true],
  ['another meaning', '0173-1#02-ABG855#003', '0173-1#02-ABG999#003', false],
  ['an element left out', /"idShort": "PcfCO2eq"/, '"idShort": "PcfCO2"', false],
  ['a value under another name', '0173-1#07-ABU210#003', '0173-1#07-ABU208#003', false],
  ['a phase that there is not', '"A3 - production"', '"A3 - manufacture"', false],
  [
    'use in a footprint of production',
    /"A3 - production"([^]*?)0173-1#07-ABU210#003/,
    '"B6 - usage energy consumption"$10173-1#07-ABV500#003',
    false,
  ],
  ['an end before the publication', '"value": "2029-', '"value": "2025-', false],
  [
    'a shell of another submodel',
    /"type": "Submodel",\s*"value": "urn:uuid:./,
    '"type": "Submodel","value": "urn:uuid:x',
    false,
  ],
  ['no address with https', 'https://pact.example.com', 'http://pact.example.com', false],
  ['a query for no footprint', '/3/footprints/6', '/2/footprints/6', false],
  ['another template', 'IDTA 02023-1-0', 'IDTA 02023-0-9', false],
];

describe('a broken copy', () => {
  it.each(BROKEN)('is refused: %s', (_, from, to, librarySees) => {
    const text = textOf(samplePart(), PACT_ENDPOINT);
    const broken = text.replace(from, to);
    expect(broken).not.toBe(text);
    const faults = checkAas([{ path: 'part.aas.json', content: broken }]);
    expect(faults[0]).toMatch(/^part\.aas\.json: \S+/);
    expect(aasCoreFaults(JSON.parse(broken)).length > 0).toBe(librarySees);
  });

  it('is refused that is no JSON', () => {
    expect(checkAas([{ path: 'a.json', content: '{' }])[0]).toMatch(/^a\.json: cannot be read/);
  });
});
