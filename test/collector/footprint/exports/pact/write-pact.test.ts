import { describe, expect, it } from 'vitest';
import { checkPact } from '../../../../../collector/footprint/exports/pact/check-pact.ts';
import type { ProductFootprint } from '../../../../../collector/footprint/exports/pact/product-footprint.ts';
import { pactFootprint, writePact } from '../../../../../collector/footprint/exports/pact/write-pact.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, SAMPLE_FACTOR, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { hasPactSchema, pactSchemaFaults } from './pact-schema.ts';

const ports = { uuidOf };

/** A part of which nothing but its electricity is known. */
function electricityAlone(): FootprintRecord {
  return {
    ...samplePart(),
    upstream: [],
    completeness: { isPartial: true, because: ['material and transport were not declared'] },
  };
}

/** The sample with wood in it, packed, whose material is only half primary. */
function packedPart(): FootprintRecord {
  const part = samplePart();
  const [steel] = part.upstream;
  if (steel === undefined) throw new Error('the sample has no steel');
  return {
    ...part,
    version: d('3'),
    upstream: [
      { ...steel, primaryPercent: d('50') },
      {
        ...steel,
        stage: 'packaging',
        name: 'wooden crate',
        kgCo2ePerUnit: d('-0.3'),
        biogenicUptakeKgCo2ePerUnit: d('-0.700001'),
        precedingId: null,
      },
    ],
  };
}

const records: [string, FootprintRecord][] = [
  ['a machine-hour', sampleUsePhase()],
  ['a part with its material', samplePart()],
  ['a part of which only the electricity is known', electricityAlone()],
  ['a packed part, issued a third time', packedPart()],
];

describe.each(records)('the PACT footprint of %s', (_, record) => {
  const files = writePact(record, ports);
  const footprint = JSON.parse(String(files[0]?.content)) as ProductFootprint;

  it('passes our own check', () => {
    expect(checkPact(files)).toEqual([]);
  });

  it.skipIf(!hasPactSchema)('passes the schema of PACT', () => {
    expect(pactSchemaFaults('ProductFootprint', footprint)).toEqual([]);
  });

  it('carries the record whole, and no number but in texts', () => {
    expect(footprint.extensions[0]?.data).toEqual(record);
    const { extensions: _native, ...own } = footprint;
    JSON.stringify(own, (_key, value: unknown) => {
      expect(typeof value).not.toBe('number');
      return value;
    });
  });
});

