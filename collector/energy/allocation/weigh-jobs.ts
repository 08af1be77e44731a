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
 * alternatives). Text where there are none, saying why: by `none`, and by mass where a job of the window has no mass.
 */
export function weighJobs(
  rule: AllocationRule,
  window: AllocationWindow,
  { jobs, timesMs, directMwh }: WeighedJobs,
): Weights | string {
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
    case 'mass': {
      const without = jobs.filter((job) => massWithin(job, window) === null).map(({ id }) => id);
      return without.length > 0
        ? sayMassless(without)
        : weights(
            'kg',
            jobs.map((job) => massWithin(job, window) ?? 0),
          );
    }
    case 'none':
      return 'the rule is none';
  }
}

/** So many jobs without a mass are named. */
const NAMED_MAX = 5;

function sayMassless(jobs: readonly string[]): string {
  const named = jobs.slice(0, NAMED_MAX).join(', ');
  const more = jobs.length - NAMED_MAX;
  return `by mass, but nobody told the mass of ${jobs.length === 1 ? 'job' : 'jobs'} ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Mass of a job as far as its time lies in the window, kg; all of it for a job of no length. Null where it has none. */
export function massWithin(job: AllocatedJob, window: AllocationWindow): number | null {
  if (job.massKg === null || !Number.isFinite(job.massKg) || job.massKg < 0) return null;
  const wholeMs = coverTime(job, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return wholeMs === 0 ? job.massKg : (job.massKg * coverTime(job, window.fromMs, window.toMs)) / wholeMs;
}

function weights(unit: Weights['unit'], values: readonly number[]): Weights {
  let total = 0;
  for (const value of values) total += value;
  return { unit, values: [...values], total };
}
