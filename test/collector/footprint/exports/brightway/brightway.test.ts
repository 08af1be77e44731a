import { describe, expect, it } from 'vitest';
import { checkBrightway } from '../../../../../collector/footprint/exports/brightway/check-brightway.ts';
import { readCsv } from '../../../../../collector/footprint/exports/brightway/read-csv.ts';
import { writeBrightway } from '../../../../../collector/footprint/exports/brightway/write-brightway.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';

const csvOf = (record: FootprintRecord) => {
  const [file] = writeBrightway(record, { uuidOf });
  if (file === undefined) throw new Error('no file');
  return { ...file, content: String(file.content) };
};
/** Rows of exchanges of a type, as name and amount. */
const exchangesOf = (record: FootprintRecord, type: string) =>
  readCsv(csvOf(record).content)
    .filter((row) => row[6] === type)
    .map(([name, amount]) => [name, amount]);

describe('the Brightway CSV', () => {
  it.each([
    ['use phase', sampleUsePhase()],
    ['part', samplePart()],
  ])('of a %s passes our check', (_, record) => {
    expect(checkBrightway([csvOf(record)])).toEqual([]);
  });

  it('has the record’s figures, and emissions at the suppliers alone', () => {
    expect(exchangesOf(samplePart(), 'technosphere')).toEqual([
      ['Electricity, supplied to machines, VN, default factors, location-based, June 2026', '2.626'],
      ['material: steel bar 42CrMo4, 4.1 kg, declared for Housing 7', '1'],
    ]);
    expect(exchangesOf(samplePart(), 'biosphere')).toEqual([
      ['Carbon dioxide, fossil', '0.4607'],
      ['Carbon dioxide, fossil', '4.48'],
    ]);
  });

  it('has an uptake as a flow from air, and names a partial footprint as such', () => {
    const part = samplePart();
    const [steel] = part.upstream;
    if (steel === undefined) throw new Error('no part');
    const wood = {
      ...steel,
      name: 'pallet',
      kgCo2ePerUnit: d('-0.3'),
      biogenicUptakeKgCo2ePerUnit: d('-0.5'),
    };
    const record = {
      ...part,
      upstream: [wood, wood],
      completeness: { isPartial: true, because: ['no transport'] },
    };
    expect(checkBrightway([csvOf(record)])).toEqual([]);
    expect(exchangesOf(record, 'biosphere').slice(1, 3)).toEqual([
      ['Carbon dioxide, fossil', '0.2'],
      ['Carbon dioxide, in air', '0.5'],
    ]);
    expect(csvOf(record).content).toMatch(/completeness,PARTIAL: [^\r]* no transport\./);
  });

  it('leaves electricity without emissions to whoever links it', () => {
    const record = { ...sampleUsePhase(), emissions: [] };
    const product = 'Electricity, supplied to machines, VN';
    expect(checkBrightway([csvOf(record)], { unlinked: [product] })).toEqual([]);
    expect(checkBrightway([csvOf(record)])).toEqual([
      expect.stringContaining(`"${product}" leads to 0 activities, not 1`),
    ]);
  });

  it('keeps texts of people as texts: in one line, unsplit, no formula', () => {
    const record = sampleUsePhase();
    const subject = { ...record.subject, name: 'a::b "c",\nd' };
    const remarks = ['=1+1'];
    const functionalUnit = { ...record.functionalUnit, description: '=cmd|x' };
    const { content } = csvOf({ ...record, subject, remarks, functionalUnit });
    expect(checkBrightway([{ path: 'x.csv', content }])).toEqual([]);
    expect(readCsv(content).find(([first]) => first === 'Activity')?.[1]).toBe(
      'Machine-hour, a: :b "c", d, operating, June 2026',
    );
    expect(readCsv(content).find(([first]) => first === 'comment')?.[1]).toMatch(/^'=cmd/);
  });

  it.each<[string, string | RegExp, string, RegExp]>([
    ['an amount with an exponent', ',5.252,', ',5.252e0,', /amount "5.252e0" is no plain number/],
    ['another unit of the input', '5.252,kilowatt hour', '5.252,megajoule', /leads to 0 activities/],
    ['another flow', 'dioxide, fossil', 'dioxide, fosil', /is not known/],
    ['no location', /location,VN\r\n/, '', /has no location/],
    ['a second production', 'technosphere', 'production', /2 productions/],
    ['another distribution', ',5.252,', ',5.3,', /the amount is 5.3/],
    ['no database', 'Database', 'Data', /0 databases/],
    ['a split text', 'Metered. ', 'Metered:: ', /split at its colons/],
  ])('is refused with %s', (_, from, to, fault) => {
    const file = csvOf(sampleUsePhase());
    const spoilt = { ...file, content: file.content.replace(from, to) };
    expect(spoilt).not.toEqual(file);
    expect(checkBrightway([spoilt]).join('\n')).toMatch(fault);
  });
});
