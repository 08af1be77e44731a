import { describe, expect, it } from 'vitest';
import type { DataSetKind } from '../../../../../collector/footprint/exports/ilcd/data-set.ts';
import { dataSetsOf } from '../../../../../collector/footprint/exports/ilcd/data-sets.ts';
import { withoutAddresses } from '../../../../../collector/footprint/exports/ilcd/read-package.ts';
import { writeIlcd } from '../../../../../collector/footprint/exports/ilcd/write-ilcd.ts';
import { readXml } from '../../../../../collector/footprint/exports/ilcd/xml-reader.ts';
import { checkTidas } from '../../../../../collector/footprint/exports/tidas/check-tidas.ts';
import { readTidasJson } from '../../../../../collector/footprint/exports/tidas/tidas-json.ts';
import { writeTidas } from '../../../../../collector/footprint/exports/tidas/write-tidas.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { samplePart } from '../../sample-record.ts';
import { PACKAGE_CASES } from '../ilcd/package-cases.ts';
import { HAS_TIDAS_SCHEMAS, tidasValidators } from './tidas-schemas.ts';

/** Compiling the process schema with its 766 categories takes seconds. */
const VALIDATION_TIMEOUT_MS = 120_000;
const validatorOf = HAS_TIDAS_SCHEMAS ? tidasValidators() : undefined;

interface Member {
  [key: string]: Member;
}

const packageOf = (record: FootprintRecord) =>
  writeTidas(record, { uuidOf }).map(({ path, content }) => ({ path, content: String(content) }));

/** What the schema says against a file; empty where it is valid. */
function schemaSays({ path, content }: { path: string; content: string }): string[] {
  const validate = validatorOf?.(path.split('/')[0] as DataSetKind);
  if (validate === undefined || validate(JSON.parse(content))) return [];
  return (validate.errors ?? []).map((error) => `${path}${error.instancePath} ${error.message}`);
}

describe.each(PACKAGE_CASES)('TIDAS of %s', (_, record) => {
  const files = packageOf(record);

  it('passes our own check, references included', () => {
    expect(checkTidas(files)).toEqual([]);
  });

  it.skipIf(!HAS_TIDAS_SCHEMAS)(
    'is valid by the schema of every kind of data set, required fields included',
    () => {
      expect(files.flatMap(schemaSays)).toEqual([]);
      expect(new Set(files.map(({ path }) => path.split('/')[0])).size).toBe(6);
    },
    VALIDATION_TIMEOUT_MS,
  );

  it('says, read back, to the last letter what ILCD says', () => {
    const xml = writeIlcd(record, { uuidOf });
    expect(xml.map(({ path }) => path)).toEqual(
      files.map(({ path }) => `ILCD/${path.replace('.json', '.xml')}`),
    );
    for (const [at, { path, content }] of files.entries()) {
      const ofJson = withoutAddresses(readTidasJson(JSON.parse(content)));
      const ofXml = withoutAddresses(readXml(String(xml[at]?.content)));
      expect({ ...ofJson, attributes: {} }, path).toEqual({ ...ofXml, attributes: {} });
    }
  });

  it('has every data set that either was made of', () => {
    const ids = dataSetsOf(record, { uuidOf }).map(({ kind, id }) => `${kind}/${id}.json`);
    expect(files.map(({ path }) => path)).toEqual(ids.sort());
  });
});

