import { addParts } from './add-parts.ts';
import { percentOfEnergy, UNCERTAINTY_SOURCES, type Contribution } from './contribution.ts';
import { doubtAll, NEGLIGIBLE_SHARE } from './doubt-all.ts';
import { gatherMissing, sayFigure } from './limit.ts';
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
  const meters = [...new Set(parts.map(({ meter }) => meter))].map((meter): MeteredSum => {
    const own = parts.flatMap(({ meter: known, uncertainty }) =>
      known === meter && uncertainty.kind === 'known' ? [uncertainty] : [],
    );
    const ownMwh = own.reduce((sum, one) => sum + one.energyMwh, 0);
    const added = own.map((one) => ({ energyMwh: one.energyMwh, contributions: contributionsOf(one) }));
    return { meter, energyMwh: ownMwh, contributions: addParts(added, ownMwh) };
  });
  if (meters.length === 1) return stateUncertainty(energyMwh, meters[0]?.contributions ?? []);
  return stateUncertainty(
    energyMwh,
    UNCERTAINTY_SOURCES.map((source) => {
      const each = meters.flatMap((of) =>
        of.contributions.filter((one) => one.source === source).map((one) => ({ of, one })),
      );
      const own = each.map(({ one }) => one);
      return {
        source,
        halfWidthPercent: null,
        distribution: 'normal',
        standardMwh: Math.hypot(...own.map((one) => one.standardMwh)),
        isQualified: own.every((one) => one.isQualified),
        note: sayMeters(each),
      };
    }),
  );
}

/** What one meter measured. */
interface MeteredSum {
  meter: string;
  energyMwh: number;
  contributions: Contribution[];
}

/** Names every meter, the one that adds most first, and of that one what it comes from. */
function sayMeters(each: readonly { of: MeteredSum; one: Contribution }[]): string {
  if (each.every(({ one }) => one.standardMwh === 0))
    return [...new Set(each.map(({ one }) => one.note))].join('; ');
  const told = each
    .toSorted((a, b) => b.one.standardMwh - a.one.standardMwh)
    .map(({ of, one }, index) => {
      const percent = sayFigure(percentOfEnergy(one.standardMwh, of.energyMwh));
      return `${of.meter} u ${percent} % of its energy${index === 0 ? ` [${one.note}]` : ''}`;
    });
  return `${each.length} meters, in quadrature: ${told.join('; ')}`;
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
