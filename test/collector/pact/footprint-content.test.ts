import { expect, test } from 'vitest';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { contentOf, measuredContentOf } from '../../../collector/pact/footprint-content.ts';
import { d, samplePart } from '../footprint/sample-record.ts';

const changed = (change: (record: FootprintRecord) => void): FootprintRecord => {
  const record = structuredClone(samplePart());
  change(record);
  return record;
};
const sound = samplePart();

test('other words are another content, and bring nothing back that was withdrawn', () => {
  const reworded = changed((record) => {
    record.boundary.statement += ' In other words.';
    record.remarks.push('A remark of another version.');
    record.sensitivity = [];
    for (const emission of record.emissions) emission.remarks.push('So does this one.');
  });
  expect(contentOf(reworded)).not.toBe(contentOf(sound));
  expect(measuredContentOf(reworded)).toBe(measuredContentOf(sound));
});

test.each<[string, (record: FootprintRecord) => void]>([
  ['energy', (record) => (record.activity.energyKwh = d('1'))],
  ['a declared part', (record) => (record.upstream[0]!.kgCo2ePerUnit = d('1'))],
  ['the number of pieces', (record) => (record.functionalUnit.count = d('1'))],
  ['hours', (record) => (record.evidence.hours.sha256 = 'x')],
  ['the company', (record) => (record.issuer.company.name = 'Another')],
])('another figure or declaration does: %s', (_, change) => {
  expect(measuredContentOf(changed(change))).not.toBe(measuredContentOf(sound));
});
