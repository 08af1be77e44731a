import type { CountedParts } from './count-parts.ts';
import type { CountMark, JobRemark } from './job-mark.ts';
import type { Job } from './job.ts';

/** Counters are read once a minute at the least. */
const TOLD_LATE_MS = 120_000;

/**
 * Gives counted parts to jobs, and their figures to those for which none were told. A part counted at the moment of an end
 * belongs to the job that ends; one counted up to two minutes after it, before the next begin, too: counters are told late. Where several
 * jobs ran at once on what the counter speaks of, nobody gets it, and it is said. Without a scrap count all counted parts
 * are good; what was told from outside stands, and a count that differs from it is said.
 *
 * @returns remarks; the jobs are changed
 */
export function assignParts(
  jobs: readonly Job[],
  marks: readonly CountMark[],
  parts: readonly CountedParts[],
): JobRemark[] {
  const remarks: JobRemark[] = [];
  const made = new Map<Job, Record<CountMark['counts'], number>>();
  for (const one of [...parts].sort((a, b) => a.atMs - b.atMs)) {
    const job = findJob(jobs, one);
    if (job === null) {
      const { atMs, channel } = one;
      const saying = `${one.made} parts were counted (${one.counts}) and no one job was at work: no job gets them.`;
      remarks.push({ code: 'parts-of-nobody', atMs, channel, job: null, saying });
      continue;
    }
    const sums = made.get(job) ?? { all: 0, good: 0, scrap: 0 };
    sums[one.counts] += one.made;
    made.set(job, sums);
  }
  for (const job of jobs) {
    const seen = marks.filter((mark) => job.segments.some(({ channel }) => isSame(channel, mark.channel)));
    if (seen.length === 0) continue;
    settleParts(
      job,
      made.get(job) ?? { all: 0, good: 0, scrap: 0 },
      new Set(seen.map(({ counts }) => counts)),
      remarks,
    );
  }
  return remarks;
}

function settleParts(
  job: Job,
  made: Record<CountMark['counts'], number>,
  kinds: ReadonlySet<CountMark['counts']>,
  remarks: JobRemark[],
): void {
  const last = job.segments[job.segments.length - 1];
  const remark = (code: JobRemark['code'], saying: string) =>
    remarks.push({ code, atMs: last?.toMs ?? 0, channel: last?.channel ?? '', job: job.id, saying });
  const scrap = job.scrapParts ?? (kinds.has('scrap') ? made.scrap : null);
  let good: number | null = null;
  if (kinds.has('good')) good = made.good;
  else if (kinds.has('all')) {
    good = Math.max(0, made.all - (scrap ?? 0));
    if (made.all < (scrap ?? 0))
      remark(
        'scrap-over-count',
        `Job ${job.id}: ${scrap} scrap parts of ${made.all} counted: no good parts are left.`,
      );
  }
  job.scrapParts = scrap;
  if (good === null) return;
  if (job.partsFrom === 'told') {
    if (job.goodParts !== good)
      remark(
        'parts-differ',
        `Job ${job.id}: ${job.goodParts} good parts were told, ${good} were counted: what was told stands.`,
      );
    return;
  }
  job.goodParts = good;
  job.partsFrom = 'counter';
}

/** The one job that a count speaks of; null for none, or for several at once. */
function findJob(jobs: readonly Job[], { atMs, channel }: CountedParts): Job | null {
  const running = new Set<Job>();
  let latestMs = Number.NEGATIVE_INFINITY;
  let latest = new Set<Job>();
  for (const job of jobs)
    for (const segment of job.segments) {
      if (!isSame(segment.channel, channel) || segment.fromMs >= atMs) continue;
      if (atMs <= segment.toMs) running.add(job);
      // Parts made when nobody had begun a job are of no job, as is the energy that went into them.
      if (atMs > segment.toMs + TOLD_LATE_MS) continue;
      if (segment.toMs > latestMs) {
        latestMs = segment.toMs;
        latest = new Set([job]);
      } else if (segment.toMs === latestMs) latest.add(job);
    }
  const [only, other] = running.size > 0 ? running : latest;
  return only !== undefined && other === undefined ? only : null;
}

/** The machine as a whole speaks for each of its channels. */
function isSame(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}
