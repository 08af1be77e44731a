import { compareText } from '../compare-text.ts';
import type { BeginMark, EndMark, JobRemark } from './job-mark.ts';
import { emptyJob, type Job, type JobSegment } from './job.ts';

/**
 * Jobs from the begin and end marks of an MES, a page or a file. Decided: of one moment the end of the job under way comes
 * before the begin of the next; a begin while another job is under way on the same channel ends that one there; the same
 * begin told again is passed over; an end that comes late, after the next begin, still brings its parts; an end without a
 * begin, or of another job than the one under way, ends nothing. A job that was begun and never ended is open to `toMs`.
 *
 * @param marks in any order
 * @param toMs end of what is known, wall ms
 */
export function readOutsideJobs(
  marks: readonly (BeginMark | EndMark)[],
  toMs: number,
): { jobs: Job[]; remarks: JobRemark[] } {
  const jobs = new Map<string, Job>();
  const open = new Map<string, { job: Job; segment: JobSegment }>();
  const remarks: JobRemark[] = [];
  const remark = (
    code: JobRemark['code'],
    { atMs, channel }: BeginMark | EndMark,
    job: string,
    saying: string,
  ) => remarks.push({ code, atMs, channel, job, saying });

  const begin = (mark: BeginMark) => {
    const under = open.get(mark.channel);
    if (under?.job.id === mark.job) {
      remark(
        'begin-again',
        mark,
        mark.job,
        `Job ${mark.job} was under way already: the second begin changes nothing.`,
      );
      return;
    }
    if (under !== undefined) {
      under.segment.toMs = mark.atMs;
      under.segment.end = 'next';
      const { id } = under.job;
      remark('closed-by-next', mark, id, `Job ${id} was not ended: it ends where job ${mark.job} begins.`);
    }
    const job = jobs.get(mark.job) ?? emptyJob(mark.job, 'outside');
    job.order ??= mark.order;
    job.part ??= mark.part;
    const segment: JobSegment = { fromMs: mark.atMs, toMs: mark.atMs, channel: mark.channel, end: 'open' };
    job.segments.push(segment);
    jobs.set(job.id, job);
    open.set(mark.channel, { job, segment });
  };

  const end = (mark: EndMark) => {
    const under = open.get(mark.channel);
    if (under !== undefined && (mark.job === null || mark.job === under.job.id)) {
      under.segment.toMs = mark.atMs;
      under.segment.end = 'told';
      open.delete(mark.channel);
      addFigures(under.job, mark, remarks);
      return;
    }
    const name = mark.job ?? '';
    const known = jobs.get(name);
    const last = known?.segments.findLast(({ channel }) => channel === mark.channel);
    if (known !== undefined && last?.end === 'next') {
      last.end = 'told';
      addFigures(known, mark, remarks);
      remark(
        'end-after-next',
        mark,
        name,
        `Job ${name} had ended with the next begin; its parts count, its end stays.`,
      );
    } else if (under === undefined)
      remark(
        'end-without-begin',
        mark,
        name,
        `No job ${name} was under way: the end and its figures are set aside.`,
      );
    else
      remark(
        'end-of-another',
        mark,
        name,
        `Job ${under.job.id} was under way, not ${name}: the end and its figures are set aside.`,
      );
  };

  for (const moment of byMoment(marks)) {
    const begins = moment.filter((mark) => mark.kind === 'begin');
    const ends = moment.filter((mark) => mark.kind === 'end');
    // What is under way ends first; the rest are ends of what begins in this very moment.
    const endsUnderWay = ends.filter(({ channel, job }) => {
      const under = open.get(channel);
      return under !== undefined && (job === null || job === under.job.id);
    });
    for (const mark of endsUnderWay) end(mark);
    for (const mark of begins) begin(mark);
    for (const mark of ends) if (!endsUnderWay.includes(mark)) end(mark);
  }
  for (const { job, segment } of open.values()) {
    segment.toMs = Math.max(segment.fromMs, toMs);
    const { channel } = segment;
    remarks.push({
      code: 'still-open',
      atMs: segment.toMs,
      channel,
      job: job.id,
      saying: `Job ${job.id} was not ended: it is counted to the end of what is known.`,
    });
  }
  return { jobs: [...jobs.values()], remarks };
}

/** Adds what an end told; a figure that is none is set aside and said. */
function addFigures(job: Job, mark: EndMark, remarks: JobRemark[]): void {
  for (const name of ['goodParts', 'scrapParts', 'massKg', 'volumeCm3'] as const) {
    const value = mark[name];
    if (value === null) continue;
    const isParts = name === 'goodParts' || name === 'scrapParts';
    if (value >= 0 && (isParts ? Number.isSafeInteger(value) : Number.isFinite(value)))
      job[name] = (job[name] ?? 0) + value;
    else
      remarks.push({
        code: 'figure-refused',
        atMs: mark.atMs,
        channel: mark.channel,
        job: job.id,
        saying: `${name} of job ${job.id} is ${value}, which is no such figure: it is set aside.`,
      });
  }
  if (job.goodParts !== null) job.partsFrom = 'told';
}

/**
 * Marks of the same moment together, in order of time; within a moment by channel, job, those that tell more first, and
 * then by what they tell, so that the order in which they came does not matter.
 */
function byMoment(marks: readonly (BeginMark | EndMark)[]): (BeginMark | EndMark)[][] {
  const keyed = marks.map((mark) => ({ mark, told: toldBy(mark) }));
  keyed.sort(
    (a, b) =>
      a.mark.atMs - b.mark.atMs ||
      compareText(a.mark.channel, b.mark.channel) ||
      compareText(a.mark.job ?? '', b.mark.job ?? '') ||
      b.told.filter(isTold).length - a.told.filter(isTold).length ||
      compareText(JSON.stringify(a.told), JSON.stringify(b.told)),
  );
  const moments: (BeginMark | EndMark)[][] = [];
  for (const { mark } of keyed) {
    const last = moments[moments.length - 1];
    if (last?.[0]?.atMs === mark.atMs) last.push(mark);
    else moments.push([mark]);
  }
  return moments;
}

function toldBy(mark: BeginMark | EndMark): (string | number | null)[] {
  return mark.kind === 'begin'
    ? [mark.order, mark.part]
    : [mark.job, mark.goodParts, mark.scrapParts, mark.massKg, mark.volumeCm3];
}

function isTold(value: string | number | null): boolean {
  return value !== null;
}
