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

/**
 * What one instrument does alike all the time: its parts add linearly. Closure is the error of the split by state, and
 * of the bands of one state it is the same, too.
 */
const SYSTEMATIC: ReadonlySet<UncertaintySource> = new Set<UncertaintySource>([
  ...INSTRUMENT_SOURCES,
  'closure',
]);

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
}

/** A source of systematic errors with a half width in % of an energy: u = a / sqrt(3). */
export function rectangular(
  source: UncertaintySource,
  energyMwh: number,
  { percent, isQualified, note }: { percent: number; isQualified: boolean; note: string },
): Contribution {
  return {
    source,
    halfWidthPercent: percent,
    distribution: 'rectangular',
    standardMwh: (energyMwh * percent) / 100 / Math.sqrt(3),
    isQualified,
    note,
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

/**
 * The contributions to a sum of energies of one meter: source by source linear where the error is systematic, in
 * quadrature where it is not (JCGM 100, 5.2.2: correlation 1 and 0).
 *
 * @param parts at least one list, each with every source once, in the order of UNCERTAINTY_SOURCES
 */
export function addParts(parts: readonly (readonly Contribution[])[], energyMwh: number): Contribution[] {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return [...first];
  return UNCERTAINTY_SOURCES.map((source) => {
    const own = parts.flatMap((part) => part.filter((one) => one.source === source));
    const isLinear = SYSTEMATIC.has(source);
    const standardMwh = isLinear
      ? own.reduce((sum, one) => sum + one.standardMwh, 0)
      : Math.hypot(...own.map((one) => one.standardMwh));
    return {
      source,
      halfWidthPercent: isLinear ? percentOfEnergy(standardMwh * Math.sqrt(3), energyMwh) : null,
      distribution: isLinear ? 'rectangular' : 'normal',
      standardMwh,
      isQualified: own.every(({ isQualified }) => isQualified),
      note: sayParts(own, isLinear ? 'linearly' : 'in quadrature'),
    };
  });
}

/** One note for several parts; what is unqualified in them is said all the same. */
function sayParts(own: readonly Contribution[], how: string): string {
  const notes = [...new Set(own.map(({ note }) => note))];
  if (notes.length === 1) return notes[0] ?? '';
  if (own.every(({ standardMwh }) => standardMwh === 0)) return notes.join('; ');
  const unqualified = new Set(own.filter((one) => !one.isQualified).map(({ note }) => note));
  return [`${own.length} parts added ${how}`, ...unqualified].join('; ');
}

/** A share of an energy in %; 0 of no energy. */
export function percentOfEnergy(partMwh: number, energyMwh: number): number {
  return energyMwh === 0 ? 0 : (100 * partMwh) / energyMwh;
}
