import type { EmissionFactor } from '../factors/emission-factor.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  plus,
  roundTo,
  squareRoot,
  textOf,
  times,
  type Decimal,
  type DecimalText,
} from '../figures/decimal.ts';
import type { EmissionStatement } from '../record/footprint-record.ts';

/**
 * Standard uncertainty of a factor whose source states none, % of its value: declared, not measured. Publishers of the same
 * country and year differ by more than this, which the cases of sensitivity show.
 */
export const DECLARED_FACTOR_PERCENT = '5' as DecimalText;

const TWO = decimalOf('2');
const ZERO = decimalOf('0');
const GRAM = decimalOf('0.001');
/** Emissions are rounded to the mg. */
const KG_PLACES = 6;
/** U is printed to a tenth of a percent. */
const PLACES = 1;
/** u of factors is derived to so many digits of a percent. */
const STANDARD_PLACES = 9;
/** Digits that the variance is divided to. */
const VARIANCE_PLACES = 24;

/** What a row of a table answers for. */
export interface FactorPart {
  row: EmissionFactor;
  kg: Decimal;
}

/**
 * What each row of a statement answers for, upstream rows beside direct ones, losses left out; undefined where a row that it
 * names is none of these.
 */
export function factorPartsOf(
  { factors }: Pick<EmissionStatement, 'factors'>,
  rows: readonly EmissionFactor[],
): FactorPart[] | undefined {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const parts: FactorPart[] = [];
  for (const { id, upstream, energyKwh, kgCo2e } of factors) {
    const row = byId.get(id);
    const before = upstream === undefined ? undefined : byId.get(upstream);
    if (row === undefined || (upstream !== undefined && before === undefined)) return undefined;
    parts.push({ row, kg: decimalOf(kgCo2e) });
    if (before === undefined) continue;
    const grams = times(decimalOf(energyKwh), decimalOf(before.gCo2ePerKwh));
    parts.push({ row: before, kg: roundTo(times(grams, GRAM), KG_PLACES) });
  }
  return parts;
}

/**
 * u of the factors together, k = 1, in % of the emissions: rows of one table err alike and add linearly, those of different
 * tables in quadrature. Of a single row it is that of the row, to the digit. Null where nothing was emitted.
 * @param declaredPercent u of a factor whose source states none, %
 */
export function factorStandardPercent(
  parts: readonly FactorPart[],
  declaredPercent: DecimalText,
): DecimalText | null {
  const total = parts.map(({ kg }) => kg).reduce(plus, ZERO);
  if (compareDecimals(total, ZERO) === 0) return null;
  const variance = byTableOf(parts, declaredPercent).map(square).reduce(plus, ZERO);
  return textOf(squareRoot(dividedBy(variance, square(total), VARIANCE_PLACES), STANDARD_PLACES));
}

/**
 * U of an emission, k = 2, in %: energy and factors in quadrature, u(G)^2 = (G u(E))^2 + sum over tables of (sum of G_i u_i)^2.
 * Rows of one table err alike and add linearly; those of different tables in quadrature. Null where the energy's is not known or
 * nothing was emitted.
 * @param parts what each row answers for, kg
 * @param energyExpandedPercent U of the energy, k = 2, %
 * @param declaredPercent u of a factor whose source states none, %
 */
export function emissionUncertainty(
  parts: readonly FactorPart[],
  energyExpandedPercent: DecimalText | null,
  declaredPercent: DecimalText,
): DecimalText | null {
  const total = parts.map(({ kg }) => kg).reduce(plus, ZERO);
  if (energyExpandedPercent === null || compareDecimals(total, ZERO) === 0) return null;
  const factors = byTableOf(parts, declaredPercent).map((own) => times(own, TWO));
  const variance = [times(total, decimalOf(energyExpandedPercent)), ...factors]
    .map(square)
    .reduce(plus, ZERO);
  return textOf(squareRoot(dividedBy(variance, square(total), VARIANCE_PLACES), PLACES));
}

/** Kg times u of each table, linearly. */
function byTableOf(parts: readonly FactorPart[], declaredPercent: DecimalText): Decimal[] {
  const byTable = new Map<string, Decimal>();
  for (const { row, kg } of parts) {
    const own = times(kg, decimalOf(row.standardPercent ?? declaredPercent));
    byTable.set(row.table, plus(byTable.get(row.table) ?? ZERO, own));
  }
  return [...byTable.values()];
}

const square = (value: Decimal) => times(value, value);

/** Whether the uncertainty of the rows is their sources' or the declared default, in a sentence. */
export function uncertaintyWords(rows: readonly EmissionFactor[], declaredPercent: DecimalText): string {
  const stated = rows.filter(({ standardPercent }) => standardPercent !== null);
  const silent = rows.filter(({ standardPercent }) => standardPercent === null);
  const words = stated.map(
    ({ id, standardPercent }) => `${standardPercent} % for ${id}, as its source states`,
  );
  if (silent.length > 0)
    words.push(
      stated.length === 0
        ? `declared default of ${declaredPercent} %: the source states none`
        : `declared default of ${declaredPercent} % for ${silent.map(({ id }) => id).join(', ')}: the source states none`,
    );
  return words.join('; ');
}
