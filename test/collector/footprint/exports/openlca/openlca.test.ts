import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ExportFile } from '../../../../../collector/footprint/exports/export-file.ts';
import { checkOpenlca } from '../../../../../collector/footprint/exports/openlca/check-openlca.ts';
import { versionOf } from '../../../../../collector/footprint/exports/openlca/entity.ts';
import { locationOf } from '../../../../../collector/footprint/exports/openlca/locations.ts';
import { writeOpenlca } from '../../../../../collector/footprint/exports/openlca/write-openlca.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { HAS_OLCA_CLASSES, openOlcaClasses } from './olca-classes.ts';

interface Exchange {
  amount: number;
  isInput: boolean;
  isQuantitativeReference: boolean;
  description?: string;
  flow: { '@id': string; name: string };
  unit: { name: string };
  defaultProvider?: { '@id': string };
  uncertainty?: { geomMean: number; geomSd: number };
  dqEntry?: string;
}
interface Process {
  '@id': string;
  name: string;
  description: string;
  version: string;
  lastChange: string;
  processType: string;
  tags?: string[];
  dqEntry?: string;
  exchanges: Exchange[];
  processDocumentation: Record<string, unknown>;
  otherProperties?: { millwatt: Record<string, unknown> };
}

const filesOf = (record: FootprintRecord) => writeOpenlca(record, { uuidOf });
const processesOf = (files: readonly ExportFile[]) =>
  files
    .filter(({ path }) => path.startsWith('processes/'))
    .map(({ content }) => JSON.parse(String(content)) as Process);
const findProcess = (files: readonly ExportFile[], id: string) => {
  const found = processesOf(files).find((process) => process['@id'] === id);
  if (found === undefined) throw new Error(`no process ${id}`);
  return found;
};

/** Kg of CO2 that a process causes with all that stands behind it, as a product system of default providers has it. */
function emitted(files: readonly ExportFile[], id: string): number {
  return findProcess(files, id).exchanges.reduce((sum, { amount, isInput, flow, defaultProvider }) => {
    if (flow.name.startsWith('Carbon dioxide')) return sum + (isInput ? -amount : amount);
    return defaultProvider === undefined ? sum : sum + amount * emitted(files, defaultProvider['@id']);
  }, 0);
}

const partialPart = (): FootprintRecord => {
  const part = samplePart();
  return {
    ...part,
    version: d('3'),
    completeness: { isPartial: true, because: ['No transport was declared'] },
    upstream: [
      ...part.upstream,
      {
        stage: 'packaging',
        name: 'pallet',
        kgCo2ePerUnit: d('-0.3'),
        biogenicUptakeKgCo2ePerUnit: d('-0.5'),
        source: 'supplier declaration 2026-02',
        primaryPercent: d('0'),
        precedingId: null,
      },
    ],
  };
};
/** Two rows, with losses, of a record without a stated uncertainty. */
const mixed = (): FootprintRecord => {
  const record = sampleUsePhase();
  const [first] = record.emissions;
  const ids = record.evidence.factors.map(({ id }) => id) as [string, string];
  if (first === undefined) throw new Error('no statement');
  return {
    ...record,
    uncertainty: { ...record.uncertainty, expandedPercent: null, missing: ['class of the meter'] },
    emissions: [
      {
        ...first,
        factors: [
          { id: ids[0], energyKwh: d('1626'), kgCo2e: d('749.0982') },
          { id: ids[1], energyKwh: d('1000'), kgCo2e: d('659.2') },
        ],
        lossesKgCo2e: d('70.41491'),
        kgCo2e: d('1478.71311'),
        perUnitKgCo2e: d('2.957426'),
        expandedPercent: null,
      },
    ],
  };
};
const withoutEmissions = (): FootprintRecord => ({ ...sampleUsePhase(), emissions: [], sensitivity: [] });

const records: [string, () => FootprintRecord][] = [
  ['use phase', sampleUsePhase],
  ['part', samplePart],
  ['partial part, re-issued, with an uptake', partialPart],
  ['mix of factors with losses', mixed],
  ['record without emissions', withoutEmissions],
];

