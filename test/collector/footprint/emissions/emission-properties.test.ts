import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emissionsOf, type FactorLine } from '../../../../collector/footprint/emissions/factor-lines.ts';
import {
  DECLARED_FACTOR_PERCENT,
  emissionUncertainty,
} from '../../../../collector/footprint/emissions/factor-uncertainty.ts';
import {
  locationBased,
  marketBased,
  type ElectricityUse,
} from '../../../../collector/footprint/emissions/emission-statement.ts';
import { shareSupplies, type Supply } from '../../../../collector/footprint/emissions/supplies.ts';
import type { EnergyPiece } from '../../../../collector/footprint/emissions/energy-piece.ts';
import type { EmissionFactor } from '../../../../collector/footprint/factors/emission-factor.ts';
import { setOfTables } from '../../../../collector/footprint/factors/factor-set.ts';
import {
  compareDecimals,
  decimalOf,
  decimalOfNumber,
  minus,
  numberOf,
  plus,
  roundTo,
  textOf,
  times,
  wholeDecimal,
  type Decimal,
} from '../../../../collector/footprint/figures/decimal.ts';
import type { EmissionStatement } from '../../../../collector/footprint/record/footprint-record.ts';
import { MillwattError } from '../../../../protocols/errors.ts';
import { d } from '../sample-record.ts';
import { arbitraryRows, rowOf } from '../factors/sample-rows.ts';

const ZERO = decimalOf('0');
const sum = (values: readonly Decimal[]) => values.reduce(plus, ZERO);
const sumTexts = (texts: readonly string[]) => textOf(sum(texts.map(decimalOf)));
const FIRST_MS = Date.parse('2026-06-01T00:00:00.000Z');
const HOUR_MS = 3_600_000;
const instant = (hour: number) => new Date(FIRST_MS + hour * HOUR_MS).toISOString();
const ALL = { name: 'all', allows: () => true };

/** Hours one after the other, mWh each. */
const piecesOf = (mwh: readonly number[], year = 2026): EnergyPiece[] =>
  mwh.map((one, at) => ({ from: instant(at), to: instant(at + 1), year, kwh: wholeDecimal(one, 6) }));
const arbitraryMwh = fc.array(fc.integer({ min: 0, max: 50_000_000 }), { minLength: 1, maxLength: 12 });
const arbitraryLoss = fc.constantFrom(null, d('0'), d('6.3'), d('21.75'));

const arbitrarySupplies = fc
  .array(
    fc.record({
      from: fc.integer({ min: -2, max: 12 }),
      hours: fc.double({ min: 0.25, max: 12, noNaN: true }),
      basis: fc.constantFrom('contract' as const, 'on-site' as const),
      value: fc.integer({ min: 0, max: 9000 }),
      part: fc.oneof(
        fc
          .integer({ min: 0, max: 100 })
          .map((percent) => ({ kind: 'share' as const, percent: d(String(percent)) })),
        fc
          .tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 900 }))
          .map(([kwh, site]) => ({ kind: 'amount' as const, kwh: d(String(kwh)), siteKwh: d(String(site)) })),
      ),
    }),
    { maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(({ from, hours, basis, value, part }, at): Supply => ({
      name: `supply ${at}`,
      from: instant(from),
      to: instant(from + hours),
      factor: rowOf({
        table: 'own',
        suffix: String(at),
        basis,
        boundary: 'life-cycle',
        gCo2ePerKwh: textOf({ digits: BigInt(value), scale: 1 }),
      }),
      part,
    })),
  );

const useOf = (
  pieces: EnergyPiece[],
  rows: EmissionFactor[],
  more: Partial<ElectricityUse> = {},
): ElectricityUse => ({
  pieces,
  place: { country: 'CN', subdivision: 'CN-N', elsewhere: 'WORLD' },
  rows,
  hourly: [],
  lossPercent: null,
  count: null,
  energyExpandedPercent: null,
  ...more,
});

