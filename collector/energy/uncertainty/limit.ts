import type { NoteTerms } from './note-terms.ts';

/** A fact that nobody told, and what a person has to enter so that it is known. */
export interface MissingFact {
  /** In a few words: `accuracy class of the meter`. */
  fact: string;
  /** A sentence: where it is found and how it is written. */
  remedy: string;
}

/** The largest error that a class allows, as a half width in % of the reading. */
export interface KnownLimit {
  percent: number;
  /** False outside the range for which the class promises anything: the half width was widened and is only ours. */
  isQualified: boolean;
  /** How it was found, for a person who checks it. */
  note: string;
  /** The same in pieces, for the note of several states; none where it is told whole. */
  terms?: NoteTerms;
}

/** What stands in the place of a figure where facts are missing. */
export interface Lacking {
  missing: MissingFact[];
}

/** A limit, or the facts without which there is none. Never a guess. */
export type Limit = KnownLimit | Lacking;

/** Marks facts as missing. */
export function lacking(...missing: MissingFact[]): Lacking {
  return { missing };
}

/** True when facts are missing. */
export function isLacking(found: unknown): found is Lacking {
  return typeof found === 'object' && found !== null && 'missing' in found;
}

/** All that is missing in several results, each fact once. */
export function gatherMissing(found: readonly unknown[]): MissingFact[] {
  const facts = new Map<string, MissingFact>();
  for (const one of found) {
    if (isLacking(one)) for (const missing of one.missing) facts.set(missing.fact, missing);
  }
  return [...facts.values()];
}

/** A figure as notes print it: at most three significant digits. */
export function sayFigure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
