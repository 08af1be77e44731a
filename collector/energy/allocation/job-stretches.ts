import { MillwattError } from '../../../protocols/errors.ts';
import type { AllocationWindow } from './allocation-rule.ts';
import type { AllocatedJob } from './job.ts';

/** A stretch of a window in which the same jobs ran, none, one or several at once. */
export interface JobStretch {
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  /** Indices of the jobs, ascending. */
  jobs: number[];
}

/**
 * Divides a window into stretches in which the same jobs ran. A job that ran on two channels at once counts once.
 *
 * @param jobs in the order that the indices mean
 * @returns stretches without holes from the window's start to its end
 */
export function findStretches(window: AllocationWindow, jobs: readonly AllocatedJob[]): JobStretch[] {
  const turns: { atMs: number; job: number; step: 1 | -1 }[] = [];
  for (const [job, { segments }] of jobs.entries())
    for (const segment of segments) {
      const fromMs = Math.max(segment.fromMs, window.fromMs);
      const toMs = Math.min(segment.toMs, window.toMs);
      if (toMs <= fromMs) continue;
      turns.push({ atMs: fromMs, job, step: 1 }, { atMs: toMs, job, step: -1 });
    }
  turns.sort((a, b) => a.atMs - b.atMs);
  const running = new Map<number, number>();
  const stretches: JobStretch[] = [];
  let fromMs = window.fromMs;
  const closeAt = (toMs: number) => {
    if (toMs > fromMs) stretches.push({ fromMs, toMs, jobs: [...running.keys()].sort((a, b) => a - b) });
    fromMs = toMs;
  };
  for (const { atMs, job, step } of turns) {
    closeAt(atMs);
    const count = (running.get(job) ?? 0) + step;
    if (count === 0) running.delete(job);
    else running.set(job, count);
  }
  closeAt(window.toMs);
  return stretches;
}

/**
 * The time of each job in a window, ms; where k jobs ran at once each has one k-th of that time, so that all times sum to
 * the time in which any job ran.
 */
export function sumJobTimes(stretches: readonly JobStretch[], jobCount: number): number[] {
  const timesMs = Array.from({ length: jobCount }, () => 0);
  for (const { fromMs, toMs, jobs } of stretches)
    for (const job of jobs) timesMs[job] = timesMs[job]! + (toMs - fromMs) / jobs.length;
  return timesMs;
}

/** Time covered by a job's segments within [fromMs, toMs), overlaps once, ms. */
export function coverTime(job: AllocatedJob, fromMs: number, toMs: number): number {
  let coveredMs = 0;
  let doneMs = fromMs;
  for (const segment of [...job.segments].sort((a, b) => a.fromMs - b.fromMs)) {
    const beginMs = Math.max(segment.fromMs, doneMs);
    const endMs = Math.min(segment.toMs, toMs);
    if (endMs <= beginMs) continue;
    coveredMs += endMs - beginMs;
    doneMs = endMs;
  }
  return coveredMs;
}

/**
 * Refuses jobs that run at once, for plants in which that is a mistake.
 *
 * @throws MillwattError (refuse) `jobs-overlap`
 */
export function refuseOverlap(stretches: readonly JobStretch[], jobs: readonly AllocatedJob[]): void {
  const doubled = stretches.find((stretch) => stretch.jobs.length > 1);
  if (doubled === undefined) return;
  const names = doubled.jobs.map((job) => jobs[job]?.id ?? '').join(' and ');
  throw new MillwattError(
    'refuse',
    'jobs-overlap',
    `The jobs ${names} run at once from ${doubled.fromMs} to ${doubled.toMs} ms.`,
    { cure: 'End the one before the other begins, or let jobs that run at once share by time.' },
  );
}
