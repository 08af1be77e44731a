import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

const WORDS: Readonly<Record<OperatingState, string>> = {
  off: 'off',
  standby: 'standby',
  extendedStandby: 'extended standby',
  warmUp: 'warm-up',
  ready: 'ready',
  processing: 'processing',
  unknown: 'unknown',
};

/** A state for people. */
export function sayState(state: OperatingState): string {
  return WORDS[state];
}

/** How far something can be trusted, in a word. */
export function sayConfidence(confidence: number): 'high' | 'fair' | 'low' {
  return confidence >= 0.8 ? 'high' : confidence >= 0.5 ? 'fair' : 'low';
}
