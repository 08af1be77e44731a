import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import type { Allocation } from './allocate-jobs.ts';
import type { JobEnergy } from './allocate-window.ts';

/** Energy of a job over all windows that it touched. */
export interface JobTotal extends JobEnergy {
  /** Names of the windows, in order of time. */
  windows: string[];
  /** Every row of those windows that is the job's, as text. */
  sayings: string[];
}

/** Adds the windows of each job; exact, in order of ids. The totals sum to the allocated energy of all windows. */
export function sumJobs(allocation: Allocation): JobTotal[] {
  const totals = new Map<string, JobTotal>();
  for (const { window, jobs, rows } of allocation.windows) {
    for (const job of jobs) {
      const sum = totals.get(job.job);
      if (sum === undefined)
        totals.set(job.job, {
          ...job,
          dividedMwh: { ...job.dividedMwh },
          windows: [window.name],
          sayings: [],
        });
      else addJob(sum, job, window.name);
    }
    for (const { job, saying } of rows)
      if (job !== null) totals.get(job)?.sayings.push(`${window.name}: ${saying}`);
  }
  return [...totals.values()].sort((a, b) => (a.job < b.job ? -1 : Number(a.job > b.job)));
}

function addJob(sum: JobTotal, job: JobEnergy, window: string): void {
  const add = (a: MilliwattHours, b: MilliwattHours) => milliwattHours(a + b);
  sum.timeMs += job.timeMs;
  sum.unmeasuredMs += job.unmeasuredMs;
  sum.directMwh = add(sum.directMwh, job.directMwh);
  sum.totalMwh = add(sum.totalMwh, job.totalMwh);
  const states: readonly OperatingState[] = OPERATING_STATES;
  for (const state of states) sum.dividedMwh[state] = add(sum.dividedMwh[state], job.dividedMwh[state]);
  sum.windows.push(window);
}
