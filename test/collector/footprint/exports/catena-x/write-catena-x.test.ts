import { describe, expect, it } from 'vitest';
import { checkCatenaX } from '../../../../../collector/footprint/exports/catena-x/check-catena-x.ts';
import { writeCatenaX } from '../../../../../collector/footprint/exports/catena-x/write-catena-x.ts';
import { pactFootprint } from '../../../../../collector/footprint/exports/pact/write-pact.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { catenaXSchemaFaults, hasCatenaXSchema } from './catena-x-schema.ts';

const ports = { uuidOf };

const textOf = (record: FootprintRecord) => String(writeCatenaX(record, ports)[0]?.content);

/** A part in wood, of which the record says that it is not all. */
function partialPart(): FootprintRecord {
  const part = samplePart();
  const [steel] = part.upstream;
  if (steel === undefined) throw new Error('the sample has no steel');
  const crate = {
    ...steel,
    stage: 'packaging' as const,
    kgCo2ePerUnit: d('-0.3'),
    biogenicUptakeKgCo2ePerUnit: d('-0.700001'),
  };
  return {
    ...part,
    version: d('2'),
    upstream: [...part.upstream, crate],
    completeness: { isPartial: true, because: ['transport was not declared'] },
  };
}

const records: [string, FootprintRecord][] = [
  ['a machine-hour', sampleUsePhase()],
  ['a part with its material', samplePart()],
  ['a partial part in wood', partialPart()],
];

describe.each(records)('the Catena-X footprint of %s', (_, record) => {
  const files = writeCatenaX(record, ports);
  const pcf = JSON.parse(String(files[0]?.content)) as object;

  it('passes our own check', () => {
    expect(checkCatenaX(files)).toEqual([]);
  });

  it.skipIf(!hasCatenaXSchema)('passes the schema of Catena-X', () => {
    expect(catenaXSchemaFaults(pcf)).toEqual([]);
  });

  it('has the id, the figures and the words of the PACT footprint', () => {
    const pact = pactFootprint(record, ports);
    const text = String(files[0]?.content);
    expect(files[0]?.path).toBe(`${pact.id}.catena-x.json`);
    for (const name of [
      'pcfIncludingBiogenicUptake',
      'pcfExcludingBiogenicUptake',
      'biogenicCO2Uptake',
    ] as const)
      expect(text).toMatch(new RegExp(`"${name}": ${pact.pcf[name].replaceAll('.', '\\.')},?\n`));
    expect(text).toContain(`"primaryDataShare": ${pact.pcf.primaryDataShare},`);
    for (const name of ['technologicalDQR', 'geographicalDQR', 'temporalDQR'] as const)
      expect(text).toMatch(new RegExp(`"${name}": ${pact.pcf.dqi[name].replaceAll('.', '\\.')},?\n`));
    expect(text).toContain(JSON.stringify(pact.comment).slice(1, -1));
  });
});

describe('a Catena-X footprint', () => {
  it('says first that it is partial', () => {
    expect(textOf(partialPart())).toContain('"comment": "Partial footprint: transport was not declared.');
    expect(textOf(samplePart())).not.toContain('Partial footprint');
  });

  it('writes numbers in the digits of the record, whatever a double would make of them', () => {
    const part = samplePart();
    const [statement] = part.emissions;
    if (statement !== undefined)
      part.emissions[0] = { ...statement, perUnitKgCo2e: d('123456789012345.000001') };
    const tiny = { ...part.subject, massKgPerUnit: d('0.0000001') };
    const text = textOf({ ...part, subject: tiny });
    expect(text).toContain('"productMassPerDeclaredUnit": 0.0000001,');
    expect(text).toContain('"pcfIncludingBiogenicUptake": 123456789012349.480001,');
    expect(text).not.toMatch(/\de[+-]?\d+[,\n]/);
  });

  it('names the subregion of the country, and refuses a country that is none', () => {
    expect(textOf(sampleUsePhase())).toContain('"geographyRegionOrSubregion": "South-eastern Asia"');
    const record = sampleUsePhase();
    record.issuer.region.country = 'EU';
    expect(() => writeCatenaX(record, ports)).toThrowError(expect.objectContaining({ code: 'no-region' }));
  });

  it('names one set of warming potentials, or says that none is stated', () => {
    const record = sampleUsePhase();
    const withGwp = (gwp: 'AR5' | 'AR6' | null) => {
      record.evidence.factors = record.evidence.factors.map((row) => ({ ...row, gwp }));
      return textOf(record);
    };
    expect(withGwp('AR6')).toContain('"ipccCharacterizationFactors": "AR6"');
    expect(withGwp(null)).toContain('"ipccCharacterizationFactors": "unspecified"');
    withGwp('AR6');
    const [statement] = record.emissions;
    const [row] = record.evidence.factors;
    if (statement === undefined || row === undefined) throw new Error('the sample has no factors');
    const mine = { ...row, id: 'mine/VN/2025' };
    record.emissions[0] = {
      ...statement,
      factors: [...statement.factors, { id: mine.id, energyKwh: d('0'), kgCo2e: d('0') }],
    };
    for (const gwp of ['AR5', null] as const) {
      record.evidence.factors = [row, { ...mine, gwp }];
      expect(textOf(record), String(gwp)).toContain('"ipccCharacterizationFactors": "unspecified"');
    }
  });
});