/** What a stranger with the rows and a calculator checks of any statement. */
function expectToAddUp(statement: EmissionStatement, rows: readonly EmissionFactor[], energy: Decimal): void {
  const { factors, lossesKgCo2e, upstreamKgCo2e, kgCo2e } = statement;
  expect(sumTexts(factors.map((used) => used.energyKwh))).toBe(textOf(energy));
  expect(sumTexts([...factors.map((used) => used.kgCo2e), lossesKgCo2e, upstreamKgCo2e])).toBe(kgCo2e);
  const valueOf = (id: string) => decimalOf(rows.find((row) => row.id === id)?.gCo2ePerKwh ?? 'none');
  const kgOf = (kwh: string, id: string) =>
    textOf(roundTo(times(times(decimalOf(kwh), valueOf(id)), decimalOf('0.001')), 6));
  for (const used of factors) {
    expect(compareDecimals(decimalOf(used.energyKwh), ZERO)).not.toBe(-1);
    expect(decimalOf(used.energyKwh).scale).toBeLessThanOrEqual(6);
    if (used.hourly === undefined) expect(used.kgCo2e).toBe(kgOf(used.energyKwh, used.id));
  }
  const added = factors.flatMap(({ energyKwh, upstream }) =>
    upstream === undefined ? [] : [kgOf(energyKwh, upstream)],
  );
  expect(sumTexts(added)).toBe(upstreamKgCo2e);
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof MillwattError) return `${error.remedy} ${error.code}`;
    throw error;
  }
  return 'nothing';
};

