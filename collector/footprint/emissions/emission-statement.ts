import type { EmissionFactor } from '../factors/emission-factor.ts';
import { chooseFactor, type GridMix, type GridPlace } from '../factors/factor-choice.ts';
import type { HourlyValues } from '../factors/factor-rows.ts';
import type { FactorSet } from '../factors/factor-set.ts';
import { compareDecimals, decimalOf, dividedBy, textOf, type DecimalText } from '../figures/decimal.ts';
import type { EmissionStatement } from '../record/footprint-record.ts';
import type { EnergyPiece } from './energy-piece.ts';
import { emissionsOf, type FactorLine } from './factor-lines.ts';
import { DECLARED_FACTOR_PERCENT, emissionUncertainty, uncertaintyWords } from './factor-uncertainty.ts';
import { shareSupplies, type Supply } from './supplies.ts';

/** What emissions are asked of, and what is known for them. */
export interface ElectricityUse {
  pieces: readonly EnergyPiece[];
  place: GridPlace;
  /** Every row there is: shipped and the operator's. */
  rows: readonly EmissionFactor[];
  hourly: readonly HourlyValues[];
  /** Losses of transmission and distribution, % of what was generated; null where nobody told them. */
  lossPercent: DecimalText | null;
  /** Functional units; null where nobody knows. */
  count: DecimalText | null;
  /** U of the energy, k = 2, %; null where facts lack. */
  energyExpandedPercent: DecimalText | null;
  /** u of factors whose source states none, %; DECLARED_FACTOR_PERCENT where left out. */
  declaredFactorPercent?: DecimalText;
}

/** A statement and the rows it was computed with, or why there is none. */
export type StatedEmissions =
  | { kind: 'stated'; statement: EmissionStatement; rows: EmissionFactor[] }
  | { kind: 'unknown'; because: string };

const ZERO = decimalOf('0');

/** Emissions with the averages of the grid. Throws as `emissionsOf`. */
export function locationBased(use: ElectricityUse, set: FactorSet): StatedEmissions {
  const grid = chooseGrid(use.pieces, use, set, 'average');
  if (grid === undefined)
    return { kind: 'unknown', because: `No factor of ${placeName(use.place)} is known in ${set.name}.` };
  return state(use, { method: 'location', factorSet: set.name, lines: grid.lines, remarks: grid.remarks });
}

/**
 * Emissions with what the site bought: contracts and on-site generation with their own factors, the rest with the residual mix.
 * The rest is never multiplied with the average, which counts again what others bought: where no residual mix is known, the
 * statement is the location-based one (its `method` says so), marked in its first remark. Throws as `emissionsOf` and `shareSupplies`.
 * @param sets of that location-based statement, and where a residual mix may be taken from: the first that has one
 */
export function marketBased(
  use: ElectricityUse,
  supplies: readonly Supply[],
  sets: { averages: FactorSet; residuals: readonly FactorSet[] },
): StatedEmissions {
  const shared = shareSupplies(use.pieces, supplies);
  if (shared.lines.length === 0 && shared.rest.length === 0)
    return { kind: 'unknown', because: 'No electricity was drawn: nothing market-based can be stated.' };
  const [grid] =
    shared.rest.length === 0
      ? [{ lines: [], remarks: [] }]
      : sets.residuals.flatMap((set) => chooseGrid(shared.rest, use, set, 'residual') ?? []);
  if (grid !== undefined)
    return state(use, {
      method: 'market',
      factorSet: sets.averages.name,
      lines: [...shared.lines, ...grid.lines],
      remarks: [...shared.remarks, ...grid.remarks],
    });
  const instead = locationBased(use, sets.averages);
  if (instead.kind === 'unknown') return instead;
  const mark = `Not market-based: no residual mix of ${placeName(use.place)} is known for what contracts and on-site generation leave.`;
  return { ...instead, statement: { ...instead.statement, remarks: [mark, ...instead.statement.remarks] } };
}

/** A line for each year's row; undefined where one of them has none. */
function chooseGrid(
  pieces: readonly EnergyPiece[],
  { rows, place }: ElectricityUse,
  set: FactorSet,
  mix: GridMix,
): { lines: FactorLine[]; remarks: string[] } | undefined {
  const years = [...new Set(pieces.map(({ year }) => year))].sort((a, b) => a - b);
  const lines: FactorLine[] = [];
  const remarks: string[] = [];
  for (const year of years) {
    const choice = chooseFactor(rows, { set, mix, place, year });
    if (choice === undefined) return undefined;
    lines.push({
      factor: choice.row,
      upstream: choice.upstream,
      pieces: pieces.filter((piece) => piece.year === year),
    });
    remarks.push(...choice.remarks);
  }
  return { lines, remarks };
}

function state(
  use: ElectricityUse,
  {
    lines,
    remarks,
    ...kind
  }: Pick<EmissionStatement, 'method' | 'factorSet' | 'remarks'> & { lines: readonly FactorLine[] },
): StatedEmissions {
  const { hourly, lossPercent, count, energyExpandedPercent } = use;
  const emissions = emissionsOf(lines, hourly, lossPercent);
  const declared = use.declaredFactorPercent ?? DECLARED_FACTOR_PERCENT;
  const isCounted = count !== null && compareDecimals(decimalOf(count), ZERO) !== 0;
  return {
    kind: 'stated',
    rows: emissions.rows,
    statement: {
      ...kind,
      factors: emissions.factors,
      lossesKgCo2e: textOf(emissions.losses),
      ...(emissions.lossPercent === null ? {} : { lossPercent: emissions.lossPercent }),
      upstreamKgCo2e: textOf(emissions.upstream),
      kgCo2e: textOf(emissions.total),
      perUnitKgCo2e: isCounted ? textOf(dividedBy(emissions.total, decimalOf(count), 6)) : null,
      expandedPercent: emissionUncertainty(emissions.parts, energyExpandedPercent, declared),
      factorUncertainty: uncertaintyWords(emissions.rows, declared),
      remarks: [...new Set([...remarks, ...emissions.remarks])],
    },
  };
}

function placeName({ country, subdivision }: GridPlace): string {
  return subdivision ?? country;
}