describe.each(records)('the openLCA package of a %s', (_, recordOf) => {
  const record = recordOf();
  const files = filesOf(record);

  it('passes our check, and is the same each time', () => {
    expect(checkOpenlca(files)).toEqual([]);
    expect(filesOf(recordOf())).toEqual(files);
  });

  it.skipIf(!HAS_OLCA_CLASSES)('has no field and no type that olca-schema does not have', () => {
    expect(openOlcaClasses()(files)).toEqual([]);
  });

  it('takes the record’s kWh, and causes its kg of CO2e, once', () => {
    const process = findProcess(files, record.id);
    const electricity = process.exchanges.filter(({ unit }) => unit.name === 'kWh');
    expect(electricity.map(({ amount }) => String(amount))).toEqual([record.activity.perUnitKwh]);
    expect(process.exchanges.filter(({ flow }) => flow.name.startsWith('Carbon'))).toEqual([]);
    const declared = record.upstream.reduce((sum, part) => sum + Number(part.kgCo2ePerUnit), 0);
    const expected = Number(record.emissions[0]?.perUnitKgCo2e ?? 0) + declared;
    expect(Math.abs(emitted(files, record.id) - expected)).toBeLessThan(1e-6);
  });

  it('keeps what a re-issue keeps: ids; and raises the version', () => {
    const next = filesOf({ ...record, version: d('7'), issued: '2026-09-01T00:00:00.000Z' });
    expect(next.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
    for (const { version, lastChange } of processesOf(next))
      expect([version, lastChange]).toEqual(['07.00.000', '2026-09-01T00:00:00.000Z']);
  });
});

describe('the openLCA package', () => {
  it('says what it is of, how it came about and what it rests on', () => {
    const process = findProcess(filesOf(sampleUsePhase()), sampleUsePhase().id);
    expect(process.name).toBe('Machine-hour, Mill 1, operating, June 2026');
    expect(process.processType).toBe('UNIT_PROCESS');
    expect(process.dqEntry).toBe('(1;1;1;1;1)');
    expect(process.processDocumentation).toMatchObject({
      validFrom: '2026-06-01',
      validUntil: '2026-06-30',
      // (1 + 2 + 1 + 2) / 4; (1 + 2 + 1 + 2 + 1 + 4 x 2) / 9 = 1.666...
      dataSelectionDescription: expect.stringMatching(
        /: 1\.5 by the rule of PEF .* 1\.67 by that of ILCD/,
      ) as string,
      dataTreatmentDescription: expect.stringContaining('U = 2.3 % (k = 2') as string,
      completenessDescription: expect.stringContaining('Measured energy: 99.2 %') as string,
      modelingConstantsDescription: expect.stringContaining('Not included: compressed air') as string,
      inventoryMethodDescription: expect.stringContaining('nothing was allocated') as string,
    });
    expect(process.otherProperties?.millwatt).toMatchObject({
      isPartial: true,
      hours: sampleUsePhase().evidence.hours,
    });
    const { uncertainty, dqEntry } = process.exchanges[1] ?? {};
    // u = 1.15 %: ln(1 + 0.0115^2) = 0.00013224...; 5.252 / sqrt(1.00013225) = 5.251652746
    expect(uncertainty?.geomMean).toBeCloseTo(5.251652746, 8);
    expect(uncertainty?.geomSd).toBeCloseTo(Math.exp(Math.sqrt(Math.log(1 + 0.0115 ** 2))), 11);
    expect(dqEntry).toBe('(1;1;1;1;1)');
  });

  it('scores the metered kWh, the factor and declared parts each for itself, in the steps of its own matrix', () => {
    const entriesOf = (record: FootprintRecord) =>
      processesOf(filesOf(record))
        .map(({ dqEntry = '', exchanges }) =>
          [dqEntry, ...exchanges.flatMap((exchange) => exchange.dqEntry ?? [])].join(' '),
        )
        .sort();
    const use = sampleUsePhase();
    const [row, ...others] = use.evidence.factors;
    if (row === undefined) throw new Error('no factor');
    // Five years off is score 3 of the record (up to 6) and 2 of the matrix (less than 6).
    const old = {
      ...use,
      evidence: { ...use.evidence, factors: [{ ...row, year: 2021 }, ...others] },
      dataQuality: {
        ...use.dataQuality,
        temporal: { score: '3' as const, because: 'five years away' },
        geographical: { score: '3' as const, because: 'of the country' },
        completeness: { score: '3' as const, because: '90 %' },
        reliability: { score: '4' as const, because: 'bridged' },
      },
    };
    expect(entriesOf(old)).toEqual(['(3;2;1;1;1) (3;2;1;1;1)', '(n.a.;n.a.;2;2;n.a.) (n.a.;n.a.;2;2;n.a.)']);
    const part = samplePart();
    const [steel] = part.upstream;
    if (steel === undefined) throw new Error('no steel');
    const told = { ...part, upstream: [{ ...steel, scores: { technological: '2' as const } }, steel] };
    expect(entriesOf(told).slice(1)).toEqual([
      '(n.a.;n.a.;1;2;n.a.) (n.a.;n.a.;1;2;n.a.)',
      '(n.a.;n.a.;5;5;2) (n.a.;n.a.;5;5;2)',
      '(n.a.;n.a.;5;5;5) (n.a.;n.a.;5;5;5)',
    ]);
  });

  it('adds the variances of the scores to that of measuring, around the same mean', () => {
    const use = sampleUsePhase();
    const proxy = {
      ...use,
      dataQuality: {
        ...use.dataQuality,
        technological: { score: '2' as const, because: 'a model' },
        completeness: { score: '2' as const, because: 'some of its units' },
      },
    };
    const { amount, uncertainty, dqEntry } = findProcess(filesOf(proxy), use.id).exchanges[1] ?? {};
    const variance = Math.log(1 + 0.0115 ** 2) + 0.0001 + 0.0006;
    expect(dqEntry).toBe('(1;2;1;1;2)');
    expect(uncertainty?.geomSd).toBeCloseTo(Math.exp(Math.sqrt(variance)), 11);
    expect((uncertainty?.geomMean ?? 0) * Math.exp(variance / 2)).toBeCloseTo(amount ?? 0, 9);
  });

  it('says of a partial footprint that it is one, in words and as a tag', () => {
    const process = findProcess(filesOf(partialPart()), partialPart().id);
    expect(process.description).toContain('PARTIAL');
    expect(process.description).toContain('No transport was declared.');
    expect(process.tags).toContain('partial');
    expect(process.version).toBe('03.00.000');
  });

  it('spreads the factor by what is declared or its source states, to the digit, whether the energy is known or not', () => {
    const spreadOf = (record: FootprintRecord) =>
      processesOf(filesOf(record))
        .flatMap(({ exchanges }) => exchanges)
        .find(({ flow }) => flow.name === 'Carbon dioxide, fossil')?.uncertainty?.geomSd;
    // Beside its own, the variance of score 2 of place.
    const spread = (u: number, ofYears = 0) => Math.exp(Math.sqrt(Math.log(1 + u * u) + 0.000025 + ofYears));
    expect(spreadOf(sampleUsePhase())).toBeCloseTo(spread(0.05), 11);
    const record = sampleUsePhase();
    const [row, ...others] = record.evidence.factors;
    if (row === undefined) throw new Error('no factor');
    const stated = { ...record.evidence, factors: [{ ...row, standardPercent: d('3') }, ...others] };
    expect(spreadOf({ ...record, evidence: stated })).toBeCloseTo(spread(0.03), 11);
    // Two tables, in quadrature; one of them is three years off.
    const u = (0.05 * Math.hypot(749.0982, 659.2)) / (749.0982 + 659.2);
    expect(spreadOf(mixed())).toBeCloseTo(spread(u, 0.0002), 10);
  });

  it('has ids of its own for each company, and the same electricity, units and places', () => {
    const record = sampleUsePhase();
    const company = { ...record.issuer.company, ids: ['urn:lei:5493001KJTIIGC8Y1R99'] };
    const theirs = filesOf({ ...record, id: uuidOf('theirs'), issuer: { ...record.issuer, company } });
    const ours = new Set(filesOf(record).map(({ path }) => path));
    const shared = theirs.map(({ path }) => path).filter((path) => ours.has(path));
    const folders = new Map<string, number>();
    for (const path of shared)
      folders.set(path.replace(/\/.*/, ''), (folders.get(path.replace(/\/.*/, '')) ?? 0) + 1);
    // CO2 and electricity; the table that the factor is from.
    expect(Object.fromEntries(folders)).toEqual({
      'openlca.json': 1,
      dq_systems: 1,
      flow_properties: 4,
      flows: 2,
      locations: 1,
      sources: 1,
      unit_groups: 4,
    });
  });

  it('tells of many factors how many they are', () => {
    const record = sampleUsePhase();
    const [row] = record.evidence.factors;
    const [statement] = record.emissions;
    if (row === undefined || statement === undefined) throw new Error('no factor');
    const rows = Array.from({ length: 13 }, (_, hour) => ({ ...row, id: `${row.id}/${hour}` }));
    const factors = rows.map(({ id }) => ({ id, energyKwh: d('202'), kgCo2e: d('93.0614') }));
    const files = filesOf({
      ...record,
      emissions: [{ ...statement, factors }],
      evidence: { ...record.evidence, factors: rows },
    });
    expect(checkOpenlca(files)).toEqual([]);
    const supplier = processesOf(files).find(({ processType }) => processType === 'LCI_RESULT');
    expect(supplier?.processDocumentation['dataSelectionDescription']).toMatch(
      /^13 factors, the first of them/,
    );
    expect(files.filter(({ path }) => path.startsWith('sources/'))).toHaveLength(2);
  });

  it('says of whom the coverage is: a part is given a share of what the machine took in whole windows', () => {
    const words = (record: FootprintRecord) =>
      processesOf(filesOf(record)).find(({ processType }) => processType === 'UNIT_PROCESS')
        ?.processDocumentation as {
        dataTreatmentDescription: string;
        completenessDescription: string;
      };
    const part = words(samplePart());
    for (const text of [part.dataTreatmentDescription, part.completenessDescription])
      expect(text).toMatch(/Of the machines in the whole windows, not only of what was made: (From|Watched)/);
    expect(JSON.stringify(words(sampleUsePhase()))).not.toContain('whole windows');
  });

  it('refuses a record without a figure per unit', () => {
    const record = sampleUsePhase();
    const activity = { ...record.activity, perUnitKwh: null };
    expect(() => filesOf({ ...record, activity })).toThrow(
      expect.objectContaining({ code: 'no-figure-per-unit' }) as Error,
    );
  });

  it('counts issues in versions that keep their order', () => {
    expect([1, 9, 99, 100, 1098, 1099].map(versionOf)).toEqual([
      '01.00.000',
      '09.00.000',
      '99.00.000',
      '99.00.001',
      '99.00.999',
      '99.01.000',
    ]);
  });

  it('knows locations by the ids of openLCA’s reference data: digests of their codes', () => {
    for (const code of ['VN', 'CN', 'DE', 'XX', 'GLO', 'ZW']) {
      const digest = createHash('md5').update(code.toLowerCase()).digest('hex');
      const variant = ((Number.parseInt(digest.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
      const id = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-3${digest.slice(13, 16)}-${variant}${digest.slice(18, 20)}-${digest.slice(20)}`;
      expect(locationOf(code, () => 'ours')['@id']).toBe(code === 'XX' ? 'ours' : id);
    }
    // The name is what Brightway matches by; what the code stands for is told beside it.
    const named = (code: string) => locationOf(code, () => 'ours');
    expect(named('TH')).toMatchObject({ name: 'TH', description: 'Thailand' });
    expect(named('GLO')).toMatchObject({ name: 'GLO', description: 'World: where nobody said' });
  });
});

describe('the check of an openLCA package', () => {
  const change = (pattern: RegExp, from: string | RegExp, to: string) => (files: ExportFile[]) =>
    files.map((file) =>
      pattern.test(file.path) ? { ...file, content: String(file.content).replace(from, to) } : file,
    );
  const main = new RegExp(sampleUsePhase().id);
  const drop = (pattern: RegExp) => (files: ExportFile[]) => files.filter(({ path }) => !pattern.test(path));
  const kwh = '86ad2244-1f0e-4912-af53-7865283103e4';
  const hour = '227a54d9-44e7-468c-b8bb-f2dd1ae68c7a';
  const energy = 'f6811440-ee37-11de-8a39-0800200c9a66';
  const mass = '93a60a56-a3c8-11da-a746-0800200b9a66';

  it.each<[string, (files: ExportFile[]) => ExportFile[], RegExp]>([
    ['no openlca.json', drop(/^openlca/), /openlca.json: not there/],
    ['another version of the schema', change(/^openlca/, '2', '5'), /schemaVersion 5/],
    ['broken JSON', change(main, '{', '['), /not a JSON object/],
    ['no unit group', drop(/unit_groups\/93a60a57-a3c8/), /unit .* is not in the unit group/],
    ['no location', drop(/^locations/), /location.@id .* is no Location/],
    ['no source', drop(/^sources/), /sources\[0\].@id .* is no Source/],
    [
      'a file of another name',
      (files) => files.map((file) => ({ ...file, path: file.path.replace(/actors\/./, 'actors/0') })),
      /is not the name of the file/,
    ],
    [
      'a file in another folder',
      (files) => files.map((file) => ({ ...file, path: file.path.replace('actors/', 'sources/') })),
      /@type "Actor" is not Source/,
    ],
    [
      'a unit of another group',
      change(main, new RegExp(kwh, 'g'), hour),
      /unit .*227a.* is not in the unit group/,
    ],
    [
      'a property that the flow does not have',
      change(main, energy, mass),
      /flowProperty .* is none of the flow/,
    ],
    [
      'another provider',
      change(main, /("defaultProvider": \{[^}]*"@id": ")[^"]*/, `$1${sampleUsePhase().id}`),
      /does not make/,
    ],
    [
      'two references',
      change(main, '"isQuantitativeReference": false', '"isQuantitativeReference": true'),
      /2 are the quantitative reference/,
    ],
    ['no refUnit', change(main, /,\s*"refUnit": "MJ"/, ''), /flow.refUnit nothing is not "MJ"/],
    [
      'another flowType',
      change(main, '"flowType": "PRODUCT_FLOW"', '"flowType": "WASTE_FLOW"'),
      /flow.flowType "WASTE_FLOW"/,
    ],
    ['no location of the process', change(main, '"location"', '"place"'), /location nothing is missing/],
    ['an id twice', change(main, '"internalId": 2', '"internalId": 1'), /internalId 1 is there twice/],
    [
      'an amount as text',
      change(main, '"amount": 5.252', '"amount": "5.252"'),
      /amount "5.252" is no number/,
    ],
    ['another version', change(main, '01.00.000', '1.0'), /version "1.0"/],
    ['a score beyond the system', change(main, '(1;1;1;1;1)', '(1;1;1;6;1)'), /has "6"/],
    ['a spread around another amount', change(main, '"amount": 5.252', '"amount": 5.3'), /the amount is 5.3/],
    [
      'two units of reference',
      change(/unit_groups\/93a60a57-a3c8/, '"isRefUnit": false', '"isRefUnit": true'),
      /units: 2 are the reference/,
    ],
  ])('finds %s', (_, spoil, fault) => {
    const faults = checkOpenlca(spoil(filesOf(sampleUsePhase())));
    expect(faults.join('\n')).toMatch(fault);
  });

  it.skipIf(!HAS_OLCA_CLASSES)('and olca-schema’s classes refuse what they do not know', () => {
    const spoilt = change(main, '"isInput": true', '"input": true')(filesOf(sampleUsePhase()));
    expect(openOlcaClasses()(spoilt).join()).toMatch(/input: Exchange has no such field/);
    const typed = change(
      main,
      '"processType": "UNIT_PROCESS"',
      '"processType": "UNIT"',
    )(filesOf(sampleUsePhase()));
    expect(openOlcaClasses()(typed).join()).toMatch(/"UNIT" is no ProcessType/);
  });
});
