import { UNCERTAINTY_SOURCES, addParts, type Contribution } from './contribution.ts';
import { doubtAll, NEGLIGIBLE_SHARE } from './doubt-all.ts';
import { gatherMissing } from './limit.ts';
import { stateUncertainty, type KnownUncertainty, type Uncertainty } from './uncertainty-statement.ts';

/** The uncertainty of one energy of one meter. */
export interface MeteredUncertainty {
  /** Whatever tells meters apart: the serial number. */
  meter: string;
  uncertainty: Uncertainty;
}

/**
 * The uncertainty of a sum of energies: of several machines, or of periods that were assessed one by one. What one meter
 * measured adds linearly, source by source; different meters add in quadrature. Readings, gaps and steps add in
 * quadrature always. Null for no energy; unknown where one of them is, unless that is next to nothing (NEGLIGIBLE_SHARE).
 */
export function sumUncertainties(all: readonly MeteredUncertainty[]): Uncertainty | null {
  const parts = replaceNegligible(all);
  const energyMwh = parts.reduce((sum, { uncertainty }) => sum + uncertainty.energyMwh, 0);
  if (energyMwh === 0) return null;
  const missing = gatherMissing(parts.map(({ uncertainty }) => uncertainty));
  if (missing.length > 0) return { kind: 'unknown', energyMwh, missing };
  const meters = [...new Set(parts.map(({ meter }) => meter))].map((meter) => {
    const own = parts.flatMap(({ meter: known, uncertainty }) =>
      known === meter && uncertainty.kind === 'known' ? [uncertainty] : [],
    );
    return addParts(
      own.map(contributionsOf),
      own.reduce((sum, one) => sum + one.energyMwh, 0),
    );
  });
  if (meters.length === 1) return stateUncertainty(energyMwh, meters[0] ?? []);
  return stateUncertainty(
    energyMwh,
    UNCERTAINTY_SOURCES.map((source) => {
      const own = meters.flatMap((meter) => meter.filter((one) => one.source === source));
      return {
        source,
        halfWidthPercent: null,
        distribution: 'normal',
        standardMwh: Math.hypot(...own.map((one) => one.standardMwh)),
        isQualified: own.every((one) => one.isQualified),
        note: `${meters.length} meters, in quadrature`,
      };
    }),
  );
}

function contributionsOf({ rows, energyMwh, isQualified }: KnownUncertainty): Contribution[] {
  return rows.map(({ source, halfWidthPercent, distribution, standardUncertaintyPercent, note }) => ({
    source,
    halfWidthPercent,
    distribution,
    standardMwh: (standardUncertaintyPercent * energyMwh) / 100,
    isQualified,
    note,
  }));
}

/**
 * As states of a period: parts of which nothing can be said, such as a Sunday on which the machine was off, do not hide a
 * total of which they are next to nothing. They count as wrong by all of their energy.
 */
function replaceNegligible(parts: readonly MeteredUncertainty[]): MeteredUncertainty[] {
  const sumOf = (of: readonly MeteredUncertainty[]) =>
    of.reduce((sum, { uncertainty }) => sum + uncertainty.energyMwh, 0);
  const unknown = parts.filter(({ uncertainty }) => uncertainty.kind === 'unknown');
  if (sumOf(unknown) > NEGLIGIBLE_SHARE * sumOf(parts)) return [...parts];
  return parts.map(({ meter, uncertainty }) => ({
    meter,
    uncertainty:
      uncertainty.kind === 'unknown' ? doubtAll(`what ${meter} measured`, uncertainty) : uncertainty,
  }));
}
