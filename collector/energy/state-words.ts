import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { MTCONNECT_WORDS } from './mtconnect-words.ts';
import { OPCUA_WORDS } from './opcua-words.ts';
import { VENDOR_WORDS } from './vendor-words.ts';
import type { Vocabulary } from './word-meanings.ts';

/** The declared map: what the words of known vocabularies mean. */
const VOCABULARIES: Readonly<Record<string, Vocabulary>> = {
  ...MTCONNECT_WORDS,
  ...OPCUA_WORDS,
  ...VENDOR_WORDS,
};

/**
 * What a word says: a state, by the machine's own map (`own`) or by ours; `silent` where it is known and says nothing of
 * the state; `unmapped` where its vocabulary is known and it is not in it; `foreign` where nobody knows the vocabulary.
 */
export type WordState =
  | { kind: 'state'; state: OperatingState; own: boolean }
  | { kind: 'silent' | 'unmapped' | 'foreign' };

const SILENT: WordState = { kind: 'silent' };
const UNMAPPED: WordState = { kind: 'unmapped' };
const FOREIGN: WordState = { kind: 'foreign' };

/** Looks a word up. The machine's own map goes first, asked for `vocabulary=word` and then for the word alone. */
export function stateOfWord(
  vocabulary: string,
  word: string,
  stateMap: Readonly<Record<string, OperatingState>>,
): WordState {
  const own = lookUp(stateMap, `${vocabulary}=${word}`) ?? lookUp(stateMap, word);
  if (own !== undefined) return { kind: 'state', state: own, own: true };
  const known = lookUp(VOCABULARIES, vocabulary);
  if (known === undefined) return FOREIGN;
  const listed = lookUp(known.words, word);
  const meaning = listed === undefined ? known.others : listed;
  if (meaning === null) return SILENT;
  return meaning === undefined ? UNMAPPED : { kind: 'state', state: meaning, own: false };
}

/** What a word that is a number is called in its vocabulary; undefined where it has no name, or is one itself. */
export function nameOfWord(vocabulary: string, word: string): string | undefined {
  const names = lookUp(VOCABULARIES, vocabulary)?.names;
  return names === undefined ? undefined : lookUp(names, word);
}

/** Only what the table itself holds: a control may say `constructor`. */
function lookUp<V>(table: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
