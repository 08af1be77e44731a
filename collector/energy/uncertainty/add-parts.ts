import {
  INSTRUMENT_SOURCES,
  percentOfEnergy,
  UNCERTAINTY_SOURCES,
  type Contribution,
  type UncertaintySource,
} from './contribution.ts';
import { sayFigure } from './limit.ts';
import { sayStates } from './note-terms.ts';

/**
 * What one instrument does alike all the time: its parts add linearly. Closure is the error of the split by state, and
 * of the bands of one state it is the same, too.
 */
const SYSTEMATIC: ReadonlySet<UncertaintySource> = new Set<UncertaintySource>([
  ...INSTRUMENT_SOURCES,
  'closure',
]);

/** One of several energies of one meter that are added. */
export interface EnergyPart {
  /** What it is the energy of, such as its state; undefined where it is one of many periods. */
  name?: string;
  energyMwh: number;
  /** Every source once, in the order of UNCERTAINTY_SOURCES. */
  contributions: readonly Contribution[];
}

/**
 * The contributions to a sum of energies of one meter: source by source linear where the error is systematic, in
 * quadrature where it is not (JCGM 100, 5.2.2: correlation 1 and 0).
 *
 * @param parts at least one
 */
export function addParts(parts: readonly EnergyPart[], energyMwh: number): Contribution[] {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return [...first.contributions];
  return UNCERTAINTY_SOURCES.map((source) => {
    const own = parts.flatMap((part) =>
      part.contributions.filter((one) => one.source === source).map((one) => ({ part, one })),
    );
    const isLinear = SYSTEMATIC.has(source);
    const standardMwh = isLinear
      ? own.reduce((sum, { one }) => sum + one.standardMwh, 0)
      : Math.hypot(...own.map(({ one }) => one.standardMwh));
    return {
      source,
      halfWidthPercent: isLinear ? percentOfEnergy(standardMwh * Math.sqrt(3), energyMwh) : null,
      distribution: isLinear ? 'rectangular' : 'normal',
      standardMwh,
      isQualified: own.every(({ one }) => one.isQualified),
      note: sayParts(own, isLinear ? 'linearly' : 'in quadrature'),
    };
  });
}

/** A part of a sum, and what one source contributes to it. */
interface PartOfSource {
  part: EnergyPart;
  one: Contribution;
}

/**
 * One note for what a source contributes to several parts. Parts that have names (states) are all told, the one that adds
 * most first, with u in % of their own energy and where this source is the largest of them; of the others the one that adds
 * most and those that are unqualified.
 *
 * @param how they are added: `linearly`, `in quadrature`
 */
function sayParts(own: readonly PartOfSource[], how: string): string {
  const notes = [...new Set(own.map(({ one }) => one.note))];
  const isNothing = own.every(({ one }) => one.standardMwh === 0);
  if (isNothing) return notes.join('; ');
  const sorted = own.toSorted((a, b) => b.one.standardMwh - a.one.standardMwh);
  if (own.some(({ part }) => part.name === undefined)) {
    if (notes.length === 1) return notes[0] ?? '';
    const told = sorted.filter(({ one }, index) => index === 0 || !one.isQualified);
    return [`${own.length} parts added ${how}`, ...new Set(told.map(({ one }) => one.note))].join('; ');
  }
  return sayStates(
    sorted.map(({ part, one }) => ({
      name: part.name ?? '',
      percent: sayFigure(percentOfEnergy(one.standardMwh, part.energyMwh)),
      isLargest: isLargest(part, one),
      terms: one.terms ?? { head: one.note, figures: [], outside: '' },
    })),
    how,
  );
}

/** True where no source contributes more to a part. */
function isLargest({ contributions }: EnergyPart, { standardMwh }: Contribution): boolean {
  return contributions.every((other) => other.standardMwh <= standardMwh);
}
