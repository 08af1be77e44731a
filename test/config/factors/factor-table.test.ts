import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { checkHourlyFactors } from '../../../config/library/factor-hours.ts';
import {
  loadFactors,
  loadHourlyFactors,
  loadShippedFactors,
} from '../../../config/library/factor-library.ts';
import { checkFactorTable } from '../../../config/library/factor-table.ts';
import { formatFinding } from '../../../config/finding.ts';
import { MillwattError } from '../../../protocols/errors.ts';

const HEADER =
  'id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isOfficial,isSupplierSpecific,standardPercent,readIn,source,reference,licence';
const ROW = 'own/DE/2026,DE,2026,724,CO2e,AR6,life-cycle,residual,excluded,no,no,2.5,source,"AIB, 2026",,';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-factors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (...lines: string[]) => checkFactorTable(lines.join('\n'), 'own', 'own.csv');
const told = (...lines: string[]) => check(...lines).findings.map(formatFinding);
/** The row with one piece of its text replaced. */
const but = (from: string, to: string) => {
  if (!ROW.includes(from)) throw new Error(`the row has no ${from}`);
  return ROW.replace(from, to);
};
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof MillwattError)
      return `${error.remedy} ${error.code}: ${error.message} ${error.cure}`;
    throw error;
  }
  return 'nothing was refused';
};

