import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import type { JobResult } from './derive-job-energy.ts';
import { derivePerPart, type PartEnergy } from './per-part.ts';

/** All jobs of one order, or of one part. */
export interface JobGroup {
  /** The order or the part; null for jobs of which nobody told it. */
  name: string | null;
  /** Ids, in order. */
  jobs: string[];
  /** Within the windows. */
  totalMwh: MilliwattHours;
  /** That of the worst job: with one `cut` there are no figures per part, with one `at-least` they are lower bounds. */
  extent: JobResult['extent'];
  /** Null where one of the jobs did not tell it: a sum that lacks a part is no sum. */
  goodParts: number | null;
  scrapParts: number | null;
  massKg: number | null;
  volumeCm3: number | null;
  perPart: PartEnergy;
}

/** From the worst. */
const EXTENTS = ['cut', 'at-least', 'whole'] as const;

/**
 * Adds jobs by order or by part. Energies sum exactly; figures per part are made of the sums, never as means of figures.
 *
 * @param jobs of one machine or of several
 */
export function groupJobs(jobs: readonly JobResult[], by: 'order' | 'part'): JobGroup[] {
  const groups = new Map<string | null, JobResult[]>();
  for (const job of jobs) groups.set(job[by], [...(groups.get(job[by]) ?? []), job]);
  return [...groups]
    .sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : Number((a ?? '') > (b ?? ''))))
    .map(([name, own]) => {
      const sum = (of: 'goodParts' | 'scrapParts' | 'massKg' | 'volumeCm3') =>
        own.some((job) => job[of] === null) ? null : own.reduce((total, job) => total + (job[of] ?? 0), 0);
      const made = {
        goodParts: sum('goodParts'),
        scrapParts: sum('scrapParts'),
        massKg: sum('massKg'),
        volumeCm3: sum('volumeCm3'),
      };
      const extent = EXTENTS.find((one) => own.some((job) => job.extent === one)) ?? 'whole';
      const totalMwh = milliwattHours(own.reduce((total, { energy }) => total + energy.totalMwh, 0));
      return {
        name,
        jobs: own.map(({ id }) => id).sort(),
        totalMwh,
        extent,
        ...made,
        perPart: derivePerPart(
          `${by} ${name ?? 'that nobody told'}`,
          extent === 'cut' ? null : totalMwh,
          made,
        ),
      };
    });
}
