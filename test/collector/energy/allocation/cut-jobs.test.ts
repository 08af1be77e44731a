import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutJobs } from '../../../../collector/energy/allocation/cut-jobs.ts';
import type {
  BeginMark,
  CountMark,
  EndMark,
  JobMark,
  ProgramMark,
  RunWord,
} from '../../../../collector/energy/allocation/job-mark.ts';
import type { Job } from '../../../../collector/energy/allocation/job.ts';
import { at } from './spans.ts';
import { RUNS, RUNS_TIMEOUT_MS } from './property-runs.ts';

const DAY_END = at('24:00');

const begin = (time: string, job: string, channel = ''): BeginMark => ({
  kind: 'begin',
  atMs: at(time),
  channel,
  job,
  order: null,
  part: null,
});
const end = (time: string, job: string | null, figures: Partial<EndMark> = {}): EndMark => ({
  kind: 'end',
  atMs: at(time),
  channel: '',
  job,
  goodParts: null,
  scrapParts: null,
  massKg: null,
  volumeCm3: null,
  ...figures,
});
const run = (time: string, word: RunWord, program: string | null = null, channel = ''): ProgramMark => ({
  kind: 'program',
  atMs: at(time),
  channel,
  run: word,
  program,
});
const count = (time: string, value: number, more: Partial<CountMark> = {}): CountMark => ({
  kind: 'count',
  atMs: at(time),
  channel: '',
  counts: 'all',
  count: value,
  ...more,
});

/** `7:00-8:30 told` for each segment. */
const clock = (ms: number) => `${Math.floor(ms / 3_600_000)}:${String((ms / 60_000) % 60).padStart(2, '0')}`;
const segmentsOf = (job: Job | undefined) =>
  job?.segments.map(({ fromMs, toMs, end }) => `${clock(fromMs)}-${clock(toMs)} ${end}`);
const cut = (...marks: JobMark[]) => {
  const { jobs, remarks } = cutJobs(marks, DAY_END);
  return {
    jobs,
    segments: Object.fromEntries(jobs.map((job) => [job.id, segmentsOf(job)])),
    codes: remarks.map(({ code }) => code),
    remarks,
  };
};

