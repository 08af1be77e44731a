import { DIRECT_STATE, type AllocationWindow } from './allocation-rule.ts';
import { findStretches } from './job-stretches.ts';
import type { AllocatedJob } from './job.ts';

/**
 * How long the machine processed for each job within the windows, ms; where k jobs ran at once each has one k-th of it.
 * Need not be whole.
 *
 * @param windows in order of time and apart
 * @param spans of states, in order of time and apart
 * @returns by id of the job; jobs without such time have 0
 */
export function sumProcessing(
  windows: readonly AllocationWindow[],
  spans: readonly { fromMs: number; toMs: number; state: string }[],
  jobs: readonly AllocatedJob[],
): Map<string, number> {
  const sums = new Map(jobs.map(({ id }) => [id, 0]));
  const processing = spans.filter(({ state }) => state === DIRECT_STATE);
  let next = 0;
  for (const window of windows)
    for (const stretch of findStretches(window, jobs)) {
      while (next < processing.length && processing[next]!.toMs <= stretch.fromMs) next++;
      let sharedMs = 0;
      for (let at = next; at < processing.length && processing[at]!.fromMs < stretch.toMs; at++) {
        const { fromMs, toMs } = processing[at]!;
        sharedMs += Math.min(toMs, stretch.toMs) - Math.max(fromMs, stretch.fromMs);
      }
      for (const index of stretch.jobs) {
        const { id } = jobs[index]!;
        sums.set(id, (sums.get(id) ?? 0) + sharedMs / stretch.jobs.length);
      }
    }
  return sums;
}