/** Ways to break the text of the sample part, and whether the schema of Catena-X can see it; ours sees all. */
const BROKEN: [what: string, from: string | RegExp, to: string, schemaSees: boolean][] = [
  ['a decimal as a text', '"declaredUnitAmount": 1', '"declaredUnitAmount": "1"', true],
  ['an amount of 0', '"declaredUnitAmount": 1', '"declaredUnitAmount": 0', true],
  ['a unit that it does not have', '"piece"', '"machine-hour"', true],
  ['more left out than 10 %', '"exemptedEmissionsPercent": 0', '"exemptedEmissionsPercent": 10.1', true],
  ['a rating of 6', '"temporalDQR": 4.15', '"temporalDQR": 6', true],
  ['a region that there is not', '"South-eastern Asia"', '"South East Asia"', true],
  ['a scope that it does not have', '"Cradle-to-gate"', '"Gate-to-gate"', true],
  ['an id that is none', /"id": "[^"]*"/, '"id": "mill-1"', true],
  ['emissions below 0', '"fossilGhgEmissions": 5', '"fossilGhgEmissions": -5', true],
  ['a product id that is no URI', '"urn:pact:example.com:part:housing-7"', '"housing 7"', true],
  ['a field left out', /"massBalancingUsed": false,/, '', true],
  ['an exponent', '"productMassPerDeclaredUnit": 3.2', '"productMassPerDeclaredUnit": 32e-1', false],
  ['a region elsewhere', '"South-eastern Asia"', '"Eastern Asia"', false],
  ['a version of its own', '"version": 0', '"version": 1', false],
  [
    'a total that is off by a mg',
    '"pcfIncludingBiogenicUptake": 5.689798',
    '"pcfIncludingBiogenicUptake": 5.689799',
    false,
  ],
  ['another part as fossil', '"fossilGhgEmissions": 5.689798', '"fossilGhgEmissions": 5', false],
  [
    'packaging included without figure',
    '"packagingEmissionsIncluded": false',
    '"packagingEmissionsIncluded": true',
    false,
  ],
  ['validity of four years', '"validityPeriodEnd": "2029', '"validityPeriodEnd": "2030', false],
  [
    'validity from before the end',
    '"validityPeriodStart": "2026-06-30',
    '"validityPeriodStart": "2026-06-29',
    false,
  ],
  ['an end before the start', '"referencePeriodStart": "2026', '"referencePeriodStart": "2028', false],
  ['a whole service that weighs', '"piece"', '"hour"', false],
];

describe('a broken copy', () => {
  it.each(BROKEN)('is refused: %s', (_, from, to, schemaSees) => {
    const [file] = writeCatenaX(samplePart(), ports);
    const text = String(file?.content);
    const broken = text.replace(from, to);
    expect(broken).not.toBe(text);
    const faults = checkCatenaX([{ path: file?.path ?? '', content: broken }]);
    expect(faults[0]).toMatch(/^6234f7f0-5043-5601-b772-8cebea2048e7\.catena-x\.json: [a-z]/);
    if (hasCatenaXSchema) expect(catenaXSchemaFaults(JSON.parse(broken)).length > 0).toBe(schemaSees);
  });

  it('is refused that is no JSON, or has two footprints in a group of one', () => {
    expect(checkCatenaX([{ path: 'a.json', content: '{' }])[0]).toMatch(/^a\.json: cannot be read/);
    const [file] = writeCatenaX(samplePart(), ports);
    const pcf = JSON.parse(String(file?.content)) as { general: object[] };
    pcf.general.push({ comment: 'another' });
    expect(checkCatenaX([{ path: file?.path ?? '', content: JSON.stringify(pcf) }])[0]).toContain(
      'more than one',
    );
  });
});
