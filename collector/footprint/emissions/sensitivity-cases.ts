import { compareDecimals, decimalOf, dividedBy, minus, plus, textOf, times } from '../figures/decimal.ts';
import type { EmissionStatement, SensitivityCase, UpstreamPart } from '../record/footprint-record.ts';

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

/** `perUnitKgCo2e` of the electricity with all declared parts, uptake included: the figure that PACT, Catena-X and AAS state. */
export const WHOLE_FIGURE = 'perUnitWholeKgCo2e';

/** Cases of the electricity as cases of the product, too: its declared parts are the same in both. None where nothing is declared. */
export function compareWhole(
  cases: readonly SensitivityCase[],
  upstream: readonly UpstreamPart[],
): SensitivityCase[] {
  if (upstream.length === 0) return [];
  const parts = upstream.map(({ kgCo2ePerUnit }) => decimalOf(kgCo2ePerUnit)).reduce(plus);
  return cases
    .filter(({ figure }) => figure === 'perUnitKgCo2e')
    .map((one) => {
      const [before, after] = [plus(decimalOf(one.from), parts), plus(decimalOf(one.to), parts)];
      const hundredfold = times(minus(after, before), decimalOf('100'));
      return {
        ...one,
        figure: WHOLE_FIGURE,
        from: textOf(before),
        to: textOf(after),
        // Where uptake outweighs all emissions a share of the figure means nothing.
        deltaPercent:
          compareDecimals(before, decimalOf('0')) <= 0
            ? null
            : textOf(dividedBy(hundredfold, before, PLACES)),
      };
    });
}
