import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { StatusWord } from './status-word.ts';

/** Two words that say something together which neither says alone: an active channel in manual mode moves by hand. */
const PAIRS: readonly {
  vocabulary: string;
  words: readonly string[];
  mode: string;
  modes: readonly string[];
  state: OperatingState;
}[] = [
  {
    vocabulary: 'sinumerik/ChanStatus',
    words: ['1'],
    mode: 'sinumerik/OpMode',
    modes: ['0'],
    state: 'ready',
  },
  {
    vocabulary: 'cnc/ChannelStatus',
    words: ['Active', '0'],
    mode: 'cnc/OperationMode',
    modes: ['Manual', '0'],
    state: 'ready',
  },
];

/** The state that two of the words say together, and which they are; undefined without such a pair. */
export function findPair(
  words: readonly StatusWord[],
): { state: OperatingState; words: [StatusWord, StatusWord] } | undefined {
  for (const pair of PAIRS) {
    const first = words.find((word) => isOneOf(word, pair.vocabulary, pair.words));
    const second = words.find((word) => isOneOf(word, pair.mode, pair.modes));
    if (first !== undefined && second !== undefined) return { state: pair.state, words: [first, second] };
  }
  return undefined;
}

function isOneOf(word: StatusWord, vocabulary: string, values: readonly string[]): boolean {
  return word.vocabulary === vocabulary && values.includes(String(word.value));
}
