import { MillwattError } from '../../../protocols/errors.ts';
import type { AllocationRule, AllocationWindow, Weights } from './allocation-rule.ts';
import { coverTime } from './job-stretches.ts';
import type { AllocatedJob } from './job.ts';

/** What is known of the jobs of a window: each list is in the order of `jobs`. */
export interface WeighedJobs {
  jobs: readonly AllocatedJob[];
  /** Time in the window, ms; shared where jobs ran at once. */
  timesMs: readonly number[];
  /** Energy drawn while processing, mWh. */
  directMwh: readonly number[];
}

/**
 * The weights of a rule (footprint method, manufacturing energy: time is the base case; energy, equal and mass are the
 * alternatives). Null for `none`.
 *
 * @throws MillwattError (refuse) `mass-missing` when the rule is mass and a job has none
 */
export function weighJobs(
  rule: AllocationRule,
  window: AllocationWindow,
  { jobs, timesMs, directMwh }: WeighedJobs,
): Weights | null {
  switch (rule) {
    case 'time':
      return weights('ms', timesMs);
    case 'energy':
      return weights('mWh', directMwh);
    case 'equal':
      return weights(
        'jobs',
        jobs.map(() => 1),
      );
    case 'mass':
      return weights(
        'kg',
        jobs.map((job) => massWithin(job, window)),
      );
    case 'none':
      return null;
  }
}

/**
 * Mass of a job as far as its time lies in the window, kg; all of it for a job of no length.
 *
 * @throws MillwattError (refuse) `mass-missing` when it has none
 */
export function massWithin(job: AllocatedJob, window: AllocationWindow): number {
  if (job.massKg === null || !Number.isFinite(job.massKg) || job.massKg < 0)
    throw new MillwattError(
      'refuse',
      'mass-missing',
      `Job ${job.id} has no mass, and energy of ${window.name} is to be divided by mass.`,
      { cure: `Tell the mass of job ${job.id} in kg, or divide by time, energy or equally.` },
    );
  const wholeMs = coverTime(job, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return wholeMs === 0 ? job.massKg : (job.massKg * coverTime(job, window.fromMs, window.toMs)) / wholeMs;
}

function weights(unit: Weights['unit'], values: readonly number[]): Weights {
  let total = 0;
  for (const value of values) total += value;
  return { unit, values: [...values], total };
}