describe('emissions of any rows', () => {
  it('add up to the printed digit, location-based', () => {
    fc.assert(
      fc.property(
        arbitraryRows,
        arbitraryMwh,
        fc.constantFrom(2022, 2026),
        arbitraryLoss,
        (rows, mwh, year, lossPercent) => {
          const pieces = [...piecesOf(mwh), ...piecesOf(mwh, year)];
          const stated = locationBased(useOf(pieces, rows, { lossPercent }), ALL);
          if (stated.kind === 'unknown') return;
          expectToAddUp(stated.statement, rows, sum(pieces.map(({ kwh }) => kwh)));
          // Upstream only onto direct rows, and no losses but onto rows that leave them out.
          for (const { id, upstream } of stated.statement.factors)
            if (upstream !== undefined) expect(rows.find((row) => row.id === id)?.boundary).toBe('direct');
          if (stated.rows.every(({ losses }) => losses !== 'excluded'))
            expect(stated.statement.lossesKgCo2e).toBe('0');
          if (lossPercent === null) expect(stated.statement.lossesKgCo2e).toBe('0');
        },
      ),
    );
  });

  it('add up market-based too, whatever was bought: nothing is counted twice and nothing is lost', () => {
    const residual = rowOf({ table: 'own', region: 'CN', basis: 'residual', suffix: 'residual' });
    fc.assert(
      fc.property(arbitraryMwh, arbitrarySupplies, arbitraryLoss, (mwh, supplies, lossPercent) => {
        const [pieces, rows] = [piecesOf(mwh), [residual, ...supplies.map(({ factor }) => factor)]];
        const energy = sum(pieces.map(({ kwh }) => kwh));
        const { lines, rest } = shareSupplies(pieces, supplies);
        const given = [...lines.flatMap((line) => line.pieces), ...rest].map(({ kwh }) => kwh);
        expect(textOf(sum(given))).toBe(textOf(energy));
        expect(given.every((kwh) => compareDecimals(kwh, ZERO) >= 0)).toBe(true);
        const stated = marketBased(useOf(pieces, rows, { lossPercent }), supplies, {
          averages: setOfTables('none', []),
          residuals: [ALL],
        });
        if (stated.kind === 'unknown') {
          // Where nothing was drawn there is nothing to state.
          expect(textOf(energy), stated.because).toBe('0');
          return;
        }
        expect(stated.statement.method).toBe('market');
        expectToAddUp(stated.statement, rows, energy);
      }),
    );
  });

  it('of energies that are added are added', () => {
    fc.assert(
      fc.property(arbitraryRows, arbitraryMwh, arbitraryMwh, arbitraryLoss, (rows, a, b, lossPercent) => {
        const kgOf = (mwh: number[]) => {
          const stated = locationBased(useOf(piecesOf(mwh), rows, { lossPercent }), ALL);
          return stated.kind === 'unknown' ? ZERO : decimalOf(stated.statement.kgCo2e);
        };
        // Row, losses and upstream of three statements, each rounded to the mg: at most half a mg off, three times three.
        const apart = Math.abs(numberOf(minus(kgOf([...a, ...b]), plus(kgOf(a), kgOf(b)))));
        expect(apart).toBeLessThanOrEqual(9 * 0.5e-6);
        // Of whole kWh and values of three digits nothing is rounded.
        const whole = (mwh: number[]) => kgOf(mwh.map((one) => Math.ceil(one / 1e6) * 1e6));
        if (lossPercent === null) expect(plus(whole(a), whole(b))).toEqual(whole([...a, ...b]));
      }),
    );
  });

  it('do not depend on how a period is cut', () => {
    fc.assert(
      fc.property(arbitraryRows, arbitraryMwh, (rows, mwh) => {
        const total = mwh.reduce((one, other) => one + other, 0);
        const whole = { from: instant(0), to: instant(mwh.length), year: 2026, kwh: wholeDecimal(total, 6) };
        expect(locationBased(useOf(piecesOf(mwh), rows), ALL)).toEqual(
          locationBased(useOf([whole], rows), ALL),
        );
      }),
    );
  });

  it('hour by hour are those of the year where every hour has its value', () => {
    fc.assert(
      fc.property(arbitraryMwh, (mwh) => {
        const row = rowOf({ table: 'own', region: 'CN' });
        const gCo2ePerKwh = new Map(mwh.map((_, at) => [instant(at), row.gCo2ePerKwh]));
        const series = { factor: row.id, gCo2ePerKwh, sha256: 'series' };
        const [flat, hourly] = [[], [series]].map((values) =>
          locationBased(useOf(piecesOf(mwh), [row], { hourly: values }), ALL),
        );
        if (flat?.kind !== 'stated' || hourly?.kind !== 'stated') throw new Error('nothing stated');
        expect(hourly.statement.kgCo2e).toBe(flat.statement.kgCo2e);
        expect(hourly.statement.factors[0]?.hourly).toEqual({ hours: String(mwh.length), sha256: 'series' });
      }),
    );
  });

  it('take no hourly value for a piece that is no hour', () => {
    const row = rowOf({ table: 'own', region: 'CN' });
    const hourly = [{ factor: row.id, gCo2ePerKwh: new Map([[instant(0), '1']]), sha256: 'series' }];
    const of = (from: number, to: number) =>
      locationBased(
        useOf([{ from: instant(from), to: instant(to), year: 2026, kwh: decimalOf('10') }], [row], {
          hourly,
        }),
        ALL,
      );
    expect(of(0, 1)).toMatchObject({ statement: { kgCo2e: '0.01' } });
    expect(of(0.25, 0.5)).toMatchObject({ statement: { kgCo2e: '0.01' } });
    const long = of(0.5, 1.5);
    expect(long).toMatchObject({ statement: { kgCo2e: '4.607', factors: [{ energyKwh: '10' }] } });
    expect(long.kind === 'stated' && long.statement.factors[0]).not.toHaveProperty('hourly');
    expect(long.kind === 'stated' && long.statement.remarks).toContain(
      '10 kWh had no hourly value of own/CN/2025: its value of the year was taken.',
    );
  });
});

