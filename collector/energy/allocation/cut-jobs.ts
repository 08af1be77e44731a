import { compareText } from '../compare-text.ts';
import { assignParts } from './assign-parts.ts';
import { countParts } from './count-parts.ts';
import type { CountMark, JobMark, JobRemark, ProgramMark } from './job-mark.ts';
import { emptyJob, type Job } from './job.ts';
import { readOutsideJobs } from './outside-jobs.ts';
import { jobOfProgram, readProgramRuns, type ProgramRun } from './program-runs.ts';

/**
 * The jobs of one machine from all marks, to the millisecond. What was told from outside goes before what the control's
 * programs show: programs are jobs of their own only where no job was told on their channel or on the machine. All runs
 * of a program are one job. Channels may work at the same time; on one channel one job follows the other.
 *
 * @param marks from outside in any order; from the records in their order
 * @param toMs end of what is read of the control, wall ms: programs that were not ended are counted until then
 * @param toldToMs end of what is known at all, wall ms: jobs that were told and not ended are under way until then, also
 * beyond what is read, and must not look as if they had ended there
 */
export function cutJobs(
  marks: readonly JobMark[],
  toMs: number,
  toldToMs = toMs,
): { jobs: Job[]; remarks: JobRemark[] } {
  const ordered = [...marks].sort((a, b) => a.atMs - b.atMs);
  const outside = readOutsideJobs(
    ordered.filter((mark) => mark.kind === 'begin' || mark.kind === 'end'),
    toldToMs,
  );
  const remarks = outside.remarks;
  const jobs = new Map(outside.jobs.map((job) => [job.id, job]));
  const programs = ordered.filter((mark): mark is ProgramMark => mark.kind === 'program');
  for (const channel of channelsOf(programs)) {
    const read = readProgramRuns(
      programs.filter((mark) => mark.channel === channel),
      toMs,
    );
    remarks.push(...read.remarks);
    for (const piece of takeOutTold(read.runs, coverTold(outside.jobs, channel))) addRun(jobs, piece);
  }
  const counts = ordered.filter((mark): mark is CountMark => mark.kind === 'count');
  const found = [...jobs.values()];
  for (const job of found) job.segments.sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
  const counted = channelsOf(counts).flatMap((channel) =>
    (['all', 'good', 'scrap'] as const).map((kind) =>
      countParts(counts.filter((mark) => mark.channel === channel && mark.counts === kind)),
    ),
  );
  for (const one of counted) remarks.push(...one.remarks);
  remarks.push(
    ...assignParts(
      found,
      counts,
      counted.flatMap(({ parts }) => parts),
    ),
  );
  return {
    jobs: found.sort((a, b) => compareText(a.id, b.id)),
    remarks: remarks.sort((a, b) => a.atMs - b.atMs),
  };
}

/** Times that were told on a path or on the whole machine, in order and apart. */
function coverTold(told: readonly Job[], channel: string): { fromMs: number; toMs: number }[] {
  const covered: { fromMs: number; toMs: number }[] = [];
  const segments = told
    .flatMap((job) => job.segments)
    .filter((one) => one.channel === '' || channel === '' || one.channel === channel)
    .sort((a, b) => a.fromMs - b.fromMs);
  for (const { fromMs, toMs } of segments) {
    const last = covered[covered.length - 1];
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else covered.push({ fromMs, toMs });
  }
  return covered;
}

/** What is left of runs outside the jobs that were told on their channel or on the machine. @param runs of one channel, in order of time */
function takeOutTold(
  runs: readonly ProgramRun[],
  covered: readonly { fromMs: number; toMs: number }[],
): ProgramRun[] {
  const left: ProgramRun[] = [];
  let next = 0;
  for (const run of runs) {
    while (next < covered.length && covered[next]!.toMs <= run.fromMs) next++;
    let rest: ProgramRun | null = run;
    for (let at = next; rest !== null && at < covered.length; at++) {
      const { fromMs, toMs } = covered[at]!;
      if (fromMs >= rest.toMs) break;
      if (fromMs > rest.fromMs) left.push({ ...rest, toMs: fromMs, end: 'next' });
      rest = toMs < rest.toMs ? { ...rest, fromMs: toMs } : null;
    }
    if (rest !== null) left.push(rest);
  }
  return left;
}

function addRun(jobs: Map<string, Job>, { program, ...segment }: ProgramRun): void {
  let id = jobOfProgram(program);
  // A plant may well call an order "program 12": what was told keeps its name.
  while (jobs.get(id)?.source === 'outside') id += ' (control)';
  const job = jobs.get(id) ?? { ...emptyJob(id, 'program'), program };
  job.segments.push(segment);
  jobs.set(id, job);
}

function channelsOf(marks: readonly { channel: string }[]): string[] {
  return [...new Set(marks.map(({ channel }) => channel))].sort();
}
