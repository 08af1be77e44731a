import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  plus,
  roundTo,
  textOf,
  times,
  type Decimal,
  type DecimalText,
} from '../../figures/decimal.ts';
import type { FootprintRecord, PartScores, UpstreamPart } from '../../record/footprint-record.ts';

/** What a data quality rating is of, in the order in which PACT names them. */
export const RATED = ['technological', 'geographical', 'temporal'] as const satisfies (keyof PartScores)[];

/** The worst score there is: that of what nobody told. */
export const UNTOLD_SCORE = '5';

const ZERO = decimalOf('0');
const HALF_HUNDREDTH = decimalOf('0.005');
/** Digits that a mean is divided to before it is cut. */
const PLACES = 18;

/**
 * Data quality ratings of a whole footprint, from 1 (best) to 5, at most two digits behind the point: the mean of the scores
 * of electricity and declared parts, weighted by the size of their kg of CO2e, so that an uptake hides nothing. A score that
 * nobody told counts as 5. Rounded up: a rating is never better than it is. Where all weigh nothing, the worst score.
 */
export function qualityRatingsOf({
  dataQuality,
  emissions,
  upstream,
}: Pick<FootprintRecord, 'dataQuality' | 'emissions' | 'upstream'>): Record<
  (typeof RATED)[number],
  DecimalText
> {
  const electricityKg = emissions[0]?.perUnitKgCo2e ?? '0';
  const ratingOf = (kind: (typeof RATED)[number]) =>
    meanOf([
      { kg: electricityKg, score: dataQuality[kind].score },
      ...upstream.map((part) => ({ kg: part.kgCo2ePerUnit, score: part.scores?.[kind] ?? UNTOLD_SCORE })),
    ]);
  return {
    technological: ratingOf('technological'),
    geographical: ratingOf('geographical'),
    temporal: ratingOf('temporal'),
  };
}

/** How the ratings came about, and which scores nobody told; empty where there is electricity alone. */
export function sayRatings({ upstream }: Pick<FootprintRecord, 'upstream'>): string {
  if (upstream.length === 0) return '';
  const untold = upstream.flatMap((part) => {
    const kinds = RATED.filter((kind) => part.scores?.[kind] === undefined);
    return kinds.length === 0 ? [] : [`${nameOf(part)} (${kinds.join(', ')})`];
  });
  const how = 'Data quality ratings are means of electricity and declared parts, weighted by kg of CO2e';
  return untold.length === 0
    ? `${how}.`
    : `${how}; scores that nobody told count as ${UNTOLD_SCORE}: ${untold.join('; ')}.`;
}

const nameOf = ({ stage, name }: UpstreamPart) => `${stage} ${name}`;

function meanOf(parts: readonly { kg: string; score: string }[]): DecimalText {
  const weighed = parts.map(({ kg, score }) => ({ weight: sizeOf(decimalOf(kg)), score: decimalOf(score) }));
  const all = weighed.reduce((sum, { weight }) => plus(sum, weight), ZERO);
  if (compareDecimals(all, ZERO) === 0)
    return textOf(decimalOf(String(Math.max(...parts.map(({ score }) => Number(score))))));
  const sum = weighed.reduce((total, { weight, score }) => plus(total, times(weight, score)), ZERO);
  const mean = dividedBy(sum, all, PLACES);
  const near = roundTo(mean, 2);
  return textOf(compareDecimals(near, mean) >= 0 ? near : roundTo(plus(mean, HALF_HUNDREDTH), 2));
}

const sizeOf = (value: Decimal) => (compareDecimals(value, ZERO) < 0 ? minus(ZERO, value) : value);
