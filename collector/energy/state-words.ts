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
 * the state; `unmapped` where nobody knows what it means.
 */
export type WordState =
  | { kind: 'state'; state: OperatingState; own: boolean }
  | { kind: 'silent' | 'unmapped' };

const SILENT: WordState = { kind: 'silent' };
const UNMAPPED: WordState = { kind: 'unmapped' };

/**
 * Looks a word up. The machine's own map goes first, asked for `vocabulary=word` and then for the word alone. Words of the
 * vocabulary `raw` mean nothing where the machine has no map of its own.
 */
export function stateOfWord(
  vocabulary: string,
  word: string,
  stateMap: Readonly<Record<string, OperatingState>>,
): WordState {
  const own = lookUp(stateMap, `${vocabulary}=${word}`) ?? lookUp(stateMap, word);
  if (own !== undefined) return { kind: 'state', state: own, own: true };
  const known = lookUp(VOCABULARIES, vocabulary);
  const listed = known === undefined ? undefined : lookUp(known.words, word);
  const meaning = listed === undefined ? known?.others : listed;
  if (meaning === null) return SILENT;
  if (meaning !== undefined) return { kind: 'state', state: meaning, own: false };
  return vocabulary === 'raw' && Object.keys(stateMap).length === 0 ? SILENT : UNMAPPED;
}

/** Only what the table itself holds: a control may say `constructor`. */
function lookUp<V>(table: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