describe("an operator's factor table", () => {
  it('is read', () => {
    expect(check(HEADER, ROW).rows).toMatchObject([
      {
        id: 'own/DE/2026',
        table: 'own',
        region: 'DE',
        year: 2026,
        gCo2ePerKwh: '724',
        gases: 'CO2e',
        gwp: 'AR6',
        boundary: 'life-cycle',
        basis: 'residual',
        losses: 'excluded',
        isOfficial: false,
        isSupplierSpecific: false,
        standardPercent: '2.5',
        readIn: 'source',
        source: 'AIB, 2026',
        reference: '',
      },
    ]);
  });

  it('may leave columns out, order them otherwise, and write numbers with idle zeros: the row and its hash are the same', () => {
    const [row] = check(HEADER, ROW).rows ?? [];
    const short = 'year,id,region,source,gCo2ePerKwh,gases,gwp,boundary,basis,losses,standardPercent';
    const same = '2026,own/DE/2026,DE,"AIB, 2026",0724.0,CO2e,AR6,life-cycle,residual,excluded,2.50';
    expect(check(short, same).rows).toEqual([row]);
    expect(checkFactorTable(`\uFEFF${HEADER}\r\n${ROW}\r\n`, 'own', 'own.csv').rows).toEqual([row]);
  });

  it.each([
    [
      but('724', '"724,5"'),
      'own.csv:2:21: gCo2ePerKwh: "724,5" is not a number of 0 or more. Cure: Write digits with a point',
    ],
    [but('724', '7e2'), '"7e2" is not a number'],
    [but('724', '-1'), '"-1" is not a number'],
    [but('724', ''), 'own.csv:2:21: gCo2ePerKwh: is empty'],
    [but('2.5', '2.5 %'), 'own.csv:2:69: standardPercent: "2.5 %" is not a number'],
    [but(',DE,', ',DEU,'), 'own.csv:2:13: region: "DEU" is not a region. Cure: Write ISO 3166-1 alpha-2'],
    [but(',DE,2026', ',DE,26'), 'own.csv:2:16: year: "26" is not a year'],
    [
      but('own/DE/2026', 'own/DE/2025'),
      'own.csv:2:1: id: "own/DE/2025" does not name its table, region and year. Cure: Write own/DE/2026',
    ],
    [but('own/DE/2026', 'own/DE/2026/a b'), 'does not name its table'],
    [but('CO2e', 'co2e'), 'own.csv:2:25: gases: "co2e" is not a word of this column. Cure: Write CO2e.'],
    [but('life-cycle', 'lifecycle'), 'Cure: Write life-cycle.'],
    [
      but('residual', 'average'),
      'Cure: Write one of generation, consumption, residual, contract, on-site, marginal.',
    ],
    [but('excluded', ' excluded'), '" excluded" has spaces round it'],
    [but('CO2e,AR6', 'CO2,AR6'), 'gwp: belongs to factors of CO2e'],
    [but('no,no', 'no,yes'), "isSupplierSpecific: a factor of basis residual is no supplier's own"],
    [
      but('residual,excluded,no,no', 'contract,excluded,yes,yes'),
      "isOfficial: a supplier's own factor is not a state's",
    ],
    [but('"AIB, 2026"', ''), 'source: is empty'],
    [
      but('"AIB, 2026"', 'AIB, 2026'),
      'has 17 fields, and the header 16 columns. Cure: Put fields that hold commas in double quotes',
    ],
    [`\n${ROW}`, 'own.csv:2:1: is an empty line. Cure: Take it out.'],
    [`${ROW}\n${ROW}`, 'own.csv:3:1: id: own/DE/2026 is there already, in line 2.'],
  ])('refuses %s', (line, message) => {
    const { rows } = check(HEADER, line);
    expect(rows).toBeUndefined();
    expect(told(HEADER, line).join('\n')).toContain(message);
  });

  it('refuses a header that is none', () => {
    expect(told(HEADER.replace('region', 'Region'))).toEqual([
      'own.csv:1:4: Region: "Region" is no column of this table. Cure: Write region.',
    ]);
    expect(told(HEADER.replaceAll(',', ';')).join()).toContain('Cure: Separate columns with commas.');
    expect(told(HEADER.replace('licence', 'year')).join()).toContain('year: is there twice');
    expect(told(HEADER.replace('losses,', '')).join()).toContain('The header lacks losses.');
    expect(told('').join()).toContain('is empty. Cure: Begin with the header: id,region');
  });

  it('tells every fault at once', () => {
    expect(told(HEADER, but('724', 'x'), but('DE,2026', 'XX1,2026'))).toHaveLength(3);
  });

  it('warns of values that were most likely written in another unit, and takes them', () => {
    for (const value of ['0.724', '3001']) {
      const { rows, findings } = check(HEADER, but('724', value));
      expect(rows).toHaveLength(1);
      expect(findings).toMatchObject([{ severity: 'warning', path: 'gCo2ePerKwh' }]);
    }
    for (const value of ['0', '1', '3000']) expect(told(HEADER, but('724', value))).toEqual([]);
  });

  it('never takes a row from a damaged text but as it would be written, and never breaks down', () => {
    const pieces = fc.constantFrom(
      ',',
      '"',
      '\n',
      '\r',
      '0',
      '.',
      'e',
      'DE',
      '2026',
      ' ',
      '\uFEFF',
      'constructor',
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(HEADER.length + ROW.length), pieces, fc.nat(3)), { maxLength: 4 }),
        (edits) => {
          let text = `${HEADER}\n${ROW}`;
          for (const [at, piece, cut] of edits) text = text.slice(0, at) + piece + text.slice(at + cut);
          const { rows, findings } = checkFactorTable(text, 'own', 'own.csv');
          expect(rows === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
          for (const row of rows ?? []) {
            expect(row.id.startsWith(`own/${row.region}/${row.year}`)).toBe(true);
            expect(row.gCo2ePerKwh).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('stands beside the shipped tables, under another name', () => {
    const file = join(folder, 'own.csv');
    writeFileSync(file, `${HEADER}\n${ROW}\n`);
    const tables = loadFactors([file]);
    expect(tables).toHaveLength(loadShippedFactors().length + 1);
    expect(tables.at(-1)).toMatchObject({ name: 'own', file, isShipped: false });
    expect(refusal(() => loadFactors([file, file]))).toMatch(
      /^refuse bad-factors: .*own\.csv has the name of .*own\.csv/,
    );
    const [shipped] = loadShippedFactors();
    const again = join(folder, `${shipped?.name}.csv`);
    writeFileSync(again, readFileSync(shipped?.file ?? ''));
    expect(refusal(() => loadFactors([again]))).toMatch(/has the name of a table of millwatt: cn-mee\./);
  });

  it('is refused with every place where it cannot be used, and where it cannot be read', () => {
    const file = join(folder, 'bad.csv');
    writeFileSync(file, `${HEADER}\n${ROW}\n`);
    expect(refusal(() => loadFactors([file]))).toMatch(
      /^refuse bad-factors: .*bad\.csv cannot be used as factors:\n.*bad\.csv:2:1: id: "own\/DE\/2026" does not name/,
    );
    writeFileSync(file, `${HEADER}\n${`${ROW}\n`.repeat(30)}`);
    expect(refusal(() => loadFactors([file]))).toMatch(
      /\nand 10 more like them\. Correct the 30 places above/,
    );
    writeFileSync(file, Buffer.from([0x69, 0xe4]));
    expect(refusal(() => loadFactors([file]))).toContain('is not written in UTF-8');
    expect(refusal(() => loadFactors([join(folder, 'none.csv')]))).toMatch(
      /^refuse no-access: .*none\.csv cannot be read/,
    );
    expect(refusal(() => loadFactors([join(folder, 'my table.csv')]))).toContain(
      'has no name that a factor table can have',
    );
  });
});

describe('hourly factors', () => {
  const HOURS = 'factor,begin,gCo2ePerKwh';
  const known = new Set(['own/DE/2026']);
  const hours = (...lines: string[]) => checkHourlyFactors([HOURS, ...lines].join('\n'), 'hours.csv', known);

  it('are read in order of time, however they are written', () => {
    const { series } = hours('own/DE/2026,2026-06-01T01:00:00Z,301.50', 'own/DE/2026,2026-06-01T00:00Z,288');
    expect(series).toMatchObject([{ factor: 'own/DE/2026' }]);
    expect([...(series?.[0]?.gCo2ePerKwh ?? [])]).toEqual([
      ['2026-06-01T00:00:00.000Z', '288'],
      ['2026-06-01T01:00:00.000Z', '301.5'],
    ]);
    const same = hours('own/DE/2026,2026-06-01T00:00Z,288.0', 'own/DE/2026,2026-06-01T01:00:00.000Z,301.5');
    expect(same.series?.[0]?.sha256).toBe(series?.[0]?.sha256);
    const other = hours('own/DE/2026,2026-06-01T00:00Z,288', 'own/DE/2026,2026-06-01T01:00Z,301.6');
    expect(other.series?.[0]?.sha256).not.toBe(series?.[0]?.sha256);
  });

  it.each([
    [
      'other/DE/2026,2026-06-01T00:00Z,1',
      'hours.csv:2:1: factor: "other/DE/2026" is no row of a factor table',
    ],
    [
      'own/DE/2026,2026-06-01T00:30Z,1',
      'hours.csv:2:13: begin: "2026-06-01T00:30Z" does not begin an hour of UTC',
    ],
    ['own/DE/2026,2026-06-01T02:00+02:00,1', 'does not begin an hour of UTC'],
    ['own/DE/2026,2026-06-31T00:00Z,1', 'does not begin an hour of UTC'],
    ['own/DE/2026,2026-06-01T00:00Z,', 'gCo2ePerKwh: is empty'],
    ['own/DE/2026,2026-06-01T00:00Z,n/a', '"n/a" is not a number'],
    [
      'own/DE/2026,2026-06-01T00:00Z,1\nown/DE/2026,2026-06-01T00:00:00Z,2',
      'hours.csv:3:13: begin: 2026-06-01T00:00:00.000Z of own/DE/2026 is there already',
    ],
  ])('refuses %s', (lines, message) => {
    const { series, findings } = hours(lines);
    expect(series).toBeUndefined();
    expect(findings.map(formatFinding).join('\n')).toContain(message);
  });

  it('are loaded for rows of the tables there are', () => {
    const [table, file] = [join(folder, 'own.csv'), join(folder, 'hours.csv')];
    writeFileSync(table, `${HEADER}\n${ROW}\n`);
    writeFileSync(
      file,
      `${HOURS}\nown/DE/2026,2026-06-01T00:00Z,288\nember-2026/DE/2025,2026-06-01T00:00Z,290\n`,
    );
    expect(loadHourlyFactors(file, loadFactors([table])).map(({ factor }) => factor)).toEqual([
      'own/DE/2026',
      'ember-2026/DE/2025',
    ]);
    expect(refusal(() => loadHourlyFactors(file, loadShippedFactors()))).toContain('"own/DE/2026" is no row');
  });
});
