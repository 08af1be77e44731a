import { isUntold, normalizeClass } from './class-word.ts';
import { gatherMissing, isLacking, lacking, sayFigure, type Limit, type MissingFact } from './limit.ts';
import { currentOf, UNTOLD_RATIO } from './meter-load.ts';
import type { CurrentTransformer, StateLoad } from './metering-facts.ts';
import { NO_LIMIT, type NoteTerms } from './note-terms.ts';
import { phasePercent, tangentOf } from './phase-angle.ts';
import { CURRENT_TRANSFORMERS, VOLTAGE_TRANSFORMERS, type TransformerPoint } from './transformer-tables.ts';

/** Load up to which a class holds unless the nameplate names an extended range, % of the rated current. */
const RANGE_PERCENT = 120;
/** A transformer that passes on nothing errs by all of the reading, and none by more. */
const ALL_PERCENT = 100;

/** Errors of one transformer: of its ratio, and what its phase displacement does to active power. */
export interface TransformerLimits {
  ratio: Limit;
  phase: Limit;
}

/**
 * Current transformers in one state, half widths in % of the reading. Between the loads at which the class sets limits
 * they are drawn straight over the load itself, not over its logarithm: the limits fall ever more slowly, so of the two
 * this is nowhere the smaller one. Below the lowest load no standard gives a limit: the ratio error grows as 1/I, as an
 * offset does, up to all of the reading; the phase displacement stays what the class allows at that load, because nothing
 * says how it goes on. Above the range both grow as I. All of that is unqualified. The transformers of three phases count
 * as one, as if all erred alike.
 */
export function limitCurrentTransformer(ct: CurrentTransformer, state: StateLoad): TransformerLimits {
  const word = normalizeClass(ct.class);
  const points = CURRENT_TRANSFORMERS.get(word);
  const currentA = currentOf(state.currentA);
  const known = points ?? lacking(missingClass('current', ct.class, [...CURRENT_TRANSFORMERS.keys()]));
  const primaryA = ct.primaryA !== null && ct.primaryA > 0 ? ct.primaryA : lacking(UNTOLD_RATIO);
  if (isLacking(known) || isLacking(currentA) || isLacking(primaryA)) {
    const facts = [known, currentA, primaryA];
    return {
      ratio: lacking(...gatherMissing(facts)),
      phase: lacking(...gatherMissing([...facts, tangentOf(state.powerFactor)])),
    };
  }
  const loadPercent = (100 * currentA) / primaryA;
  const at = pointAt(known, loadPercent, Math.max(RANGE_PERCENT, ct.extendedPercent ?? 0));
  const isQualified = at.outside === '';
  const note = `class ${word} at ${sayFigure(loadPercent)} % of ${sayFigure(primaryA)} A${isQualified ? '' : `, ${at.outside}${NO_LIMIT}`}`;
  const terms = (rule: string): NoteTerms => ({
    head: `class ${word}`,
    figures: [[`load in % of ${sayFigure(primaryA)} A`, sayFigure(loadPercent)]],
    outside: isQualified ? '' : `${at.outside}${NO_LIMIT}: ${rule}`,
  });
  return {
    ratio: {
      percent: at.ratioPercent,
      isQualified,
      note: isQualified ? note : `${note}: ${at.ratioNote}`,
      terms: terms(at.ratioRule),
    },
    phase: limitPhase(
      ct.phaseArcmin ?? at.phaseArcmin,
      ct.phaseArcmin === undefined
        ? { isQualified, note, from: at.phaseNote, terms: terms(at.phaseRule) }
        : { isQualified, note, from: ' of its certificate', terms: terms('as its certificate') },
      state,
    ),
  };
}

/** Voltage transformers in one state, half widths in % of the reading; the voltage of a grid is within their range. */
export function limitVoltageTransformer(vt: { class: string | null }, state: StateLoad): TransformerLimits {
  const word = normalizeClass(vt.class);
  const limits = VOLTAGE_TRANSFORMERS.get(word);
  if (limits === undefined) {
    const limit = lacking(missingClass('voltage', vt.class, [...VOLTAGE_TRANSFORMERS.keys()]));
    return { ratio: limit, phase: limit };
  }
  const note = `class ${word}`;
  return {
    ratio: { percent: limits[0], isQualified: true, note },
    phase: limitPhase(
      limits[1],
      { isQualified: true, note, from: '', terms: { head: note, figures: [], outside: '' } },
      state,
    ),
  };
}

