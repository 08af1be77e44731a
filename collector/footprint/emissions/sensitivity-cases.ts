import { compareDecimals, decimalOf, dividedBy, minus, textOf, times } from '../figures/decimal.ts';
import type { EmissionStatement, SensitivityCase } from '../record/footprint-record.ts';

/** The change is printed to a tenth of a percent. */
const PLACES = 1;

/**
 * What a footprint per unit would be with another statement in place of this one; undefined where one of them has no figure per
 * unit. @param choice and @param change as SensitivityCase has them
 */
export function compareStatements(
  choice: string,
  change: string,
  from: EmissionStatement,
  to: EmissionStatement,
): SensitivityCase | undefined {
  if (from.perUnitKgCo2e === null || to.perUnitKgCo2e === null) return undefined;
  const [before, after] = [decimalOf(from.perUnitKgCo2e), decimalOf(to.perUnitKgCo2e)];
  const isZero = compareDecimals(before, decimalOf('0')) === 0;
  const hundredfold = times(minus(after, before), decimalOf('100'));
  return {
    choice,
    change,
    figure: 'perUnitKgCo2e',
    from: from.perUnitKgCo2e,
    to: to.perUnitKgCo2e,
    deltaPercent: isZero ? null : textOf(dividedBy(hundredfold, before, PLACES)),
  };
}