describe('a PACT footprint', () => {
  it('is of an hour without mass, and says that it is no use phase of a sold machine', () => {
    const { pcf, comment, ...rest } = pactFootprint(sampleUsePhase(), ports);
    expect(rest).toMatchObject({
      id: sampleUsePhase().id,
      status: 'Active',
      validityPeriodStart: '2026-06-30T17:00:00.000Z',
      validityPeriodEnd: '2029-06-30T17:00:00.000Z',
      productNameCompany: 'Mill 1, machine-hour',
      productClassifications: ['urn:unspsc:23153100'],
    });
    expect(rest).not.toHaveProperty('precedingPfIds');
    expect(pcf).toMatchObject({
      declaredUnitOfMeasurement: 'hour',
      declaredUnitAmount: '1',
      productMassPerDeclaredUnit: '0',
      pcfExcludingBiogenicUptake: '2.419596',
      pcfIncludingBiogenicUptake: '2.419596',
      fossilGhgEmissions: '2.419596',
      geographyCountry: 'VN',
      ipccCharacterizationFactors: ['AR5'],
      primaryDataShare: '0',
      dqi: { technologicalDQR: '1', geographicalDQR: '2', temporalDQR: '1' },
      secondaryEmissionFactorSources: [{ name: SAMPLE_FACTOR.source, version: SAMPLE_FACTOR.id }],
    });
    expect(comment).toContain('does not cover the use phase of a machine that is sold');
    expect(comment).not.toContain('vidence package');
    expect(comment).toContain('of the energy 2.3 %, of the emissions from electricity 10.3 %');
    expect(comment).toContain('official, that electricity would be 3.462118 kg CO2e');
    expect(pcf.boundaryProcessesDescription).toContain('Not included: compressed air; tools');
  });

  it('is of a piece with its mass; its total is electricity and material to the last digit', () => {
    const { pcf, comment } = pactFootprint(samplePart(), ports);
    expect(pcf).toMatchObject({
      declaredUnitOfMeasurement: 'piece',
      productMassPerDeclaredUnit: '3.2',
      fossilCarbonContent: '0.013',
      pcfIncludingBiogenicUptake: '5.689798',
      packagingEmissionsIncluded: false,
    });
    expect(comment).not.toContain('Partial footprint');
    const { machines, kind } = samplePart().subject;
    const { from, to } = samplePart().period;
    expect(comment).toContain(`of ${machines.join(', ')} from ${from} to ${to} (millwatt export evidence`);
    expect(comment).toContain(`Which share of them the ${kind} was given`);
    expect(pcf.boundaryProcessesDescription).toContain('footprint 3c0d2f2e-8f3a-4b5f-9f0e-0a7a3f2f9b10');
  });

  it('rates declared parts by their kg, what nobody told of them as the worst, and says what that was', () => {
    const part = samplePart();
    const [steel] = part.upstream;
    if (steel === undefined) throw new Error('the sample has no steel');
    const ratings = (...upstream: typeof part.upstream) => pactFootprint({ ...part, upstream }, ports);
    // (1.209798 x 1 + 4.48 x 5) / 5.689798 = 4.1495; (1.209798 x 2 + 4.48 x 5) / 5.689798 = 4.3621; each rounded up.
    const silent = ratings(steel);
    expect(silent.pcf.dqi).toEqual({
      technologicalDQR: '4.15',
      geographicalDQR: '4.37',
      temporalDQR: '4.15',
    });
    expect(silent.comment).toContain(
      'scores that nobody told count as 5: material steel bar 42CrMo4, 4.1 kg (technological, geographical, temporal).',
    );
    // (1.209798 x 1 + 4.48 x 2) / 5.689798 = 1.7874; (1.209798 x 2 + 4.48 x 1) / 5.689798 = 1.2126.
    const told = ratings({ ...steel, scores: { technological: '2', geographical: '1' } });
    expect(told.pcf.dqi).toEqual({ technologicalDQR: '1.79', geographicalDQR: '1.22', temporalDQR: '4.15' });
    expect(told.comment).toContain('count as 5: material steel bar 42CrMo4, 4.1 kg (temporal).');
    // An uptake hides nothing: 4.48 kg taken up weigh as much as 4.48 kg emitted.
    const uptake = ratings({ ...steel, kgCo2ePerUnit: d('-4.48'), biogenicUptakeKgCo2ePerUnit: d('-4.48') });
    expect(uptake.pcf.dqi.technologicalDQR).toBe('4.15');
    const whole = ratings({ ...steel, scores: { technological: '1', geographical: '1', temporal: '1' } });
    expect(whole.comment).toContain('weighted by kg of CO2e.');
  });

  it('takes biogenic uptake and packaging apart, and names sources of parts that are not wholly primary', () => {
    const { pcf } = pactFootprint(packedPart(), ports);
    // 1.209798 + 4.48 - 0.3, and that without the uptake of 0.700001.
    expect(pcf).toMatchObject({
      pcfIncludingBiogenicUptake: '5.389798',
      pcfExcludingBiogenicUptake: '6.089799',
      fossilGhgEmissions: '6.089799',
      biogenicCO2Uptake: '-0.700001',
      packagingEmissionsIncluded: true,
      packagingGhgEmissions: '0.400001',
    });
    expect(pcf.secondaryEmissionFactorSources).toContainEqual({
      name: 'supplier declaration 2026-02',
      version: 'not stated',
    });
  });

  it('says first that it is partial, also when the record forgot to', () => {
    expect(pactFootprint(electricityAlone(), ports).comment).toMatch(
      /^Partial footprint: material and transport were not declared\. /,
    );
    const forgetful = { ...electricityAlone(), completeness: { isPartial: false, because: [] } };
    expect(pactFootprint(forgetful, ports).comment).toMatch(
      /^Partial footprint: electricity of the machine alone/,
    );
  });

  it('has a new id with each issue, and names the earlier ones', () => {
    const ids = [1, 2, 3].map((version) =>
      pactFootprint({ ...samplePart(), version: d(String(version)) }, ports),
    );
    expect(ids[0]?.id).toBe(samplePart().id);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(3);
    expect(ids[2]?.precedingPfIds).toEqual([ids[0]?.id, ids[1]?.id]);
    expect(ids[1]?.precedingPfIds).toEqual([ids[0]?.id]);
  });

  it('has no secondary sources where all data are the supplier’s own', () => {
    const record = sampleUsePhase();
    record.evidence.factors = record.evidence.factors.map((row) => ({ ...row, isSupplierSpecific: true }));
    expect(pactFootprint(record, ports).pcf).not.toHaveProperty('secondaryEmissionFactorSources');
    expect(checkPact(writePact(record, ports))).toEqual([]);
  });

  it('names an upstream factor where one was added', () => {
    const record = sampleUsePhase();
    const upstream = {
      ...SAMPLE_FACTOR,
      id: 'up/VN/2025',
      boundary: 'upstream' as const,
      gwp: 'AR6' as const,
    };
    record.evidence.factors.push(upstream);
    expect(pactFootprint(record, ports).pcf.ipccCharacterizationFactors).toEqual(['AR5']);
    const [used] = record.emissions[0]?.factors ?? [];
    if (used !== undefined) used.upstream = upstream.id;
    const { pcf } = pactFootprint(record, ports);
    expect(pcf.ipccCharacterizationFactors).toEqual(['AR5', 'AR6']);
    expect(pcf.secondaryEmissionFactorSources?.map(({ version }) => version)).toContain('up/VN/2025');
  });

  it('takes the declared end of its validity, within three years', () => {
    const until = (validUntil: string) => pactFootprint(sampleUsePhase(), { uuidOf, validUntil });
    expect(until('2027-06-30T17:00:00.000Z').validityPeriodEnd).toBe('2027-06-30T17:00:00.000Z');
    for (const bad of ['2029-06-30T17:00:00.001Z', '2026-06-30T17:00:00.000Z', 'soon'])
      expect(() => until(bad)).toThrowError(expect.objectContaining({ code: 'bad-validity' }));
  });

  it('is valid three years from a leap day, and no day longer', () => {
    const record = sampleUsePhase();
    record.period.to = '2028-02-29T00:00:00.000Z';
    expect(pactFootprint(record, ports).validityPeriodEnd).toBe('2031-02-28T00:00:00.000Z');
  });
});