function limitPhase(
  arcmin: number | null,
  { isQualified, note, from, terms }: { isQualified: boolean; note: string; from: string; terms: NoteTerms },
  { powerFactor }: StateLoad,
): Limit {
  const tangent = tangentOf(powerFactor);
  if (isLacking(tangent)) return tangent;
  const withFigures = (...own: NoteTerms['figures']): NoteTerms => ({
    ...terms,
    // Loads stand in the note of the ratio.
    figures: own,
  });
  if (tangent === 0)
    return {
      percent: 0,
      isQualified,
      note: `${note}; power factor 1`,
      terms: withFigures(['minutes of arc', '–'], ['tan(phi)', '0']),
    };
  if (arcmin === null) {
    return lacking({
      fact: `phase displacement of the transformer (${note} has no limit for it)`,
      remedy:
        'Enter the largest phase displacement from its test certificate in minutes of arc, or use a transformer of class 1 or better.',
    });
  }
  return {
    percent: phasePercent(arcmin, tangent),
    isQualified,
    note: `${note}${isQualified ? ';' : ':'} ${sayFigure(arcmin)} minutes of arc${from}, tan(phi) ${sayFigure(tangent)}`,
    terms: withFigures(['minutes of arc', sayFigure(arcmin)], ['tan(phi)', sayFigure(tangent)]),
  };
}

/** What a class allows at one load. */
interface TransformerAt {
  ratioPercent: number;
  phaseArcmin: number | null;
  /** Empty inside the range of the class. */
  outside: string;
  /** How the ratio error was found there, and where the phase displacement is from. */
  ratioNote: string;
  phaseNote: string;
  /** The same without figures of the load. */
  ratioRule: string;
  phaseRule: string;
}

function pointAt(
  points: readonly TransformerPoint[],
  loadPercent: number,
  rangePercent: number,
): TransformerAt {
  const inside = { outside: '', ratioNote: '', phaseNote: '', ratioRule: '', phaseRule: '' };
  let before: TransformerPoint | undefined;
  for (const point of points) {
    const [atPercent, ratioPercent, phaseArcmin] = point;
    if (loadPercent > atPercent) {
      before = point;
      continue;
    }
    if (before === undefined) {
      return loadPercent < atPercent * (1 - 1e-9)
        ? pointBelow(point, loadPercent)
        : { ratioPercent, phaseArcmin, ...inside };
    }
    const share = (loadPercent - before[0]) / (atPercent - before[0]);
    return {
      ratioPercent: before[1] + share * (ratioPercent - before[1]),
      phaseArcmin:
        phaseArcmin === null || before[2] === null ? null : before[2] + share * (phaseArcmin - before[2]),
      ...inside,
    };
  }
  const [, ratioPercent, phaseArcmin] = before ?? [0, Number.NaN, null];
  if (loadPercent <= rangePercent * (1 + 1e-9)) return { ratioPercent, phaseArcmin, ...inside };
  const widening = loadPercent / rangePercent;
  return {
    ratioPercent: ratioPercent * widening,
    phaseArcmin: phaseArcmin === null ? null : phaseArcmin * widening,
    outside: `above ${rangePercent} %`,
    ratioNote: `${sayFigure(ratioPercent)} % x ${sayFigure(loadPercent)} / ${rangePercent}`,
    phaseNote: '',
    ratioRule: `${sayFigure(ratioPercent)} % x load / ${rangePercent} %`,
    phaseRule: `x load / ${rangePercent} %`,
  };
}

/** Below the lowest load of a class: an offset of the ratio, the phase displacement as at that load. */
function pointBelow(
  [atPercent, ratioPercent, phaseArcmin]: TransformerPoint,
  loadPercent: number,
): TransformerAt {
  const offsetPercent = (ratioPercent * atPercent) / loadPercent;
  return {
    ratioPercent: Math.min(ALL_PERCENT, offsetPercent),
    phaseArcmin,
    outside: `below ${atPercent} %`,
    ratioNote:
      offsetPercent > ALL_PERCENT
        ? 'all of it'
        : `${sayFigure(ratioPercent)} % x ${atPercent} / ${sayFigure(loadPercent)}`,
    phaseNote: ` as at ${atPercent} %`,
    ratioRule: `${sayFigure(ratioPercent)} % x ${atPercent} % / load, at most all of it`,
    phaseRule: `as at ${atPercent} %`,
  };
}

function missingClass(kind: string, told: string | null, known: readonly string[]): MissingFact {
  return {
    fact: isUntold(told)
      ? `accuracy class of the ${kind} transformer`
      : `a meaning of the ${kind} transformer class "${told}"`,
    remedy: `Copy it from the nameplate of the transformer; known are ${known.join(', ')}. A protection class (5P, 10P) is none for measuring.`,
  };
}
