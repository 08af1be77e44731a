import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFactors, loadHourlyFactors } from '../../../../config/library/factor-library.ts';
import type { GridPlace } from '../../../../collector/footprint/factors/factor-choice.ts';
import { emissionFactorsOf } from '../../../../collector/footprint/factors/factor-rows.ts';
import {
  DEFAULT_SET,
  OFFICIAL_SET,
  setOfTables,
} from '../../../../collector/footprint/factors/factor-set.ts';
import { checkEmissions } from '../../../../collector/footprint/record/check-emissions.ts';
import { decimalOf, plus, textOf } from '../../../../collector/footprint/figures/decimal.ts';
import type { EmissionStatement } from '../../../../collector/footprint/record/footprint-record.ts';
import {
  emissionsOfRecord,
  type RecordEmissions,
} from '../../../../collector/footprint/emissions/record-emissions.ts';
import type { Supply } from '../../../../collector/footprint/emissions/supplies.ts';
import { sampleUsePhase } from '../sample-record.ts';

/*
 * Cases by hand: each folder has its arithmetic written out, the operator's tables where it needs some, and what is expected. What a
 * statement is expected to say of a key it must say exactly; keys that are left out are not what the case is about.
 */

const FOLDER = join(import.meta.dirname, '../../../cases/emissions');

interface Case {
  ask: {
    use: {
      place: GridPlace;
      pieces: { from: string; to: string; year: number; kwh: string }[];
      lossPercent: string | null;
      count: string | null;
      energyExpandedPercent: string | null;
    };
    sets?: string[];
    residuals?: string[];
    supplies?: (Omit<Supply, 'factor'> & { factor: string })[];
  };
  expect: { emissions: Partial<EmissionStatement>[]; sensitivity?: object[]; remarks?: string[] };
}

const decimal = (text: string | null) => (text === null ? null : textOf(decimalOf(text)));
const setNamed = (name: string) =>
  [DEFAULT_SET, OFFICIAL_SET].find((set) => set.name === name) ?? setOfTables(name, [name]);

function answer(name: string, { use, sets, residuals, supplies }: Case['ask']) {
  const [own, hours] = [join(FOLDER, name, 'own.csv'), join(FOLDER, name, 'hours.csv')];
  const tables = loadFactors(existsSync(own) ? [own] : []);
  const rows = emissionFactorsOf(tables.flatMap((table) => table.rows));
  return emissionsOfRecord(
    {
      place: use.place,
      pieces: use.pieces.map((piece) => ({ ...piece, kwh: decimalOf(piece.kwh) })),
      lossPercent: decimal(use.lossPercent),
      count: decimal(use.count),
      energyExpandedPercent: decimal(use.energyExpandedPercent),
      rows,
      hourly: existsSync(hours) ? loadHourlyFactors(hours, tables) : [],
    },
    {
      sets: (sets ?? ['default', 'official']).map(setNamed),
      residuals: (residuals ?? ['official']).map(setNamed),
      supplies: (supplies ?? []).map((supply) => {
        const factor = rows.find(({ id }) => id === supply.factor);
        if (factor === undefined) throw new Error(`${name} has no row ${supply.factor}`);
        return { ...supply, factor };
      }),
    },
  );
}

/** What the record's own check says of a record with these emissions in it. */
function faultsOf({ use }: Case['ask'], { emissions, factors, sensitivity }: RecordEmissions): string[] {
  const record = sampleUsePhase();
  return checkEmissions({
    ...record,
    activity: {
      ...record.activity,
      energyKwh: textOf(use.pieces.map(({ kwh }) => decimalOf(kwh)).reduce(plus, decimalOf('0'))),
    },
    functionalUnit: { ...record.functionalUnit, count: decimal(use.count) },
    emissions,
    sensitivity,
    evidence: { ...record.evidence, factors },
  });
}

describe('emissions by hand', () => {
  it.each(readdirSync(FOLDER))('%s', (name) => {
    const { ask, expect: expected } = JSON.parse(
      readFileSync(join(FOLDER, name, 'case.json'), 'utf8'),
    ) as Case;
    const found = answer(name, ask);
    expect(found.emissions).toHaveLength(expected.emissions.length);
    for (const [at, statement] of expected.emissions.entries()) {
      const { factors, ...figures } = statement;
      for (const [key, value] of Object.entries(figures))
        expect(found.emissions[at]?.[key as keyof EmissionStatement], `${at} ${key}`).toEqual(value);
      // A list matches a list of its own length only.
      if (factors !== undefined) expect(found.emissions[at]?.factors).toMatchObject(factors);
      // Losses are told of where they were added, and nowhere else.
      expect(found.emissions[at]?.lossPercent !== undefined).toBe(found.emissions[at]?.lossesKgCo2e !== '0');
    }
    if (expected.sensitivity !== undefined) expect(found.sensitivity).toEqual(expected.sensitivity);
    if (expected.remarks !== undefined) expect(found.remarks).toEqual(expected.remarks);
    expect(faultsOf(ask, found)).toEqual([]);
    const named = found.emissions.flatMap(({ factors }) =>
      factors.flatMap(({ id, upstream }) => [id, ...(upstream === undefined ? [] : [upstream])]),
    );
    expect(found.factors.map(({ id }) => id)).toEqual([...new Set(named)].sort());
  });
});
