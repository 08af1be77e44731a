import { describe, expect, it } from 'vitest';
import { checkIlcd } from '../../../../../collector/footprint/exports/ilcd/check-ilcd.ts';
import type { DataSetKind } from '../../../../../collector/footprint/exports/ilcd/data-set.ts';
import { writeIlcd } from '../../../../../collector/footprint/exports/ilcd/write-ilcd.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';
import { HAS_ILCD_SCHEMAS, schemaFaults } from './ilcd-schemas.ts';
import { PACKAGE_CASES } from './package-cases.ts';

const VALIDATION_TIMEOUT_MS = 60_000;

const packageOf = (record: FootprintRecord) =>
  writeIlcd(record, { uuidOf }).map(({ path, content }) => ({ path, content: String(content) }));

/** What the XSDs say against a package, or against the files of one kind. */
async function schemaSays(files: { path: string; content: string }[]): Promise<string[]> {
  const byKind = Map.groupBy(files, ({ path }) => path.split('/')[1] as DataSetKind);
  const faults: string[] = [];
  for (const [kind, some] of byKind)
    faults.push(
      ...(await schemaFaults(
        kind,
        some.map(({ path, content }) => ({ path, text: content })),
      )),
    );
  return faults;
}

describe.each(PACKAGE_CASES)('ILCD of %s', (_, record) => {
  const files = packageOf(record);

  it('passes our own check, references included', () => {
    expect(checkIlcd(files)).toEqual([]);
    expect(new Set(files.map(({ path }) => path.split('/')[1])).size).toBe(6);
  });

  it.skipIf(!HAS_ILCD_SCHEMAS)(
    'is valid by the XSD of every kind of data set',
    async () => {
      expect(await schemaSays(files)).toEqual([]);
    },
    VALIDATION_TIMEOUT_MS,
  );

  it('is the same whenever it is written', () => {
    expect(packageOf(structuredClone(record))).toEqual(files);
  });
});

describe('ids in ILCD', () => {
  const idsOf = (record: FootprintRecord) => packageOf(record).map(({ path }) => path);

  it('stay over a re-issue, whose processes have a higher version', () => {
    const again = structuredClone(samplePart());
    again.version = d('2');
    again.issued = '2026-08-01T00:00:00.000Z';
    expect(idsOf(again)).toEqual(idsOf(samplePart()));
    const metered = packageOf(again).find(({ path }) => path.includes(again.id))?.content;
    expect(metered).toContain('<common:dataSetVersion>02.00.000</common:dataSetVersion>');
  });

  it('of products stay over periods, and are nobody else’s', () => {
    const flowsOf = (record: FootprintRecord) => idsOf(record).filter((path) => path.includes('/flows/'));
    const next = structuredClone(sampleUsePhase());
    next.id = '6234f7f0-5043-5601-b772-8cebea2048e7';
    next.period.name = 'July 2026';
    expect(flowsOf(next)).toEqual(flowsOf(sampleUsePhase()));
    const other = structuredClone(sampleUsePhase());
    other.issuer.company.ids = ['urn:lei:529900T8BM49AURSDO55'];
    const same = flowsOf(other).filter((path) => idsOf(sampleUsePhase()).includes(path));
    // Carbon dioxide and the electricity of a country are the same for all.
    expect(same).toHaveLength(2);
  });
});