describe('jobs told from outside', () => {
  it('last from begin to end, in several segments, and add what each end told', () => {
    const { jobs, segments, codes } = cut(
      begin('7:00', '4711'),
      end('8:30', '4711', { goodParts: 5, scrapParts: 1, massKg: 2.5 }),
      begin('8:30', '4712'),
      end('9:00', null, { goodParts: 2 }),
      begin('10:00', '4711'),
      end('11:00', '4711', { goodParts: 3, massKg: 1.5, volumeCm3: 40 }),
    );
    expect(segments).toEqual({
      '4711': ['7:00-8:30 told', '10:00-11:00 told'],
      '4712': ['8:30-9:00 told'],
    });
    expect(jobs[0]).toMatchObject({
      goodParts: 8,
      scrapParts: 1,
      massKg: 4,
      volumeCm3: 40,
      partsFrom: 'told',
    });
    expect(codes).toEqual([]);
  });

  it('end where the next begins, and a late end still brings its parts', () => {
    const { jobs, segments, codes } = cut(
      begin('7:00', 'A'),
      begin('9:00', 'B'),
      end('9:05', 'A', { goodParts: 7 }),
      end('10:00', 'B'),
    );
    expect(segments).toEqual({ A: ['7:00-9:00 told'], B: ['9:00-10:00 told'] });
    expect(jobs[0]?.goodParts).toBe(7);
    expect(codes).toEqual(['closed-by-next', 'end-after-next']);
  });

  it('pass over a begin told twice, and ends of what was not under way', () => {
    const { segments, codes } = cut(
      end('6:00', 'X', { goodParts: 9 }),
      begin('7:00', 'A'),
      begin('7:10', 'A'),
      end('7:30', 'B', { goodParts: 4 }),
      end('8:00', 'A'),
      end('8:10', 'A'),
    );
    expect(segments).toEqual({ A: ['7:00-8:00 told'] });
    expect(codes).toEqual(['end-without-begin', 'begin-again', 'end-of-another', 'end-without-begin']);
  });

  it('take an end told twice once, the one that tells more, in whatever order they came', () => {
    const [told, bare] = [end('8:00', 'A', { goodParts: 3 }), end('8:00', 'A')];
    for (const ends of [
      [told, bare],
      [bare, told],
      [told, told],
    ]) {
      const { jobs, codes } = cut(begin('7:00', 'A'), ...ends);
      expect([jobs[0]?.goodParts, codes]).toEqual([3, ['end-without-begin']]);
    }
  });

  it('go on to the end of what is known', () => {
    const { segments, codes } = cut(begin('22:00', 'A'));
    expect(segments).toEqual({ A: ['22:00-24:00 open'] });
    expect(codes).toEqual(['still-open']);
  });

  it('may have no length', () => {
    expect(cut(begin('7:00', 'A'), end('7:00', 'A', { goodParts: 1 })).segments).toEqual({
      A: ['7:00-7:00 told'],
    });
  });

  it('set a figure aside that is none', () => {
    const { jobs, codes } = cut(
      begin('7:00', 'A'),
      end('8:00', 'A', { goodParts: 1.5, scrapParts: -1, massKg: 3 }),
    );
    expect(jobs[0]).toMatchObject({ goodParts: null, scrapParts: null, massKg: 3, partsFrom: null });
    expect(codes).toEqual(['figure-refused', 'figure-refused']);
  });

  it('may run at once on two channels', () => {
    const { segments } = cut(
      begin('7:00', 'A', 'path1'),
      begin('7:30', 'B', 'path2'),
      { ...end('8:00', 'A'), channel: 'path1' },
      { ...end('9:00', 'B'), channel: 'path2' },
    );
    expect(segments).toEqual({ A: ['7:00-8:00 told'], B: ['7:30-9:00 told'] });
  });
});

describe('jobs that the control shows', () => {
  it('are programs from start to end; an interruption belongs to the run', () => {
    const { segments } = cut(
      run('6:00', 'ended', 'O1001'),
      run('7:00', 'running', 'O1001'),
      run('7:10', 'held', 'O1001'),
      run('7:20', 'running', 'O1001'),
      run('7:40', 'ended', 'O1001'),
      run('8:00', 'running', 'O1002'),
      run('8:20', 'running', 'O1003'),
      run('8:30', 'ended'),
      run('9:00', 'running', 'O1001'),
    );
    expect(segments).toEqual({
      'program O1001': ['7:00-7:40 told', '9:00-24:00 open'],
      'program O1002': ['8:00-8:20 told'],
      'program O1003': ['8:20-8:30 told'],
    });
  });

  it('take the name that is told a moment after the start', () => {
    const { segments } = cut(
      run('7:00', 'running', 'O1'),
      run('7:00:0.4', 'running', 'O2'),
      run('7:30', 'ended', 'O2'),
    );
    expect(segments).toEqual({ 'program O2': ['7:00-7:30 told'] });
  });

  it('bridge a silence after which the same program goes on, and end with one after which it does not', () => {
    const { segments, codes } = cut(
      run('7:00', 'running', 'O1'),
      run('7:10', 'unknown'),
      run('7:15', 'running', 'O1'),
      run('7:30', 'unknown'),
      run('8:00', 'ended', 'O1'),
      run('9:00', 'running', 'O1'),
      run('9:10', 'unknown'),
    );
    expect(segments).toEqual({ 'program O1': ['7:00-7:30 told', '9:00-9:10 open'] });
    expect(codes).toEqual(['silence-bridged', 'ended-by-silence']);
  });

  it('give way to what was told from outside', () => {
    const { segments } = cut(
      run('7:00', 'running', 'O1'),
      begin('7:30', '4711'),
      end('8:00', '4711'),
      run('9:00', 'ended'),
    );
    expect(segments).toEqual({
      '4711': ['7:30-8:00 told'],
      'program O1': ['7:00-7:30 next', '8:00-9:00 told'],
    });
  });
});

