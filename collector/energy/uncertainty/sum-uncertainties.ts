import { UNCERTAINTY_SOURCES, addParts, type Contribution } from './contribution.ts';
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
 * quadrature always. Null for no energy; unknown where one of them is.
 */
export function sumUncertainties(parts: readonly MeteredUncertainty[]): Uncertainty | null {
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
