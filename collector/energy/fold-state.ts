import type { ComponentState, RecordSpan } from './component-state.ts';
import type { CounterDefinition } from './counter-value.ts';
import type { HourAccount } from './hour-account.ts';
import type { ChainClock } from './boot-time.ts';
import { emptyTimeline, type TimelineState } from './timeline-state.ts';

/** Goes up with every change of what a saved fold looks like, or of the words in it: older ones are not read. */
export const FOLD_LAYOUT = 17;

/**
 * The fold of one machine: everything that must be remembered between readings, as plain data that JSON keeps. It is
 * changed in place by the functions here. What it has booked up to a horizon is a function of the set of readings
 * before that horizon: batches, duplicates and order of arrival leave no trace, as long as no reading comes that lies
 * before the horizon (`isLate`); then the caller goes back to a checkpoint and folds again.
 */
export interface MachineFold {
  v: typeof FOLD_LAYOUT;
  /** Every reading before this (wall ms) has been fed. */
  horizonMs: number;
  timeline: TimelineState;
  components: ComponentState[];
  accounts: HourAccount[];
  definitions: CounterDefinition[];
  /** By which clocks readings of counters that wait were read; the first is none. */
  clocks: ChainClock[];
  recent: RecordSpan[];
}

/** A machine of which nothing was read yet. */
export function startFold(): MachineFold {
  return {
    v: FOLD_LAYOUT,
    horizonMs: 0,
    timeline: emptyTimeline(),
    components: [],
    accounts: [],
    definitions: [],
    clocks: [{ boot: '', offsetMs: 0, agent: '', epoch: '' }],
    recent: [],
  };
}
