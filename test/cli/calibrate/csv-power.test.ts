import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsvPower, type CsvWanted } from '../../../cli/calibrate/csv-power.ts';
import { MillwattError } from '../../../protocols/errors.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string | Buffer, wanted: Partial<CsvWanted> = {}) {
  const file = join(folder, 'recording.csv');
  writeFileSync(file, text);
  return readCsvPower({ file, ...wanted });
}

describe('a recording', () => {
  it('is read with commas, and its columns are found by their names', () => {
    const { samples, timeColumn, powerColumn } = read(
      'time,rpm,kW_machine\n2026-03-02 10:00:00,5,1.5\n2026-03-02 10:00:01,5,1.6\n2026-03-02 10:00:05,5,1.7\n',
    );
    expect([timeColumn, powerColumn]).toEqual(['time', 'kW_machine']);
    expect(samples.timesMs).toEqual([0, 1, 5].map((s) => Date.UTC(2026, 2, 2, 10) + s * 1000));
    expect(samples.powersW).toEqual([1500, 1600, 1700]);
  });

  it('is read as spreadsheets of half of Europe write it, packed or not', () => {
    const text =
      '\uFEFF"Zeit";"Leistung"\r\n"2026-03-02T10:00:00+01:00";"1,5"\r\n2026-03-02T10:00:02+01:00;2,5\r\n';
    const { samples } = read(gzipSync(text), { unit: 'kW' });
    expect(samples.powersW).toEqual([1500, 2500]);
    expect(samples.timesMs[0]).toBe(Date.UTC(2026, 2, 2, 9));
    expect(samples.everyMs).toEqual([2000, 2000]);
  });

  it('is read with times as seconds, as ms, out of order and with lines that say nothing', () => {
    expect(read('t,w\n10,1\n9.5,2\nx,3\n11,\n').samples.timesMs).toEqual([9500, 10_000]);
    expect(read('t,w\n10,1\n9.5,2\nx,3\n11,\n').skipped).toBe(2);
    expect(read('t\tw\n1772445600000\t1\n1772445600100\t2\n').samples.everyMs).toEqual([100, 100]);
    // Lines as old Macs ended them.
    expect(read('t,w\r1,5\r2,6\r').samples.powersW).toEqual([5, 6]);
  });

  it.each<[string, string, Partial<CsvWanted>, string]>([
    ['a column that is not there', 'time,kW\n1,2\n3,4\n', { powerColumn: 'watts' }, 'no column watts'],
    ['columns that cannot be told', 'a,b\n1,2\n3,4\n', {}, '--time-column'],
    ['no rows', 'time,kW\n', {}, 'no two rows'],
    ['a unit that is none of power', 'time,kW\n1,2\n2,3\n', { unit: 'kWh' }, 'no unit of power'],
  ])('is refused with %s', (_, text, wanted, words) => {
    expect(() => read(text, wanted)).toThrow(MillwattError);
    expect(() => read(text, wanted)).toThrow(words);
  });

  it('is refused where it is not there', () => {
    expect(() => readCsvPower({ file: join(folder, 'none.csv') })).toThrow(/cannot be read/);
  });
});
