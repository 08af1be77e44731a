import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import type { WindowAllocation } from '../energy/allocation/allocate-window.ts';
import { inUnit } from '../energy/allocation/allocation-row.ts';
import type { AllocationRule } from '../energy/allocation/allocation-rule.ts';
import type { Job } from '../energy/allocation/job.ts';
import { group, sayEnergy, sayProduct, sayTime } from '../energy/allocation/say-figures.ts';
import { weighJobs } from '../energy/allocation/weigh-jobs.ts';
import { apportion } from '../energy/apportion.ts';
import type { MachineShare } from './shared-load-report.ts';

/** What a job got of shared loads. */
export interface JobShare {
  mwh: MilliwattHours;
  sayings: string[];
}

/**
 * Gives the shares of a machine to its jobs, window by window, by the rule that gave them to the machine; fixed shares by
 * the rule of the jobs. What no job can carry stays with the machine, as by mass where one of
 * its jobs has none.
 *
 * @param shares one list a window, as `windows`
 */
export function shareToJobs(
  shares: readonly (readonly MachineShare[])[],
  windows: readonly WindowAllocation[],
  jobs: readonly Job[],
  fixedBy: AllocationRule,
): Map<string, JobShare> {
  const got = new Map<string, JobShare>();
  for (const [index, { window, jobs: ran }] of windows.entries()) {
    const own = ran.flatMap((energy) => {
      const job = jobs.find(({ id }) => id === energy.job);
      return job === undefined ? [] : [{ energy, job }];
    });
    for (const { load, rule, mwh } of shares[index] ?? []) {
      if (mwh === null || mwh === 0 || own.length === 0) continue;
      const weights = weighJobs(rule === 'fixed' ? fixedBy : rule, window, {
        jobs: own.map(({ job }) => job),
        timesMs: own.map(({ energy }) => energy.timeMs),
        directMwh: own.map(({ energy }) => energy.directMwh),
      });
      if (typeof weights === 'string' || weights.total === 0) continue;
      for (const [place, share] of apportion(mwh, weights.values).entries()) {
        const id = own[place]?.job.id ?? '';
        const weight = weights.values[place] ?? 0;
        const sum = got.get(id) ?? { mwh: milliwattHours(0), sayings: [] };
        sum.mwh = milliwattHours(sum.mwh + share);
        sum.sayings.push(
          `${window.name}: job ${id}: ${sayWeight(weights.unit, weight)} of ${sayWeight(weights.unit, weights.total)} -> ` +
            sayProduct(...inUnit(weights.unit, weight, weights.total), { mwh, name: `of ${load}` }, share),
        );
        got.set(id, sum);
      }
    }
  }
  return got;
}

function sayWeight(unit: 'ms' | 'mWh' | 'jobs' | 'kg', value: number): string {
  if (unit === 'ms') return sayTime(value);
  if (unit === 'mWh') return sayEnergy(value);
  return `${group(value)} ${unit}`;
}