describe('a broken package of TIDAS', () => {
  const whole = packageOf(samplePart());
  const metered = `processes/${samplePart().id}.json`;
  const at = (value: Member, ...way: string[]) =>
    way.reduce((inner, key) => inner[key] ?? expect.fail(`no ${key}`), value);

  function broken(path: string, change: (value: Member) => void) {
    return whole.map((file) => {
      if (!file.path.startsWith(path)) return file;
      const value = JSON.parse(file.content) as Member;
      change(value);
      expect(JSON.stringify(value), 'nothing was changed').not.toBe(JSON.stringify(JSON.parse(file.content)));
      return { ...file, content: JSON.stringify(value, null, 2) };
    });
  }
  const text = (value: unknown) => value as Member;

  it.each<[string, string, (value: Member) => void, string]>([
    [
      'an amount that is a number',
      metered,
      (value) => (at(value, 'processDataSet', 'exchanges', 'exchange', '1')['meanAmount'] = text(9.4536)),
      'is not written as TIDAS has it',
    ],
    [
      'a year that is a text',
      metered,
      (value) =>
        (at(value, 'processDataSet', 'processInformation', 'time')['common:referenceYear'] = text('2026')),
      'is not written as TIDAS has it',
    ],
    [
      'a percentage of six digits',
      metered,
      (value) =>
        (at(value, 'processDataSet', 'exchanges', 'exchange', '1')['relativeStandardDeviation95In'] =
          text('2.30001')),
      'relativeStandardDeviation95In must be a percentage',
    ],
    [
      'Chinese in an English text',
      metered,
      (value) =>
        (at(value, 'processDataSet', 'processInformation', 'dataSetInformation', 'name', 'baseName')[
          '#text'
        ] = text('零件')),
      'baseName is in en, but has Chinese letters',
    ],
    [
      'a field that is required and missing',
      metered,
      (value) => delete at(value, 'processDataSet', 'modellingAndValidation')['complianceDeclarations'],
      'but must have LCIMethodAndAllocation',
    ],
    [
      'no volume',
      metered,
      (value) =>
        delete at(
          value,
          'processDataSet',
          'modellingAndValidation',
          'dataSourcesTreatmentAndRepresentativeness',
        )['annualSupplyOrProductionVolume'],
      'but must have dataCutOffAndCompletenessPrinciples',
    ],
    [
      'exchanges that are no list',
      metered,
      (value) =>
        (at(value, 'processDataSet', 'exchanges')['exchange'] = at(
          value,
          'processDataSet',
          'exchanges',
          'exchange',
          '0',
        )),
      'is not written as TIDAS has it',
    ],
    [
      'a reference without its words',
      metered,
      (value) =>
        delete at(value, 'processDataSet', 'exchanges', 'exchange', '1', 'referenceToFlowDataSet')[
          'common:shortDescription'
        ],
      'has nothing, but must have common:shortDescription',
    ],
    [
      'another namespace',
      metered,
      (value) => (at(value, 'processDataSet')['@xmlns'] = text('http://lca.jrc.it/ILCD/Flow')),
      'is not written as TIDAS has it',
    ],
    [
      'a flow of an unknown type',
      'flows/08a91e70',
      (value) =>
        (at(value, 'flowDataSet', 'modellingAndValidation', 'LCIMethod')['typeOfDataSet'] =
          text('Basic flow')),
      'typeOfDataSet must be one of',
    ],
    [
      'a class of another list',
      'unitgroups/93a60a57-a3c8',
      (value) =>
        (at(
          value,
          'unitGroupDataSet',
          'unitGroupInformation',
          'dataSetInformation',
          'classificationInformation',
          'common:classification',
          'common:class',
        )['@level'] = text('12')),
      'which must be one digit',
    ],
  ])(
    'with %s is refused by our own check and by the schema',
    (_, path, change, fault) => {
      const files = broken(path, change);
      const faults = checkTidas(files);
      expect(faults.join('\n')).toContain(fault);
      expect(faults[0]).toContain(path);
      if (HAS_TIDAS_SCHEMAS) expect(files.flatMap(schemaSays)).not.toEqual([]);
    },
    VALIDATION_TIMEOUT_MS,
  );

  it.each<[string, (value: Member) => void, string]>([
    [
      'a reference into nothing',
      (value) => {
        const reference = at(value, 'processDataSet', 'exchanges', 'exchange', '1', 'referenceToFlowDataSet');
        reference['@refObjectId'] = text('00000000-0000-0000-0000-000000000000');
        reference['@uri'] = text('../flows/00000000-0000-0000-0000-000000000000.json');
      },
      'which is not in the package',
    ],
    [
      'an address that is another',
      (value) =>
        (at(value, 'processDataSet', 'exchanges', 'exchange', '1', 'referenceToFlowDataSet')['@uri'] =
          text('../flows/x.json')),
      'is not written as TIDAS has it',
    ],
    [
      'a maximum that is not the mean with its spread',
      (value) => (at(value, 'processDataSet', 'exchanges', 'exchange', '1')['maximumAmount'] = text('10')),
      'which is not 9.4536 with 2.3 %',
    ],
  ])('with %s is refused by our own check', (_, change, fault) => {
    expect(checkTidas(broken(metered, change)).join('\n')).toContain(fault);
  });

  it.each([
    ['no JSON', '{', 'JSON'],
    ['a list', '[]', 'has not exactly one member'],
    ['null', 'null', 'has not exactly one member'],
    ['two data sets', '{"a":{},"b":{}}', 'has not exactly one member'],
    ['another data set', '{"lciaMethodDataSet":{}}', 'which is no data set'],
    ['null within', '{"processDataSet":{"exchanges":null}}', 'has null in exchanges'],
  ])('with a file that is %s is refused', (_, content, fault) => {
    expect(checkTidas([...whole.slice(1), { path: whole[0]?.path ?? '', content }]).join('\n')).toContain(
      fault,
    );
  });

  it('without one of its files is refused', () => {
    for (const { path } of whole)
      expect(checkTidas(whole.filter((file) => file.path !== path)), path).not.toEqual([]);
  });
});