it('keeps a job told from outside apart from a program of the same name', () => {
  const { segments } = cut(
    begin('7:00', 'program O1'),
    end('8:00', 'program O1'),
    run('9:00', 'running', 'O1'),
    run('9:30', 'ended'),
  );
  expect(segments).toEqual({
    'program O1': ['7:00-8:00 told'],
    'program O1 (control)': ['9:00-9:30 told'],
  });
});

describe('parts of a job', () => {
  it('are nobody’s at the moment when one of two jobs ends', () => {
    const { codes } = cut(
      count('6:00', 0),
      begin('7:00', 'A', 'path1'),
      begin('7:00', 'B', 'path2'),
      { ...end('8:00', 'A'), channel: 'path1' },
      count('8:00', 1),
      { ...end('9:00', 'B'), channel: 'path2' },
    );
    expect(codes).toEqual(['parts-of-nobody']);
  });

  it('are of the job that ended just before, and of nobody where no job was begun for what made them', () => {
    const { jobs, codes } = cut(
      count('6:00', 0),
      begin('7:00', 'A'),
      end('8:00', 'A'),
      count('8:02', 1),
      // Made without a job: its energy is nobody's, so are the parts.
      count('8:03', 2),
      count('12:00', 3),
    );
    expect(jobs.map(({ goodParts }) => goodParts)).toEqual([1]);
    expect(codes).toEqual(['parts-of-nobody', 'parts-of-nobody']);
  });

  it('are counted over a reset in the middle', () => {
    // 12 -> 13 -> 15 (1 + 2), reset, 0 -> 1 -> 2 (2): 5 parts. The first reading says only where the counter stands.
    const { jobs, codes } = cut(
      begin('7:00', 'A'),
      count('7:10', 12),
      count('7:20', 13),
      count('7:30', 15),
      count('7:31', 0),
      count('7:40', 1),
      count('7:50', 2),
      end('8:00', 'A'),
    );
    expect(jobs[0]).toMatchObject({ goodParts: 5, scrapParts: null, partsFrom: 'counter' });
    expect(codes).toEqual(['count-jump', 'count-reset']);
  });

  it('are not invented where the counter steps back', () => {
    // 10 -> 11 (1), back to 8 (0), 9 (1): 2 parts.
    const { jobs, remarks } = cut(
      begin('7:00', 'A'),
      count('7:10', 10),
      count('7:20', 11),
      count('7:30', 8),
      count('7:40', 9),
      end('8:00', 'A'),
    );
    expect(jobs[0]?.goodParts).toBe(2);
    expect(remarks.map(({ saying }) => saying)).toEqual([
      'The counter fell from 11 to 8: nothing is counted, up to 8 parts may be missing.',
    ]);
  });

  it('belong to the job that ended when they are told late, and to the one that ends at their moment', () => {
    const { jobs } = cut(
      count('6:00', 0),
      begin('7:00', 'A'),
      count('8:00', 3),
      end('8:00', 'A'),
      begin('8:00', 'B'),
      end('9:00', 'B'),
      count('9:00:0.3', 4),
    );
    expect(jobs.map(({ id, goodParts }) => [id, goodParts])).toEqual([
      ['A', 3],
      ['B', 1],
    ]);
  });

  it('are less the scrap that was told, and never below none', () => {
    const scrapped = cut(
      begin('7:00', 'A'),
      count('7:01', 0),
      count('7:30', 4),
      end('8:00', 'A', { scrapParts: 4 }),
    );
    expect(scrapped.jobs[0]).toMatchObject({ goodParts: 0, scrapParts: 4 });
    const over = cut(
      begin('7:00', 'A'),
      count('7:01', 0),
      count('7:30', 4),
      end('8:00', 'A', { scrapParts: 6 }),
    );
    expect(over.jobs[0]?.goodParts).toBe(0);
    expect(over.codes).toEqual(['count-jump', 'scrap-over-count']);
  });

  it('stand as they were told, and a count that differs is said', () => {
    const { jobs, codes } = cut(
      begin('7:00', 'A'),
      count('7:01', 0, { counts: 'good' }),
      count('7:30', 1, { counts: 'good' }),
      count('7:02', 0, { counts: 'scrap' }),
      count('7:40', 1, { counts: 'scrap' }),
      end('8:00', 'A', { goodParts: 2 }),
    );
    expect(jobs[0]).toMatchObject({ goodParts: 2, scrapParts: 1, partsFrom: 'told' });
    expect(codes).toEqual(['parts-differ']);
  });

  it('are nobody’s when several jobs ran at once, or none', () => {
    const { jobs, codes } = cut(
      count('5:00', 0),
      count('5:30', 1),
      begin('7:00', 'A', 'path1'),
      begin('7:00', 'B', 'path2'),
      count('7:30', 2),
      count('7:40', -1),
      { ...end('8:00', 'A'), channel: 'path1' },
      { ...end('8:00', 'B'), channel: 'path2' },
    );
    expect(codes).toEqual(['parts-of-nobody', 'parts-of-nobody', 'count-refused']);
    expect(jobs.map(({ goodParts }) => goodParts)).toEqual([0, 0]);
  });
});

