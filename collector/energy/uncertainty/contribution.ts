import type { NoteTerms } from './note-terms.ts';

/** What instruments may do wrong all the time. */
export const INSTRUMENT_SOURCES = [
  'meter',
  'ct',
  'ctPhase',
  'vt',
  'vtPhase',
  'drift',
  'environment',
] as const;
/** Where uncertainty comes from, in the order in which a budget lists it. */
export const UNCERTAINTY_SOURCES = [
  ...INSTRUMENT_SOURCES,
  'sampling',
  'gap',
  'resolution',
  'closure',
] as const;
/** One of them. */
export type UncertaintySource = (typeof UNCERTAINTY_SOURCES)[number];

/** How the errors of a source are spread; `normal` stands for the sum of many. */
export type Distribution = 'rectangular' | 'triangular' | 'normal';

/** What one source contributes to the uncertainty of one energy. */
export interface Contribution {
  source: UncertaintySource;
  /** Half width in % of the energy; null where the distribution has none, or where it is made of several. */
  halfWidthPercent: number | null;
  distribution: Distribution;
  /** Standard uncertainty, mWh, >= 0. */
  standardMwh: number;
  isQualified: boolean;
  note: string;
  /** The note in pieces, for that of several states. */
  terms?: NoteTerms;
}

/** A source of systematic errors with a half width in % of an energy: u = a / sqrt(3). */
export function rectangular(
  source: UncertaintySource,
  energyMwh: number,
  {
    percent,
    isQualified,
    note,
    terms,
  }: { percent: number; isQualified: boolean; note: string; terms?: NoteTerms },
): Contribution {
  return {
    source,
    halfWidthPercent: percent,
    distribution: 'rectangular',
    standardMwh: (energyMwh * percent) / 100 / Math.sqrt(3),
    isQualified,
    note,
    ...(terms === undefined ? {} : { terms }),
  };
}

/** A source that contributes nothing, and why. */
export function nothing(source: UncertaintySource, note: string): Contribution {
  return {
    source,
    halfWidthPercent: 0,
    distribution: 'rectangular',
    standardMwh: 0,
    isQualified: true,
    note,
  };
}

/** A share of an energy in %; 0 of no energy. */
export function percentOfEnergy(partMwh: number, energyMwh: number): number {
  return energyMwh === 0 ? 0 : (100 * partMwh) / energyMwh;
}