describe('figures in ILCD', () => {
  const textOf = (files: { path: string; content: string }[], id: string) =>
    files.find(({ path }) => path.includes(id))?.content ?? expect.fail(`no ${id}`);

  it('are those of the record: MJ is kWh x 3.6, exact, and emissions stand at the supply alone', () => {
    const files = packageOf(sampleUsePhase());
    const metered = textOf(files, sampleUsePhase().id);
    // 5.252 kWh x 3.6; U = 2.3 % at k = 2, so limits 18.9072 -+ 0.4348656.
    expect(metered).toContain('<meanAmount>18.9072</meanAmount>');
    expect(metered).toContain('<minimumAmount>18.4723344</minimumAmount>');
    expect(metered).toContain('<maximumAmount>19.3420656</maximumAmount>');
    expect(metered).toContain('<relativeStandardDeviation95In>2.3</relativeStandardDeviation95In>');
    expect(metered).toContain('<dataSourceType>&gt; 90% primary</dataSourceType>');
    expect(metered).toContain('<dataDerivationTypeStatus>Measured</dataDerivationTypeStatus>');
    expect(metered).not.toContain('08a91e70');
    // The kWh are of their place themselves; that the factor is one of the country, the supplier says.
    expect(metered).toContain('name="Geographical representativeness" value="Very good"');
    const supply = textOf(files, uuidOf(`ilcd/electricity/${sampleUsePhase().id}`));
    // 460.7 g a kWh.
    expect(supply).toContain('<meanAmount>3.6</meanAmount>');
    expect(supply).toContain('<relativeStandardDeviation95In>10</relativeStandardDeviation95In>');
    expect(supply).toContain('name="Geographical representativeness" value="Good"');
    expect(supply).toContain('<meanAmount>0.4607</meanAmount>');
    expect(supply).toContain('refObjectId="08a91e70-3ddc-11dd-923d-0050c2490048"');
  });

  it('add up over the processes of a part to the emissions of the record', () => {
    const files = packageOf(samplePart());
    expect(textOf(files, samplePart().id)).toContain('<meanAmount>9.4536</meanAmount>'); // 2.626 kWh
    expect(
      textOf(files, uuidOf(`ilcd/declared/${samplePart().id}/material/steel bar 42CrMo4, 4.1 kg`)),
    ).toContain('<meanAmount>4.48</meanAmount>');
  });

  it('leave a limit out rather than write an amount below nothing', () => {
    const [, record] = PACKAGE_CASES[5] ?? expect.fail();
    const metered = textOf(packageOf(record), record.id);
    expect(metered).toContain('<relativeStandardDeviation95In>123.46</relativeStandardDeviation95In>');
    expect(metered).not.toContain('minimumAmount');
    expect(metered).toContain('PARTIAL: this is not the whole footprint');
    expect(metered).toContain('<completenessProductModel>Relevant flows missing</completenessProductModel>');
    expect(metered).toContain('<common:dataSetVersion>99.00.024</common:dataSetVersion>');
  });

  it('are refused where there is none per unit', () => {
    const record = sampleUsePhase();
    record.functionalUnit.count = null;
    record.activity.perUnitKwh = null;
    expect(() => packageOf(record)).toThrow('has no energy per hour');
  });
});

