import type { MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { allocateJobs, type Allocation, type AllocationInput } from './allocate-jobs.ts';
import { cutJobs } from './cut-jobs.ts';
import type { JobMark, JobRemark } from './job-mark.ts';
import { coverTime } from './job-stretches.ts';
import type { Job } from './job.ts';
import { derivePerPart, type PartEnergy } from './per-part.ts';
import { sayTime } from './say-figures.ts';
import { sumJobs, type JobTotal } from './sum-jobs.ts';

/** A job, what it made and what that took. */
export interface JobResult extends Job {
  energy: JobTotal;
  perPart: PartEnergy;
  /**
   * `whole`: every moment of the job lies in a window and has an energy; `at-least`: some of its time has none, so its figures
   * are lower bounds; `cut`: some of its time lies outside the windows, so there are no figures per part.
   */
  extent: 'whole' | 'at-least' | 'cut';
  /** What the extent means for this job; empty where it is whole. */
  extentSaying: string;
}

/** The jobs of one machine over some windows. */
export interface JobEnergyResult {
  allocation: Allocation;
  /** In order of ids; jobs without time in any window are left out. */
  jobs: JobResult[];
  /** What had to be decided in the marks. */
  remarks: JobRemark[];
}

/**
 * From marks and energy to jobs and parts: cuts the jobs, divides the energy, and relates it to what was made. Figures per
 * part are made only of jobs that lie in the windows as a whole: half a job's energy over all its parts would flatter.
 *
 * @param toMs end of what is read of the control, wall ms
 * @param toldToMs end of what is known at all, wall ms, as `cutJobs` has it
 * @throws MillwattError (refuse) as `allocateJobs`
 */
export function deriveJobEnergy(
  marks: readonly JobMark[],
  toMs: number,
  input: Omit<AllocationInput, 'jobs'>,
  toldToMs = toMs,
): JobEnergyResult {
  const { jobs, remarks } = cutJobs(marks, toMs, toldToMs);
  const allocation = allocateJobs({ ...input, jobs });
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return {
    allocation,
    remarks,
    jobs: sumJobs(allocation).map((energy) => {
      const job = byId.get(energy.job)!;
      return { ...job, energy, ...relate(job, energy, allocation) };
    }),
  };
}

function relate(
  job: Job,
  energy: JobTotal,
  { windows }: Allocation,
): Pick<JobResult, 'perPart' | 'extent' | 'extentSaying'> {
  const wholeMs = coverTime(job, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  let insideMs = 0;
  for (const { window } of windows) insideMs += coverTime(job, window.fromMs, window.toMs);
  const perPart = (energyMwh: MilliwattHours | null) => derivePerPart(`job ${job.id}`, energyMwh, job);
  if (insideMs < wholeMs)
    return {
      perPart: perPart(null),
      extent: 'cut',
      extentSaying: `${sayTime(wholeMs - insideMs)} of job ${job.id} lie outside the windows: choose windows that hold all of it`,
    };
  // Times of jobs that ran at once are no whole ms.
  if (energy.unmeasuredMs >= 0.5)
    return {
      perPart: perPart(energy.totalMwh),
      extent: 'at-least',
      extentSaying: `${sayTime(energy.unmeasuredMs)} of job ${job.id} have no known energy: its figures are lower bounds`,
    };
  return { perPart: perPart(energy.totalMwh), extent: 'whole', extentSaying: '' };
}
