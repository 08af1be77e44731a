import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { d, samplePart, sampleUsePhase } from '../../sample-record.ts';

/** The record with a change. */
function changed(record: FootprintRecord, change: (record: FootprintRecord) => void): FootprintRecord {
  const copy = structuredClone(record);
  change(copy);
  return copy;
}

/** Records that a package must be made of, by what is special about them. */
export const PACKAGE_CASES: [string, FootprintRecord][] = [
  ['a use phase', sampleUsePhase()],
  ['a part with declared material', samplePart()],
  [
    'names in Chinese, with markup, control characters and half a surrogate pair',
    changed(samplePart(), (record) => {
      record.subject.name = '主轴箱 <7> & "Co"';
      record.subject.description = 'a\u0000b\u000bc\ud83d tab\there\r\nand a line ]]> end';
      record.issuer.company.name = 'Société d’usinage №1 😀';
      record.issuer.company.contact = 'https://example.com/?a=1&b=2';
    }),
  ],
  [
    'names longer than the format takes',
    changed(sampleUsePhase(), (record) => {
      record.subject.name = 'Ω'.repeat(900);
      record.functionalUnit.description = 'hour '.repeat(300);
      record.issuer.company.ids = Array.from({ length: 60 }, (_, at) => `urn:example:company:number-${at}`);
    }),
  ],
  [
    'no factor, no contact, no meter, no uncertainty',
    changed(sampleUsePhase(), (record) => {
      record.emissions = [];
      record.evidence.factors = [];
      record.issuer.company.contact = null;
      record.meters = [];
      record.uncertainty.expandedPercent = null;
      record.uncertainty.missing = ['class of the meter'];
      record.sensitivity = [];
    }),
  ],
  [
    'an uncertainty beyond the whole, and a partial footprint',
    changed(samplePart(), (record) => {
      record.uncertainty.expandedPercent = d('123.456');
      record.completeness = { isPartial: true, because: ['transport is not declared'] };
      record.version = d('123');
      record.issuer.region = { country: 'CN', subdivision: 'CN-N' };
    }),
  ],
  [
    'biogenic uptake, and two parts of one name',
    changed(samplePart(), (record) => {
      const [material] = record.upstream;
      if (material === undefined) throw new Error('the sample declares no material');
      record.upstream = [
        {
          ...material,
          stage: 'packaging',
          name: 'wood',
          kgCo2ePerUnit: d('-0.4'),
          biogenicUptakeKgCo2ePerUnit: d('-1.25'),
        },
        material,
        { ...material, kgCo2ePerUnit: d('0.000001'), precedingId: null },
      ];
    }),
  ],
];
