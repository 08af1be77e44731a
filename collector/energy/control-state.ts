import type { Said, Verdict } from './judge-words.ts';
import type { StatusWord } from './status-word.ts';

/** What the control says from a time on; `missing` is silence after a state, of which the future decides. */
export interface Saying {
  fromMs: number;
  says: Verdict | { kind: 'missing'; before: Said } | { kind: 'bridged'; before: Said };
}

/** A word that holds. */
interface HeardWord {
  agent: string;
  source: string;
  word: StatusWord;
}

/** What the words of a machine's control say over time, and which sources are down: plain data. */
export interface ControlTrack {
  words: Record<string, HeardWord>;
  /** Channels that have ever said that the control is available. */
  onceAvailable: string[];
  /** Sources that are down, as agent/source. */
  downSources: string[];
  /** Until when the words of each agent hold, ms. */
  freshToMs: Record<string, number>;
  /** When words next become stale, ms; null while none holds. */
  staleMs: number | null;
  /** What was said last, before anything is known of what comes. */
  latest: Saying['says'];
  /** In order; the first one holds at the time up to which states are settled. */
  sayings: Saying[];
  /** Of silences that began before this it is decided whether they are bridged, ms. */
  bridgedMs: number;
  /** Changes of whether any source is down. */
  downs: { fromMs: number; down: boolean }[];
  /** Everything before this is taken in, ms. */
  toldMs: number;
}

/** A track that begins at a time. */
export function startControlTrack(startMs: number): ControlTrack {
  return {
    words: {},
    onceAvailable: [],
    downSources: [],
    freshToMs: {},
    staleMs: null,
    latest: { kind: 'silent', basis: '' },
    sayings: [],
    bridgedMs: startMs,
    downs: [],
    toldMs: startMs,
  };
}

/** Sources are named by their agents, so that two may use one name. */
export function qualify(agent: string, source: string): string {
  return `${agent}/${source}`;
}
