import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseFactor, type GridPlace } from '../../../../collector/footprint/factors/factor-choice.ts';
import { emissionFactorsOf } from '../../../../collector/footprint/factors/factor-rows.ts';
import {
  DEFAULT_SET,
  DEFAULT_TABLE,
  OFFICIAL_SET,
  setOfTables,
  type FactorSet,
} from '../../../../collector/footprint/factors/factor-set.ts';
import { loadShippedFactors } from '../../../../config/library/factor-library.ts';
import { arbitraryRows, rowOf } from './sample-rows.ts';

const ALL: FactorSet = { name: 'all', allows: () => true };
const VN: GridPlace = { country: 'VN', subdivision: null, elsewhere: null };
const CN_N: GridPlace = { country: 'CN', subdivision: 'CN-N', elsewhere: null };
const choose = (rows: Parameters<typeof chooseFactor>[0], place: GridPlace, year: number, set = ALL) =>
  chooseFactor(rows, { set, mix: 'average', place, year });

describe('the choice of a factor', () => {
  it('takes the year, else the nearest before, else the nearest after, and says so', () => {
    const rows = [2020, 2023, 2024, 2026].map((year) => rowOf({ year }));
    const told = (year: number) => {
      const choice = choose(rows, VN, year);
      return [choice?.row.year, choice?.remarks];
    };
    expect(told(2023)).toEqual([2023, []]);
    expect(told(2022)).toEqual([
      2020,
      ['ember-2026/VN/2020 is of 2020: there is none of 2022, and it is the nearest before.'],
    ]);
    expect(told(2025)[0]).toBe(2024);
    expect(told(2030)[0]).toBe(2026);
    expect(told(2019)).toEqual([2020, ['ember-2026/VN/2020 is of 2020: there is none of 2019 or before.']]);
  });

  it('puts the subdivision before the country, and another region only where it is allowed', () => {
    const rows = [
      rowOf({ region: 'CN', year: 2025 }),
      rowOf({ region: 'CN-N', year: 2020 }),
      rowOf({ region: 'WORLD', year: 2025 }),
    ];
    expect(choose(rows, CN_N, 2025)?.row.region).toBe('CN-N');
    expect(choose(rows, { ...CN_N, subdivision: 'CN-E' }, 2025)).toMatchObject({
      row: { region: 'CN' },
      remarks: ['There is no factor of CN-E: that of CN was taken.'],
    });
    expect(choose(rows, { ...CN_N, subdivision: null }, 2025)).toMatchObject({
      row: { region: 'CN' },
      remarks: [],
    });
    expect(choose(rows, VN, 2025)).toBeUndefined();
    expect(choose(rows, { ...VN, elsewhere: 'WORLD' }, 2025)).toMatchObject({
      row: { region: 'WORLD' },
      remarks: ['There is no factor of VN: that of WORLD was taken, as declared.'],
    });
  });

  it('prefers life cycle to direct, CO2e to CO2 and consumption to generation, the year going before them', () => {
    const [direct, co2, generation, consumption] = [
      rowOf({ suffix: '1', boundary: 'direct', basis: 'consumption' }),
      rowOf({ suffix: '2', gases: 'CO2', basis: 'consumption' }),
      rowOf({ suffix: '3' }),
      rowOf({ suffix: '4', basis: 'consumption' }),
    ];
    expect(choose([direct, co2, generation, consumption], VN, 2025)?.row.id).toBe(consumption.id);
    expect(choose([direct, co2, generation], VN, 2025)?.row.id).toBe(generation.id);
    expect(choose([direct, co2], VN, 2025)?.row.id).toBe(co2.id);
    expect(choose([direct, rowOf({ year: 2024 })], VN, 2025)?.row.id).toBe(direct.id);
  });

  it('keeps sets apart', () => {
    const rows = emissionFactorsOf(loadShippedFactors().flatMap((table) => table.rows));
    expect(choose(rows, VN, 2025, DEFAULT_SET)?.row).toMatchObject({
      table: DEFAULT_TABLE,
      gCo2ePerKwh: '460.7',
    });
    expect(choose(rows, VN, 2025, OFFICIAL_SET)?.row).toMatchObject({
      id: 'vn-dcc/VN/2023',
      gCo2ePerKwh: '659.2',
    });
    expect(choose(rows, VN, 2025, setOfTables('own', ['own']))).toBeUndefined();
    expect(choose(rows, CN_N, 2023, OFFICIAL_SET)?.row.id).toBe('cn-mee/CN-N/2023');
    expect(chooseFactor(rows, { set: OFFICIAL_SET, mix: 'residual', place: CN_N, year: 2026 })?.row.id).toBe(
      'cn-mee/CN/2023/residual',
    );
    expect(chooseFactor(rows, { set: DEFAULT_SET, mix: 'residual', place: VN, year: 2026 })).toBeUndefined();
  });

  it('knows every country of the default table', () => {
    const rows = emissionFactorsOf(loadShippedFactors().flatMap((table) => table.rows));
    for (const region of new Set(
      rows.filter(({ table }) => table === DEFAULT_TABLE).map((row) => row.region),
    ))
      expect(choose(rows, { ...VN, country: region }, 2026, DEFAULT_SET)?.row.region).toBe(region);
  });

  it('never takes a marginal factor or an upstream one alone, and adds upstream to direct rows only', () => {
    fc.assert(
      fc.property(
        arbitraryRows,
        fc.constantFrom('average' as const, 'residual' as const),
        fc.integer({ min: 2020, max: 2027 }),
        fc.constantFrom(null, 'WORLD'),
        (rows, mix, year, elsewhere) => {
          const place = { ...CN_N, elsewhere };
          const choice = chooseFactor(rows, { set: ALL, mix, place, year });
          const fits = rows.filter(
            ({ basis, boundary }) =>
              boundary !== 'upstream' &&
              (mix === 'residual' ? basis === 'residual' : basis === 'generation' || basis === 'consumption'),
          );
          const regions = ['CN-N', 'CN', ...(elsewhere === null ? [] : [elsewhere])];
          const region = regions.find((one) => fits.some((row) => row.region === one));
          expect(choice?.row.region).toBe(region);
          if (choice === undefined) return;
          expect(fits).toContain(choice.row);
          const years = fits.filter((row) => row.region === region).map((row) => row.year);
          const earlier = years.filter((one) => one <= year);
          expect(choice.row.year).toBe(earlier.length > 0 ? Math.max(...earlier) : Math.min(...years));
          if (choice.upstream !== null) {
            expect(choice.row.boundary).toBe('direct');
            expect(choice.upstream).toMatchObject({ boundary: 'upstream', region });
            expect(choice.upstream.basis).not.toBe('marginal');
          }
          // The order in which tables are read chooses nothing.
          expect(chooseFactor(rows.toReversed(), { set: ALL, mix, place, year })).toEqual(choice);
        },
      ),
    );
  });
});
