import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';

/** The name of these rules in every result; it changes when a figure could. */
export const ALLOCATION_ALGORITHM = 'millwatt-allocation/1';

/**
 * By what the energy of a window that no job drew itself is divided among its jobs: `time` of the job in the window (the
 * base case); `energy` that the job drew itself while the machine processed; `equal` for each job; `mass` that the job
 * made, as far as its time lies in the window; `none` leaves it unallocated.
 */
export const ALLOCATION_RULES = ['time', 'energy', 'equal', 'mass', 'none'] as const;
export type AllocationRule = (typeof ALLOCATION_RULES)[number];

/** The state whose energy is a job's own; all others are divided by rule, wherever in the window they lie. */
export const DIRECT_STATE = 'processing';

/** The states whose energy is divided by rule: all that are not `processing`. */
export const DIVIDED_STATES: readonly OperatingState[] = OPERATING_STATES.filter(
  (state) => state !== DIRECT_STATE,
);

/** A shift, a day or a month [fromMs, toMs): energy is divided within it, never across. */
export interface AllocationWindow {
  /** `early shift 2026-03-02`. */
  name: string;
  /** Wall ms. */
  fromMs: number;
  toMs: number;
}

/** Weights of one rule, and what they are weights of. */
export interface Weights {
  unit: 'ms' | 'mWh' | 'jobs' | 'kg';
  /** At least 0, in the order of the jobs. */
  values: number[];
  total: number;
}
