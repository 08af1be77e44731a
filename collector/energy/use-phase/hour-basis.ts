import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';

/**
 * Which hours a figure is for (footprint method, T_ref): every hour that passed while the machine was watched; hours with
 * power on; hours in which it was ready, processed or warmed up; hours in which it processed.
 */
export const HOUR_BASES = ['calendar', 'powered', 'operating', 'processing'] as const;
export type HourBasis = (typeof HOUR_BASES)[number];

/** The states whose time makes up the hours of a basis. Unknown time is calendar time and nothing else. */
export const BASIS_STATES: Readonly<Record<HourBasis, readonly OperatingState[]>> = {
  calendar: ['off', 'standby', 'extendedStandby', 'warmUp', 'ready', 'processing', 'unknown'],
  powered: ['standby', 'extendedStandby', 'warmUp', 'ready', 'processing'],
  operating: ['warmUp', 'ready', 'processing'],
  processing: ['processing'],
};

/** Time of a basis, in the unit in which the states are given. */
export function timeOfBasis(basis: HourBasis, time: Readonly<Record<OperatingState, number>>): number {
  let sum = 0;
  for (const state of BASIS_STATES[basis]) sum += time[state];
  return sum;
}
