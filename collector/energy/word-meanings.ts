import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** What a word means: a state; null where it is known and says nothing of the state. */
export type Meaning = OperatingState | null;

/** What the words of a vocabulary mean. Numbers and truth values are written as text. */
export interface Vocabulary {
  words: Readonly<Record<string, Meaning>>;
  /** What any other word means; without it, a word that is not listed is unmapped, and never guessed. */
  others?: OperatingState;
  /** What words that are numbers are called, for people. */
  names?: Readonly<Record<string, string>>;
}

/** Lists words by name and by number: in the order of their numbers, beginning with 0. */
export function byNumber(words: readonly (readonly [name: string, meaning: Meaning])[]): Vocabulary {
  return {
    words: Object.fromEntries(
      words.flatMap(([name, meaning], number) => [
        [name, meaning],
        [String(number), meaning],
      ]),
    ),
    names: Object.fromEntries(words.map(([name], number) => [String(number), name])),
  };
}