describe('what no footprint is computed with', () => {
  const [piece] = piecesOf([1_000_000]);
  if (piece === undefined) throw new Error('no piece');
  const line = (factor: EmissionFactor, upstream: EmissionFactor | null = null): FactorLine => ({
    factor,
    upstream,
    pieces: [piece],
  });
  const direct = rowOf({ boundary: 'direct' });
  const before = rowOf({ boundary: 'upstream', suffix: 'upstream' });
  const lifeCycle = rowOf({ suffix: 'whole' });
  const run = (one: FactorLine, loss: string | null = null) =>
    codeOf(() => emissionsOf([one], [], loss === null ? null : d(loss)));

  it('is refused', () => {
    expect(run(line(rowOf({ basis: 'marginal' })))).toBe('refuse marginal-factor');
    expect(run(line(direct, { ...before, basis: 'marginal' }))).toBe('refuse marginal-factor');
    expect(run(line(before))).toBe('refuse upstream-factor');
    expect(run(line(lifeCycle, before))).toBe('refuse upstream-factor');
    expect(run(line(direct, lifeCycle))).toBe('refuse upstream-factor');
    expect(run(line(direct, before))).toBe('nothing');
    expect(run(line(direct), '100')).toBe('refuse bad-loss');
    expect(run(line(direct), '-1')).toBe('refuse bad-loss');
    expect(run(line(direct), '99.9')).toBe('nothing');
  });

  it('adds losses only where a row leaves them out and the grid was used', () => {
    const lossesOf = (told: Partial<EmissionFactor>) =>
      textOf(emissionsOf([line(rowOf(told))], [], d('50')).losses);
    expect(lossesOf({ losses: 'excluded' })).toBe('0.4607');
    expect(lossesOf({ losses: 'included' })).toBe('0');
    expect(lossesOf({ losses: 'not-stated' })).toBe('0');
    expect(lossesOf({ losses: 'excluded', basis: 'on-site' })).toBe('0');
  });

  it('is told of supplies', () => {
    const supply: Supply = {
      name: 'wind',
      from: instant(0),
      to: instant(1),
      factor: rowOf({ basis: 'contract' }),
      part: { kind: 'share', percent: d('10') },
    };
    const codeWith = (more: Partial<Supply>) =>
      codeOf(() => shareSupplies([piece], [{ ...supply, ...more }]));
    expect(codeWith({})).toBe('nothing');
    expect(codeWith({ factor: rowOf({}) })).toBe('refuse bad-supply');
    expect(codeWith({ factor: rowOf({ basis: 'marginal' }) })).toBe('refuse bad-supply');
    expect(codeWith({ to: instant(0) })).toBe('refuse bad-supply');
    expect(codeWith({ part: { kind: 'share', percent: d('100.1') } })).toBe('refuse bad-supply');
    expect(codeWith({ part: { kind: 'amount', kwh: d('1'), siteKwh: d('0') } })).toBe('refuse bad-supply');
  });
});

describe('the uncertainty of an emission', () => {
  const [a, b, other] = [
    rowOf({}),
    rowOf({ year: 2024 }),
    rowOf({ table: 'other', standardPercent: d('3') }),
  ];
  const of = (parts: [EmissionFactor, string][], energy: string | null) =>
    emissionUncertainty(
      parts.map(([row, kg]) => ({ row, kg: decimalOf(kg) })),
      energy === null ? null : d(energy),
      DECLARED_FACTOR_PERCENT,
    );

  it('adds energy and factor in quadrature, rows of one table linearly', () => {
    expect(of([[a, '7']], '0')).toBe('10');
    expect(of([[a, '7']], '10')).toBe('14.1');
    expect(of([[other, '7']], '8')).toBe('10');
    expect(
      of(
        [
          [a, '3'],
          [b, '4'],
        ],
        '0',
      ),
    ).toBe('10');
    // sqrt((0.5 x 10)^2 + (0.5 x 6)^2) = sqrt(34) = 5.83
    expect(
      of(
        [
          [a, '1'],
          [other, '1'],
        ],
        '0',
      ),
    ).toBe('5.8');
    expect(of([[a, '7']], null)).toBeNull();
    expect(of([[a, '0']], '2')).toBeNull();
  });

  it('is what doubles say, to the printed digit', () => {
    const kg = fc.integer({ min: 1, max: 1e12 });
    fc.assert(
      fc.property(kg, kg, fc.integer({ min: 0, max: 5000 }), (first, second, permille) => {
        const [x, y, energy] = [first / 1e6, second / 1e6, permille / 10];
        const right = Math.hypot((x + y) * energy, x * 10, y * 6) / (x + y);
        const found = of(
          [
            [a, textOf(wholeDecimal(first, 6))],
            [other, textOf(wholeDecimal(second, 6))],
          ],
          textOf(decimalOfNumber(energy, 1)),
        );
        expect(Math.abs(Number(found) - right)).toBeLessThanOrEqual(0.05 + 1e-9);
      }),
    );
  });
});
