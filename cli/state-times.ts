import { OPERATING_STATES, type OperatingState } from '../protocols/telemetry/operating-state.ts';
import { formatShare, formatSpan } from './format.ts';
import { STATE_LETTERS } from './hours-strip.ts';

/** Time in each state, ms. */
type StateTimes = Readonly<Record<OperatingState, number>>;

/** So many columns are enough for states in letters, broken into lines: `S10 P90`. */
export const LETTERS_WIDTH = 9;

/** `ready 12 min, processing 48 min` */
export function sayTimes(timeMs: StateTimes): string {
  return spent(timeMs)
    .map((state) => `${state} ${formatSpan(timeMs[state])}`)
    .join(', ');
}

/** `R20 P80`: shares of the time in percent. */
export function sayLetters(timeMs: StateTimes): string {
  const states = spent(timeMs);
  const allMs = states.reduce((sum, state) => sum + timeMs[state], 0);
  return states
    .map((state) => `${STATE_LETTERS[state]}${formatShare(timeMs[state] / allMs).replace(' %', '')}`)
    .join(' ');
}

/** `states in % of the time: R ready, P processing`: what the letters of these times mean. */
export function explainLetters(timeMs: StateTimes): string {
  return `states in % of the time: ${spent(timeMs)
    .map((state) => `${STATE_LETTERS[state]} ${state}`)
    .join(', ')}`;
}

/** Times of several together. */
export function sumTimes(times: readonly StateTimes[]): Record<OperatingState, number> {
  return Object.fromEntries(
    OPERATING_STATES.map((state) => [state, times.reduce((sum, timeMs) => sum + timeMs[state], 0)]),
  ) as Record<OperatingState, number>;
}

/** Only states with time in them. */
function spent(timeMs: StateTimes): OperatingState[] {
  return OPERATING_STATES.filter((state) => timeMs[state] > 0);
}