describe('a broken package of ILCD', () => {
  const whole = packageOf(samplePart());
  const metered = `processes/${samplePart().id}`;

  /** Files with a change in those whose path has a part; the change must be one. */
  function broken(part: string, from: string | RegExp, to: string) {
    return whole.map((file) => {
      if (!file.path.includes(part)) return file;
      const content = file.content.replace(from, to);
      expect(content, 'nothing was changed').not.toBe(file.content);
      return { ...file, content };
    });
  }

  it.each<[string, string, string | RegExp, string, string]>([
    [
      'an exponent that is none',
      metered,
      '<meanAmount>9.4536<',
      '<meanAmount>9,4536<',
      'exchange[1]/meanAmount must be a decimal number',
    ],
    [
      'a percentage of six digits',
      metered,
      '>2.3</relative',
      '>2.30001</relative',
      'relativeStandardDeviation95In must be a percentage',
    ],
    ['an unknown direction', metered, '>Input<', '>In<', 'exchangeDirection must be one of Input, Output'],
    [
      'elements in another order',
      metered,
      /( *<meanAmount>9.4536<\/meanAmount>\n)( *<resulting.*\n)/,
      '$2$1',
      'but must have referenceToFlowDataSet',
    ],
    [
      'an element that is none',
      metered,
      /baseName/g,
      'firstName',
      'firstName is no element that is exported',
    ],
    [
      'a UUID in capitals',
      metered,
      samplePart().id,
      samplePart().id.toUpperCase(),
      'common:UUID must be a UUID in lower case',
    ],
    ['a reference without a type', metered, ' type="flow data set"', '', 'lacks the attribute type'],
    [
      'a reference flow that is no exchange',
      metered,
      '<referenceToReferenceFlow>0<',
      '<referenceToReferenceFlow>7<',
      'referenceToReferenceFlow is 7, but exchanges has 0, 1, 2',
    ],
    [
      'two exchanges of one number',
      metered,
      'dataSetInternalID="1"',
      'dataSetInternalID="0"',
      'has a dataSetInternalID twice',
    ],
    ['another namespace', metered, 'ILCD/Process"', 'ILCD/Prozess"', 'has xmlns='],
    ['an unclosed element', metered, '</processDataSet>', '', 'ends within processDataSet'],
    [
      'a version of two digits',
      'contacts/',
      /(dataSetVersion>)[^<]*/,
      '$11.0',
      'common:dataSetVersion must be a version',
    ],
    [
      'a time of no calendar',
      'unitgroups/',
      /(timeStamp>)[^<]*/,
      '$1yesterday',
      'common:timeStamp must be a time of UTC',
    ],
    [
      'a unit without its value',
      'unitgroups/93a60a57-a3c8',
      /<meanValue>3.6<\/meanValue>/,
      '',
      'but must have name meanValue',
    ],
    [
      'a flow of an unknown type',
      'flows/08a91e70',
      'Elementary flow',
      'Basic flow',
      'typeOfDataSet must be one of',
    ],
  ])(
    'with %s is refused by our own check and by the XSD',
    async (_, part, from, to, fault) => {
      const files = broken(part, from, to);
      const faults = checkIlcd(files);
      expect(faults.join('\n')).toContain(fault);
      expect(faults[0]).toContain(part);
      if (HAS_ILCD_SCHEMAS)
        expect(await schemaSays(files.filter(({ path }) => path.includes(part)))).not.toEqual([]);
    },
    VALIDATION_TIMEOUT_MS,
  );

  /* What no XSD can see. */
  it.each<[string, string, string | RegExp, string, string]>([
    ['a text without its language', metered, / xml:lang="en"/, '', 'must have xml:lang'],
    [
      'a reference into nothing',
      metered,
      /(referenceToFlowDataSet type="flow data set" refObjectId=")[0-9a-f]{8}/,
      '$100000000',
      'which is not in the package',
    ],
    [
      'a reference to another version',
      metered,
      /(referenceToCommissioner .* version=")01/,
      '$102',
      'points to version 02.00.000, but the file has 01.00.000',
    ],
    [
      'a reference to another kind',
      metered,
      /(<common:referenceToCommissioner type=")contact/,
      '$1source',
      'but must point to contacts',
    ],
    ['an address that is another', metered, /uri="..\/flows/, 'uri="../flow', 'has uri='],
    ['an id that is not its name', metered, samplePart().id, sampleUsePhase().id, 'but the file is called'],
    [
      'a maximum that is not the mean with its spread',
      metered,
      /(<maximumAmount>)9/,
      '$18',
      'which is not 9.4536 with 2.3 %',
    ],
    ['a spread without limits', metered, /<maximumAmount>.*\n/, '', 'has a part of an uncertainty'],
    [
      'a resulting amount of its own',
      metered,
      '<resultingAmount>9.4536',
      '<resultingAmount>9.4537',
      'but resultingAmount 9.4537',
    ],
    ['a reference flow that goes in', metered, '>Output<', '>Input<', 'is the reference flow, but is Input'],
    ['an exponent', metered, /9.4536/g, '94536e-4', 'must be a decimal number without exponent'],
    [
      'a reference unit of 3.6',
      'unitgroups/93a60a57-a3c8',
      '<referenceToReferenceUnit>0',
      '<referenceToReferenceUnit>1',
      'unit 1 is the reference, but its meanValue is 3.6',
    ],
    [
      'Chinese in an English text',
      metered,
      '>Part, Housing 7',
      '>零件 7',
      'is in en, but has Chinese letters',
    ],
  ])('with %s is refused by our own check', (_, part, from, to, fault) => {
    expect(checkIlcd(broken(part, from, to)).join('\n')).toContain(fault);
  });

  it('without one of its files is refused, and with one more too', () => {
    for (const { path } of whole) {
      const faults = checkIlcd(whole.filter((file) => file.path !== path));
      if (path !== `ILCD/${metered}.xml`)
        expect(faults.join('\n'), path).toMatch(/not in the package|refers to it/);
    }
    expect(checkIlcd(whole.filter(({ path }) => !path.includes(metered)))).not.toEqual([]);
    const paths = whole.map(({ path }) => path);
    const other = packageOf(sampleUsePhase()).find(
      ({ path }) => path.includes('/flows/') && !paths.includes(path),
    );
    expect(checkIlcd([...whole, other ?? expect.fail('no other flow')]).join('\n')).toContain(
      'nothing refers to it',
    );
    expect(checkIlcd([...whole, { path: 'ILCD/readme.txt', content: '' }]).join('\n')).toContain(
      'is no file of this package',
    );
    expect(checkIlcd([])).toEqual(['the package has no process']);
  });

  it.each([
    [
      'a document type',
      '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE x>',
      'has no element where one should begin',
    ],
    ['nothing', '', 'has no XML declaration'],
    ['an unknown entity', '<?xml version="1.0" encoding="UTF-8"?>\n<a>&x;</a>', 'stands for no letter'],
    [
      'an attribute twice',
      '<?xml version="1.0" encoding="UTF-8"?>\n<a b="1" b="2"/>',
      'has the attribute b twice',
    ],
    ['two roots', '<?xml version="1.0" encoding="UTF-8"?>\n<a/><b/>', 'has something behind its end'],
    [
      'text between elements',
      '<?xml version="1.0" encoding="UTF-8"?>\n<a>x<b/></a>',
      'has text between the elements of a',
    ],
    [
      'endless depth',
      `<?xml version="1.0" encoding="UTF-8"?>\n${'<a>'.repeat(100_000)}`,
      'is nested deeper than',
    ],
  ])('with a file that is %s is refused', (_, content, fault) => {
    const files = [...whole.slice(1), { path: whole[0]?.path ?? '', content }];
    expect(checkIlcd(files).join('\n')).toContain(fault);
  });
});