describe('what PACT demands and nobody declared', () => {
  const withFactor = (change: object): FootprintRecord => {
    const record = sampleUsePhase();
    record.evidence.factors = record.evidence.factors.map((row) => ({ ...row, ...change }));
    return record;
  };
  const refusals: [string, FootprintRecord, string][] = [
    ['emissions', { ...sampleUsePhase(), emissions: [] }, 'no-emissions'],
    [
      'a row of factors',
      { ...sampleUsePhase(), evidence: { ...sampleUsePhase().evidence, factors: [] } },
      'no-factor-row',
    ],
    ['mass', { ...samplePart(), subject: { ...samplePart().subject, massKgPerUnit: null } }, 'not-declared'],
    [
      'fossil carbon',
      { ...samplePart(), subject: { ...samplePart().subject, fossilCarbonKgPerUnit: null } },
      'not-declared',
    ],
    ['warming potentials', withFactor({ gwp: null }), 'gwp-not-stated'],
  ];
  it.each(refusals)('is asked for, not invented: %s', (_, record, code) => {
    expect(() => writePact(record, ports)).toThrowError(expect.objectContaining({ remedy: 'refuse', code }));
  });

  it('is not asked for of a factor of CO2 alone, whose potential is 1 in every set', () => {
    const { pcf, comment } = pactFootprint(withFactor({ gwp: null, gases: 'CO2' }), ports);
    expect(pcf.ipccCharacterizationFactors).toEqual(['AR6']);
    expect(comment).toContain('counts CO2 alone, whose warming potential is 1');
  });

  it('is said where some rows state their set of warming potentials and one does not', () => {
    const record = sampleUsePhase();
    const [statement] = record.emissions;
    const row = { ...SAMPLE_FACTOR, id: 'mine/VN/2025', gwp: null };
    record.evidence.factors.push(row);
    if (statement !== undefined)
      record.emissions[0] = {
        ...statement,
        factors: [...statement.factors, { id: row.id, energyKwh: d('0'), kgCo2e: d('0') }],
      };
    const { pcf, comment } = pactFootprint(record, ports);
    expect(pcf.ipccCharacterizationFactors).toEqual(['AR5']);
    expect(comment).toContain('not stated by mine/VN/2025');
  });
});

const nativeOf = ({ extensions }: ProductFootprint) => (extensions[0]?.data ?? {}) as FootprintRecord;

