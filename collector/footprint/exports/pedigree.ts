import { formatDay } from '../../energy/calendar/civil-date.ts';
import { localAt } from '../../energy/calendar/local-time.ts';
import { openZone } from '../../energy/calendar/zone.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { FootprintRecord, Score, UpstreamPart } from '../record/footprint-record.ts';

/** The indicators of a pedigree in the order in which databases have them. */
export const PEDIGREE_INDICATORS = [
  'reliability',
  'completeness',
  'temporal',
  'geographical',
  'technological',
] as const;

/** A score of 1 (best) to 5 in the steps of the pedigree matrix; left out where an indicator says nothing of a figure. */
export type Pedigree = Partial<Record<(typeof PEDIGREE_INDICATORS)[number], Score['score']>>;

type Steps = Readonly<Record<Score['score'], Score['score']>>;
const SAME: Steps = { 1: '1', 2: '2', 3: '3', 4: '4', 5: '5' };
/*
 * A record scores in steps of its own, which tell meters and factors apart more finely than the matrix does. What each of
 * them is in the steps of the matrix:
 */
/** Metered with a class that nobody told is measured and not checked; bridged in part is partly an estimate. */
const RELIABILITY: Steps = { 1: '1', 2: '2', 3: '2', 4: '3', 5: '4' };
/** 85 % and more is most of it, 50 % and more at least some, less is little. */
const COMPLETENESS: Steps = { 1: '1', 2: '2', 3: '2', 4: '3', 5: '4' };
/** Factors of a grid, of its country and of the world are all means of a larger area around the place. */
const GEOGRAPHICAL: Steps = { 1: '1', 2: '2', 3: '2', 4: '2', 5: '5' };
/** The matrix counts in years that a difference stays below. */
const YEARS_BELOW = [3, 6, 10, 15];

/** Of the metered energy: it is of its machines, their place and the period themselves; of a model it is a proxy. */
export function meteredPedigree({ dataQuality }: FootprintRecord): Pedigree {
  return {
    reliability: RELIABILITY[dataQuality.reliability.score],
    completeness: COMPLETENESS[dataQuality.completeness.score],
    temporal: '1',
    geographical: '1',
    technological: SAME[dataQuality.technological.score],
  };
}

/** Of the emissions of a kWh: how far in years and place its factors are. Throws as `openZone`. */
export function factorPedigree(
  { dataQuality, period: { to, zone } }: FootprintRecord,
  factors: readonly EmissionFactor[],
): Pedigree {
  const lastDay = formatDay(localAt(openZone(zone), Date.parse(to) - 1).dayNumber);
  const away = Math.max(...factors.map(({ year }) => Math.abs(Number(lastDay.slice(0, 4)) - year)));
  const step = YEARS_BELOW.findIndex((years) => away < years);
  return {
    temporal: factors.length === 0 ? '5' : ((['1', '2', '3', '4'] as const)[step] ?? '5'),
    geographical: GEOGRAPHICAL[dataQuality.geographical.score],
  };
}

/** Of a declared part: its own scores as they were declared; what nobody told is the worst. */
export function declaredPedigree({ scores = {} }: UpstreamPart): Pedigree {
  const { temporal = '5', geographical = '5', technological = '5' } = scores;
  return { temporal, geographical, technological };
}

/** `(1;1;1;2;1)`, with `n.a.` where an indicator says nothing. */
export function pedigreeText(pedigree: Pedigree): string {
  return `(${PEDIGREE_INDICATORS.map((indicator) => pedigree[indicator] ?? 'n.a.').join(';')})`;
}

/** What scores 1 to 5 add to the variance of the logarithm, as in the pedigree matrix of ecoinvent 3. */
const VARIANCES: Readonly<Record<(typeof PEDIGREE_INDICATORS)[number], readonly number[]>> = {
  reliability: [0, 0.0006, 0.002, 0.008, 0.04],
  completeness: [0, 0.0001, 0.0006, 0.002, 0.008],
  temporal: [0, 0.0002, 0.002, 0.008, 0.04],
  geographical: [0, 0.000025, 0.0001, 0.0006, 0.002],
  technological: [0, 0.0006, 0.008, 0.04, 0.12],
};

/** What a pedigree adds to the variance of the logarithm of a figure, beside that of measuring. */
export function pedigreeVariance(pedigree: Pedigree): number {
  return PEDIGREE_INDICATORS.reduce(
    (sum, indicator) => sum + (VARIANCES[indicator][Number(pedigree[indicator] ?? 1) - 1] ?? 0),
    0,
  );
}
