import { expect, test } from 'vitest';
import { checkRecordCsv, writeRecordCsv } from '../../../../collector/footprint/exports/csv/record-csv.ts';
import { samplePart, sampleUsePhase } from '../sample-record.ts';

test('a record as CSV says every figure by its path, and its check finds each that was changed', () => {
  for (const record of [sampleUsePhase(), samplePart()]) {
    const [file] = writeRecordCsv(record);
    const content = String(file?.content);
    expect(content).toContain(`activity.energyKwh,2626\r\n`);
    expect(content).toContain('evidence.factors[0].year,2025\r\n');
    expect(checkRecordCsv([{ path: 'a.csv', content }], record)).toEqual([]);
    const rows = content.split('\r\n').length;
    const broken = [
      content.replace('energyKwh,2626', 'energyKwh,2627'),
      content.replace('activity.energyKwh', 'activity.energy'),
      content.replace(/activity\.energyKwh.*\r\n/, ''),
      `${content}more,1\r\n`,
    ];
    for (const text of broken)
      expect(
        checkRecordCsv([{ path: 'a.csv', content: text }], record).length,
        `${rows} rows`,
      ).toBeGreaterThan(0);
  }
});

test('what a spreadsheet would take for a formula is a text; a negative figure stays one', () => {
  const record = sampleUsePhase();
  record.subject.name = '=1+1, "mill"';
  const figure = '-12.5' as typeof record.activity.residualKwh;
  record.activity.residualKwh = figure;
  const files = writeRecordCsv(record);
  expect(files[0]?.content).toContain(`subject.name,"'=1+1, ""mill"""\r\n`);
  expect(files[0]?.content).toContain('activity.residualKwh,-12.5\r\n');
  expect(checkRecordCsv(files, record)).toEqual([]);
});
