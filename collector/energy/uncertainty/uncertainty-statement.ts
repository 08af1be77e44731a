import {
  percentOfEnergy,
  UNCERTAINTY_SOURCES,
  type Contribution,
  type Distribution,
  type UncertaintySource,
} from './contribution.ts';
import type { MissingFact } from './limit.ts';

/** The name of this model in every statement; it changes when a figure could. */
export const UNCERTAINTY_MODEL = 'millwatt-uncertainty/2';
/** Coverage factor: about 95 %. */
export const COVERAGE_FACTOR = 2;

/** One line of a budget. */
export interface BudgetRow {
  source: UncertaintySource;
  /** Half width in % of the energy; null where the distribution has none. */
  halfWidthPercent: number | null;
  distribution: Distribution;
  /** In % of the energy. */
  standardUncertaintyPercent: number;
  /** Of the variance, 0..100; 0 in all lines where nothing is uncertain. */
  sharePercent: number;
  note: string;
}

/** The uncertainty of one energy, with all it is made of. */
export interface KnownUncertainty {
  kind: 'known';
  model: typeof UNCERTAINTY_MODEL;
  energyMwh: number;
  /** Combined standard uncertainty u in % of the energy and in mWh. */
  standardPercent: number;
  standardMwh: number;
  /** U = k x u, in % of the energy and in mWh. */
  expandedPercent: number;
  expandedMwh: number;
  k: typeof COVERAGE_FACTOR;
  /** Half widths are limits and taken as exactly known (JCGM 100, G.4.3). */
  degreesOfFreedom: 'inf';
  /** False where a class was used outside its range: what was put in its place is named in the notes. */
  isQualified: boolean;
  /** Every source once, in the order of UNCERTAINTY_SOURCES. */
  rows: BudgetRow[];
}

/** No statement can be made before someone enters these facts. */
export interface UnknownUncertainty {
  kind: 'unknown';
  energyMwh: number;
  missing: MissingFact[];
}

/** What can be said of an energy: its uncertainty, or what is missing for it. */
export type Uncertainty = KnownUncertainty | UnknownUncertainty;

/**
 * The statement that contributions add up to, in quadrature between sources (JCGM 100, 5.1.2).
 *
 * @param energyMwh > 0
 * @param contributions every source once
 */
export function stateUncertainty(
  energyMwh: number,
  contributions: readonly Contribution[],
): KnownUncertainty {
  const standardMwh = Math.hypot(...contributions.map((one) => one.standardMwh));
  const rows = UNCERTAINTY_SOURCES.flatMap((source) =>
    contributions
      .filter((one) => one.source === source)
      .map((one) => ({
        source,
        halfWidthPercent: one.halfWidthPercent,
        distribution: one.distribution,
        standardUncertaintyPercent: percentOfEnergy(one.standardMwh, energyMwh),
        sharePercent: standardMwh === 0 ? 0 : 100 * (one.standardMwh / standardMwh) ** 2,
        note: one.note,
      })),
  );
  return {
    kind: 'known',
    model: UNCERTAINTY_MODEL,
    energyMwh,
    standardPercent: percentOfEnergy(standardMwh, energyMwh),
    standardMwh,
    expandedPercent: percentOfEnergy(COVERAGE_FACTOR * standardMwh, energyMwh),
    expandedMwh: COVERAGE_FACTOR * standardMwh,
    k: COVERAGE_FACTOR,
    degreesOfFreedom: 'inf',
    isQualified: contributions.every((one) => one.isQualified),
    rows,
  };
}