it(
  'cuts jobs of one channel apart, in any order of the marks from outside',
  () => {
    const moments = fc.integer({ min: 0, max: 40 });
    const outside = fc.oneof(
      fc
        .record({ atMs: moments, job: fc.constantFrom('A', 'B', 'C'), channel: fc.constantFrom('', 'p1') })
        .map((mark): JobMark => ({ kind: 'begin', order: null, part: null, ...mark })),
      fc
        .record({
          atMs: moments,
          job: fc.constantFrom('A', 'B', 'C', null),
          channel: fc.constantFrom('', 'p1'),
          goodParts: fc.option(fc.nat(5)),
        })
        .map((mark): JobMark => ({ kind: 'end', scrapParts: null, massKg: null, volumeCm3: null, ...mark })),
    );
    const programs = fc
      .array(
        fc.record({
          atMs: moments,
          channel: fc.constantFrom('p1', 'p2'),
          run: fc.constantFrom<RunWord>('running', 'held', 'ended', 'unknown'),
          program: fc.constantFrom('O1', 'O2', null),
        }),
        { maxLength: 12 },
      )
      .map((marks) =>
        marks.map((mark): JobMark => ({ kind: 'program', ...mark })).sort((a, b) => a.atMs - b.atMs),
      );
    fc.assert(
      fc.property(
        fc.array(outside, { maxLength: 12 }).chain((marks) =>
          fc.record({
            marks: fc.constant(marks),
            other: fc.shuffledSubarray(marks, { minLength: marks.length, maxLength: marks.length }),
          }),
        ),
        programs,
        ({ marks, other }, told) => {
          const { jobs } = cutJobs([...marks, ...told], 50);
          expect(cutJobs([...other, ...told], 50).jobs).toEqual(jobs);
          for (const channel of ['', 'p1', 'p2']) {
            const segments = jobs
              .flatMap((job) => job.segments.map((segment) => ({ ...segment, source: job.source })))
              .filter((segment) => segment.channel === channel && segment.toMs > segment.fromMs)
              .sort((a, b) => a.fromMs - b.fromMs);
            for (const [index, segment] of segments.entries()) {
              expect(segment.toMs).toBeLessThanOrEqual(50);
              expect(segments[index - 1]?.toMs ?? 0).toBeLessThanOrEqual(segment.fromMs);
            }
          }
          expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
        },
      ),
      { numRuns: RUNS },
    );
  },
  RUNS_TIMEOUT_MS,
);