/** Ways to break a footprint, and whether PACT's schema can see it; ours sees all. */
const BROKEN: [what: string, breakIt: (footprint: ProductFootprint) => void, schemaSees: boolean][] = [
  ['an exponent', ({ pcf }) => Object.assign(pcf, { pcfIncludingBiogenicUptake: '2.4e0' }), true],
  ['a number for a decimal', ({ pcf }) => Object.assign(pcf, { declaredUnitAmount: 1 }), true],
  [
    'a unit that PACT does not have',
    ({ pcf }) => Object.assign(pcf, { declaredUnitOfMeasurement: 'machine-hour' }),
    true,
  ],
  ['two geographies', ({ pcf }) => Object.assign(pcf, { geographyRegionOrSubregion: 'Asia' }), true],
  ['a field left out', ({ pcf }) => Reflect.deleteProperty(pcf, 'fossilCarbonContent'), true],
  ['an id that is none', (footprint) => Object.assign(footprint, { id: 'mill-1' }), true],
  ['a product id that is no URN', ({ productIds }) => productIds.splice(0, 1, 'housing-7'), true],
  ['no product ids', ({ productIds }) => productIds.splice(0), true],
  ['a company id twice', ({ companyIds }) => companyIds.push(...companyIds), true],
  ['no set of warming potentials', ({ pcf }) => pcf.ipccCharacterizationFactors.splice(0), true],
  ['an empty list of sources', ({ pcf }) => pcf.secondaryEmissionFactorSources?.splice(0), true],
  ['a status that PACT does not have', (footprint) => Object.assign(footprint, { status: 'Draft' }), true],
  ['a date without time', (footprint) => Object.assign(footprint, { created: '2026-07-03' }), true],
  ['no primary data share', ({ pcf }) => Reflect.deleteProperty(pcf, 'primaryDataShare'), false],
  ['a rating of 6', ({ pcf }) => Object.assign(pcf.dqi, { temporalDQR: '6' }), false],
  ['a rating of 0', ({ pcf }) => Object.assign(pcf.dqi, { temporalDQR: '0' }), false],
  ['a version of its own', (footprint) => Object.assign(footprint, { version: 1 }), false],
  [
    'validity of more than three years',
    (footprint) => Object.assign(footprint, { validityPeriodEnd: '2029-07-01T00:00:00.000Z' }),
    false,
  ],
  [
    'validity from before the end of the period',
    (footprint) => Object.assign(footprint, { validityPeriodStart: '2026-06-01T00:00:00.000Z' }),
    false,
  ],
  [
    'a total that is off by a mg',
    ({ pcf }) => Object.assign(pcf, { pcfIncludingBiogenicUptake: '5.689799' }),
    false,
  ],
  [
    'all three totals off by a mg',
    ({ pcf }) =>
      Object.assign(pcf, {
        pcfIncludingBiogenicUptake: '5.689799',
        pcfExcludingBiogenicUptake: '5.689799',
        fossilGhgEmissions: '5.689799',
      }),
    false,
  ],
  ['packaging that is not included', ({ pcf }) => Object.assign(pcf, { packagingGhgEmissions: '1' }), false],
  [
    'another mass than its record',
    ({ pcf }) => Object.assign(pcf, { productMassPerDeclaredUnit: '3.3' }),
    false,
  ],
  ['another country than its record', ({ pcf }) => Object.assign(pcf, { geographyCountry: 'TH' }), false],
  ['another rating than its record', ({ pcf }) => Object.assign(pcf.dqi, { temporalDQR: '2' }), false],
  ['the rating of its electricity alone', ({ pcf }) => Object.assign(pcf.dqi, { temporalDQR: '1' }), false],
  ['a rating rounded down', ({ pcf }) => Object.assign(pcf.dqi, { temporalDQR: '4.14' }), false],
  [
    'another period than its record',
    ({ pcf }) => Object.assign(pcf, { referencePeriodStart: '2026-06-01T00:00:00.000Z' }),
    false,
  ],
  [
    'another primary share than its record',
    ({ pcf }) => Object.assign(pcf, { primaryDataShare: '80' }),
    false,
  ],
  [
    'a source of secondary data left out',
    ({ pcf }) => Reflect.deleteProperty(pcf, 'secondaryEmissionFactorSources'),
    false,
  ],
  [
    'a partial footprint that does not say so',
    (footprint) =>
      Object.assign(nativeOf(footprint), { completeness: { isPartial: true, because: ['tools'] } }),
    false,
  ],
  [
    'another id than its record and its file',
    (footprint) => Object.assign(footprint, { id: sampleUsePhase().id }),
    false,
  ],
];

describe('a broken copy', () => {
  it.each(BROKEN)('is refused: %s', (_, breakIt, schemaSees) => {
    const footprint = structuredClone(pactFootprint(samplePart(), ports));
    breakIt(footprint);
    const faults = checkPact([{ path: `${samplePart().id}.json`, content: JSON.stringify(footprint) }]);
    expect(faults).not.toEqual([]);
    expect(faults[0]).toMatch(/^6234f7f0-5043-5601-b772-8cebea2048e7\.json: \S/);
    if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', footprint).length > 0).toBe(schemaSees);
  });

  it('is refused that is no JSON, and one whose record has lost its parts', () => {
    expect(checkPact([{ path: 'a.json', content: '{' }])[0]).toMatch(/^a\.json: cannot be read/);
    const footprint = structuredClone(pactFootprint(samplePart(), ports));
    Reflect.deleteProperty(nativeOf(footprint), 'upstream');
    expect(checkPact([{ path: `${footprint.id}.json`, content: JSON.stringify(footprint) }])).not.toEqual([]);
  });
});
