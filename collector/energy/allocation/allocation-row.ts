import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import type { Weights } from './allocation-rule.ts';
import { group, sayEnergy, sayProduct, sayTime } from './say-figures.ts';

/** One share of the energy of a window, with its arithmetic. The rows of a window sum to its total, to the last mWh. */
export interface AllocationRow {
  /** Null for what no job got. */
  job: string | null;
  state: OperatingState;
  /** `direct`: drawn by this job alone; `at-once`: with other jobs; `rule`: by the rule's weights; `unallocated`. */
  how: 'direct' | 'at-once' | 'rule' | 'unallocated';
  mwh: MilliwattHours;
  /** What it is a share of, mWh. */
  ofMwh: MilliwattHours;
  /** The share is weight / weightTotal, before whole mWh were made of it. */
  weight: number;
  weightTotal: number;
  unit: Weights['unit'];
  /** The same to be checked with a pocket calculator. */
  saying: string;
}

/** Says what a job drew itself. */
export function sayDirect(
  job: string,
  others: readonly string[],
  ms: number,
  ofMwh: number,
  mwh: number,
): string {
  if (others.length === 0) return `job ${job}: processing ${sayTime(ms)} alone = ${sayEnergy(mwh)}`;
  return (
    `job ${job}: processing ${sayTime(ms)} at once with ${others.join(', ')} -> ` +
    sayProduct(1, others.length + 1, { mwh: ofMwh, name: '' }, mwh)
  );
}

/** Says a share by rule: `job 4711: 3 h 12 min of 8 h of jobs -> 0.4 x 1,204.5 Wh ready = 481.8 Wh`. */
export function sayShare(
  job: string,
  state: OperatingState,
  { unit, weight, weightTotal }: Pick<AllocationRow, 'unit' | 'weight' | 'weightTotal'>,
  ofMwh: number,
  mwh: number,
): string {
  const part = {
    ms: () => `${sayTime(weight)} of ${sayTime(weightTotal)} of jobs`,
    mWh: () => `${sayEnergy(weight)} of ${sayEnergy(weightTotal)} processing`,
    jobs: () => `${group(weight)} of ${group(weightTotal)} jobs`,
    kg: () => `${group(weight)} kg of ${group(weightTotal)} kg`,
  }[unit]();
  return `job ${job}: ${part} -> ${sayProduct(...inUnit(unit, weight, weightTotal), { mwh: ofMwh, name: state }, mwh)}`;
}

/** Weights as they are typed into a calculator: times in seconds, energies in Wh. */
export function inUnit(unit: Weights['unit'], weight: number, weightTotal: number): [number, number] {
  const factor = unit === 'ms' || unit === 'mWh' ? 1000 : 1;
  return [weight / factor, weightTotal / factor];
}
