import type { EmissionFactor } from '../factors/emission-factor.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  plus,
  squareRoot,
  textOf,
  times,
  type Decimal,
  type DecimalText,
} from '../figures/decimal.ts';

/**
 * Standard uncertainty of a factor whose source states none, % of its value: declared, not measured. Publishers of the same
 * country and year differ by more than this, which the cases of sensitivity show.
 */
export const DECLARED_FACTOR_PERCENT = '5' as DecimalText;

const TWO = decimalOf('2');
const ZERO = decimalOf('0');
/** U is printed to a tenth of a percent. */
const PLACES = 1;
/** Digits that the variance is divided to. */
const VARIANCE_PLACES = 24;

/**
 * U of an emission, k = 2, in %: energy and factors in quadrature, u(G)^2 = (G u(E))^2 + sum over tables of (sum of G_i u_i)^2.
 * Rows of one table err alike and add linearly; those of different tables in quadrature. Null where the energy's is not known or
 * nothing was emitted.
 * @param parts what each row answers for, kg
 * @param energyExpandedPercent U of the energy, k = 2, %
 * @param declaredPercent u of a factor whose source states none, %
 */
export function emissionUncertainty(
  parts: readonly { row: EmissionFactor; kg: Decimal }[],
  energyExpandedPercent: DecimalText | null,
  declaredPercent: DecimalText,
): DecimalText | null {
  const total = parts.map(({ kg }) => kg).reduce(plus, ZERO);
  if (energyExpandedPercent === null || compareDecimals(total, ZERO) === 0) return null;
  const byTable = new Map<string, Decimal>();
  for (const { row, kg } of parts) {
    const own = times(times(kg, decimalOf(row.standardPercent ?? declaredPercent)), TWO);
    byTable.set(row.table, plus(byTable.get(row.table) ?? ZERO, own));
  }
  const square = (value: Decimal) => times(value, value);
  const variance = [times(total, decimalOf(energyExpandedPercent)), ...byTable.values()]
    .map(square)
    .reduce(plus, ZERO);
  return textOf(squareRoot(dividedBy(variance, square(total), VARIANCE_PLACES), PLACES));
}

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
