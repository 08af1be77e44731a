import { studentT } from '../figures/student-t.ts';
import {
  compareDecimals,
  decimalOf,
  decimalOfNumber,
  dividedBy,
  minus,
  plus,
  squareRoot,
  textOf,
  times,
  wholeDecimal,
  type Decimal,
  type DecimalText,
} from '../figures/decimal.ts';
import type { UnitScatter } from './footprint-record.ts';

/** Digits of kWh per hour, of a factor, of a standard uncertainty in % and of an expanded one. */
const [PLACES, FACTOR_PLACES, ROW_PLACES, PERCENT_PLACES] = [6, 4, 4, 2];
/** Digits that a variance is divided to. */
const VARIANCE_PLACES = 30;
/** What k = 2 covers of a normal distribution. */
const COVERED = 0.954499736103642;

const [ZERO, TWO, HUNDRED] = [decimalOf('0'), decimalOf('2'), decimalOf('100')];
const square = (value: Decimal) => times(value, value);
const sumOf = (values: readonly Decimal[]) => values.reduce(plus, ZERO);

/**
 * How units of one model differ, from what each took, exact in decimals. Units are taken as a sample of the model (JCGM 100,
 * 4.2): s is their sample standard deviation, and the mean weighted by hours w has u = s sqrt(sum w^2). Few units tell s badly
 * (JCGM 100, G.3): s counts t(n - 1) / 2 times, so that k = 2 covers what t would. A unit that was not metered differs from
 * that mean by s as well: U = 2 sqrt(measuring^2 + (factor s)^2 (1 + sum w^2)). Errors of the units' own meters are in s too,
 * so what they add is counted once more, which is never too little. Throws a RangeError where a unit has no hours.
 *
 * @param measuredPercent U (k = 2) of the energy of all units by their meters, %; null where facts lack
 */
export function scatterOf(
  told: readonly { machine: string; hours: DecimalText; energyKwh: DecimalText }[],
  measuredPercent: DecimalText | null,
): UnitScatter {
  const units = told.map((unit) => ({
    ...unit,
    kwhPerHour: textOf(dividedBy(decimalOf(unit.energyKwh), decimalOf(unit.hours), PLACES)),
  }));
  const figures = units.map(({ kwhPerHour }) => decimalOf(kwhPerHour));
  const hours = units.map((unit) => decimalOf(unit.hours));
  const n = wholeDecimal(units.length);
  const ordered = [...figures].sort(compareDecimals);
  const common = {
    units,
    count: textOf(n),
    meanKwhPerHour: textOf(dividedBy(sumOf(figures), n, PLACES)),
    leastKwhPerHour: textOf(ordered[0] ?? ZERO),
    mostKwhPerHour: textOf(ordered.at(-1) ?? ZERO),
    measuredExpandedPercent: measuredPercent,
  };
  if (units.length < 2)
    return {
      ...common,
      standardDeviationKwhPerHour: null,
      smallSampleFactor: null,
      standardPercent: null,
      singleExpandedPercent: null,
    };
  // n sum(x^2) - (sum x)^2 over n (n - 1): exact until the division.
  const spread = minus(times(n, sumOf(figures.map(square))), square(sumOf(figures)));
  const variance = dividedBy(spread, times(n, minus(n, decimalOf('1'))), VARIANCE_PLACES);
  const factor = decimalOfNumber(studentT(COVERED, units.length - 1) / 2, FACTOR_PLACES);
  const weights = dividedBy(sumOf(hours.map(square)), square(sumOf(hours)), VARIANCE_PLACES);
  const mean = dividedBy(sumOf(units.map(({ energyKwh }) => decimalOf(energyKwh))), sumOf(hours), PLACES);
  // (factor s)^2 in %^2 of the weighted mean.
  const relative =
    compareDecimals(mean, ZERO) === 0
      ? null
      : dividedBy(times(times(variance, square(factor)), square(HUNDRED)), square(mean), VARIANCE_PLACES);
  const single =
    relative === null || measuredPercent === null
      ? null
      : plus(
          square(decimalOf(measuredPercent)),
          times(square(TWO), plus(relative, times(relative, weights))),
        );
  return {
    ...common,
    standardDeviationKwhPerHour: textOf(squareRoot(variance, PLACES)),
    smallSampleFactor: textOf(factor),
    standardPercent: relative === null ? null : textOf(squareRoot(times(relative, weights), ROW_PLACES)),
    singleExpandedPercent: single === null ? null : textOf(squareRoot(single, PERCENT_PLACES)),
  };
}

/** U (k = 2) of the mean of a model, %: measuring and scatter in quadrature; null where one of them is not known. */
export function modelExpandedPercent({
  measuredExpandedPercent,
  standardPercent,
}: Pick<UnitScatter, 'measuredExpandedPercent' | 'standardPercent'>): DecimalText | null {
  if (measuredExpandedPercent === null || standardPercent === null) return null;
  const both = plus(
    square(decimalOf(measuredExpandedPercent)),
    square(times(TWO, decimalOf(standardPercent))),
  );
  return textOf(squareRoot(both, PERCENT_PLACES));
}
