import { describe, expect, it } from 'vitest';
import { allocateJobs } from '../../../../collector/energy/allocation/allocate-jobs.ts';
import { sumJobs } from '../../../../collector/energy/allocation/sum-jobs.ts';
import { at, job, span, window } from './spans.ts';

/*
 * Hand-computed cases; Wh unless it says mWh. The arithmetic stands beside each.
 */

/**
 * Three jobs in one hour. A 7:00-7:20, B 7:20-7:35, C 7:40-8:00: 20 + 15 + 20 = 55 min of jobs.
 * Ready 7:00-7:05 (10 Wh, in A) and 7:35-7:40 (12 Wh, in the hole): 22 Wh are divided.
 */
const HOUR = {
  windows: [window('7 to 8', '7:00', '8:00')],
  spans: [
    span('7:00', '7:05', 'ready', 10),
    span('7:05', '7:20', 'processing', 600),
    span('7:20', '7:35', 'processing', 300),
    span('7:35', '7:40', 'ready', 12),
    span('7:40', '8:00', 'processing', 100),
  ],
  jobs: [job('A', ['7:00-7:20'], 1), job('B', ['7:20-7:35'], 3), job('C', ['7:40-8:00'], 6)],
};

const totals = (allocation: ReturnType<typeof allocateJobs>) =>
  Object.fromEntries(sumJobs(allocation).map(({ job, totalMwh }) => [job, totalMwh]));

describe('three jobs in one hour', () => {
  it('divides by time: 22 Wh x 20/55, 15/55, 20/55', () => {
    const allocation = allocateJobs({ ...HOUR, choice: { rule: 'time' } });
    // 22 / 55 = 0.4 Wh a minute: 8, 6 and 8 Wh.
    expect(totals(allocation)).toEqual({ A: 608_000, B: 306_000, C: 108_000 });
    const [only] = allocation.windows;
    expect(only).toMatchObject({
      totalMwh: 1_022_000,
      allocatedMwh: 1_022_000,
      unallocatedMwh: 0,
      rule: 'time',
    });
    expect(only?.rows.map(({ saying }) => saying)).toEqual([
      'job A: processing 15 min alone = 600 Wh',
      'job B: processing 15 min alone = 300 Wh',
      'job C: processing 20 min alone = 100 Wh',
      'job A: 20 min of 55 min of jobs -> 1,200 / 3,300 x 22 Wh ready = 8 Wh',
      'job B: 15 min of 55 min of jobs -> 900 / 3,300 x 22 Wh ready = 6 Wh',
      'job C: 20 min of 55 min of jobs -> 1,200 / 3,300 x 22 Wh ready = 8 Wh',
    ]);
  });

  it('divides by energy: 600, 300 and 100 of 1,000 Wh', () => {
    // 22 x 0.6 = 13.2; x 0.3 = 6.6; x 0.1 = 2.2.
    const allocation = allocateJobs({ ...HOUR, choice: { rule: 'energy' } });
    expect(totals(allocation)).toEqual({ A: 613_200, B: 306_600, C: 102_200 });
    expect(allocation.windows[0]?.rows[3]?.saying).toBe(
      'job A: 600 Wh of 1,000 Wh processing -> 0.6 x 22 Wh ready = 13.2 Wh',
    );
  });

  it('divides equally: 22,000 mWh / 3 = 7,333.3, the odd one to A', () => {
    expect(totals(allocateJobs({ ...HOUR, choice: { rule: 'equal' } }))).toEqual({
      A: 607_334,
      B: 307_333,
      C: 107_333,
    });
  });

  it('divides by mass: 1, 3 and 6 of 10 kg', () => {
    // 2.2, 6.6 and 13.2 Wh.
    expect(totals(allocateJobs({ ...HOUR, choice: { rule: 'mass' } }))).toEqual({
      A: 602_200,
      B: 306_600,
      C: 113_200,
    });
    const without = [...HOUR.jobs.slice(0, 2), job('C', ['7:40-8:00'])];
    // What nobody can weigh stays unallocated, and the rest stands.
    const open = allocateJobs({ ...HOUR, jobs: without, choice: { rule: 'mass' } });
    expect(totals(open)).toEqual({ A: 600_000, B: 300_000, C: 100_000 });
    expect(open.windows[0]).toMatchObject({ allocatedMwh: 1_000_000, unallocatedMwh: 22_000 });
    expect(open.windows[0]?.rows.at(-1)?.saying).toBe(
      'ready 22 Wh unallocated: by mass, but nobody told the mass of job C',
    );
  });

  it('leaves it all where the rule is none', () => {
    const allocation = allocateJobs({ ...HOUR, choice: { rule: 'none' } });
    expect(totals(allocation)).toEqual({ A: 600_000, B: 300_000, C: 100_000 });
    expect(allocation.windows[0]).toMatchObject({ allocatedMwh: 1_000_000, unallocatedMwh: 22_000 });
    expect(allocation.windows[0]?.rows.at(-1)?.saying).toBe('ready 22 Wh unallocated: the rule is none');
  });
});

it('says the share as a person would check it', () => {
  // 3 h 12 min of 8 h: 0.4 x 1,204.5 Wh = 481.8 Wh.
  const { windows } = allocateJobs({
    windows: [window('early', '6:00', '14:00')],
    spans: [span('6:00', '14:00', 'ready', 1204.5)],
    jobs: [job('4711', ['6:00-9:12']), job('4712', ['9:12-14:00'])],
    choice: { rule: 'time' },
  });
  expect(windows[0]?.rows[0]).toEqual({
    job: '4711',
    state: 'ready',
    how: 'rule',
    mwh: 481_800,
    ofMwh: 1_204_500,
    weight: at('3:12'),
    weightTotal: at('8:00'),
    unit: 'ms',
    saying: 'job 4711: 3 h 12 min of 8 h of jobs -> 0.4 x 1,204.5 Wh ready = 481.8 Wh',
  });
});

it('leaves an idle day to nobody', () => {
  // 8 h standby of 800 Wh, 16 h off of 32 Wh, no job.
  const { windows } = allocateJobs({
    windows: [window('Sunday', '0:00', '24:00')],
    spans: [span('0:00', '16:00', 'off', 32), span('16:00', '24:00', 'standby', 800)],
    jobs: [job('tomorrow', ['24:00-26:00'])],
    choice: { rule: 'time' },
  });
  expect(windows[0]).toMatchObject({ totalMwh: 832_000, allocatedMwh: 0, unallocatedMwh: 832_000, jobs: [] });
  expect(windows[0]?.rows.map(({ saying }) => saying)).toEqual([
    'off 32 Wh unallocated: no job in this window',
    'standby 800 Wh unallocated: no job in this window',
  ]);
});

it('divides a job over midnight in each day by its own rule, and adds the days', () => {
  /*
   * N 22:00-26:00, M 26:00-30:00 (6 o'clock). Day 1: processing of N 1,000 Wh 22:00-24:00, standby 0:00-22:00 110 Wh: all
   * to N, the only job. Day 2: N 2 h of 6 h, M 4 h of 6 h; processing 900 Wh 24:00-26:00 (N), 3,000 Wh 26:00-30:00 (M);
   * ready 30:00-48:00 540 Wh: N 180, M 360.
   * N: 1,000 + 110 + 900 + 180 = 2,190. M: 3,360.
   */
  const allocation = allocateJobs({
    windows: [window('day 1', '0:00', '24:00'), window('day 2', '24:00', '48:00')],
    spans: [
      span('0:00', '22:00', 'standby', 110),
      span('22:00', '26:00', 'processing', 1900),
      span('26:00', '30:00', 'processing', 3000),
      span('30:00', '48:00', 'ready', 540),
    ],
    jobs: [job('N', ['22:00-26:00']), job('M', ['26:00-30:00'])],
    choice: { rule: 'time' },
  });
  // The span over midnight is spread evenly: 950 Wh each side, so N has 1,000 - 50 and 900 + 50: the same in the sum.
  expect(totals(allocation)).toEqual({ N: 2_190_000, M: 3_360_000 });
  expect(sumJobs(allocation)[1]).toMatchObject({
    job: 'N',
    timeMs: at('4:00'),
    directMwh: 1_900_000,
    dividedMwh: { standby: 110_000, ready: 180_000 },
    windows: ['day 1', 'day 2'],
  });
  expect(allocation.windows.map(({ totalMwh }) => totalMwh)).toEqual([1_060_000, 4_490_000]);
});

it('weighs the mass of a job over midnight by its time in each day, channels once, and adds time without energy', () => {
  /*
   * N 22:00-26:00 on two channels, 8 kg: 2 h of 4 h in each day, 4 kg each. M 25:00-26:00, 12 kg, all in day 2.
   * Day 2 standby 160 Wh: N 4/16 = 40, M 12/16 = 120. Day 1 has no energy: 2 h of N; in day 2 none of 24:00-26:00, N 1.5 h.
   */
  const allocation = allocateJobs({
    windows: [window('day 1', '0:00', '24:00'), window('day 2', '24:00', '48:00')],
    spans: [span('0:00', '24:00', 'ready', null), span('26:00', '48:00', 'standby', 160)],
    jobs: [job('N', ['22:00-26:00', '22:00-25:30'], 8), job('M', ['25:00-26:00'], 12)],
    choice: { rule: 'mass' },
  });
  expect(totals(allocation)).toEqual({ N: 40_000, M: 120_000 });
  expect(sumJobs(allocation)[1]).toMatchObject({ job: 'N', unmeasuredMs: at('3:30'), timeMs: at('3:30') });
  expect(allocation.windows[1]?.rows[1]?.saying).toBe(
    'job N: 4 kg of 16 kg -> 0.25 x 160 Wh standby = 40 Wh',
  );
});

it('gives a warm-up before the first job to the jobs of the shift', () => {
  // Warm-up 300 Wh, two jobs of 1 h and 3 h: 75 and 225 Wh. Processing 5:30-6:00 before any job is nobody's: 50 Wh.
  const { windows } = allocateJobs({
    windows: [window('early', '5:00', '10:00')],
    spans: [
      span('5:00', '5:30', 'warmUp', 300),
      span('5:30', '6:00', 'processing', 50),
      span('6:00', '10:00', 'processing', 4000),
    ],
    jobs: [job('1', ['6:00-7:00']), job('2', ['7:00-10:00'])],
    choice: { rule: 'time' },
  });
  expect(windows[0]?.jobs.map(({ directMwh, dividedMwh }) => [directMwh, dividedMwh.warmUp])).toEqual([
    [1_000_000, 75_000],
    [3_000_000, 225_000],
  ]);
  expect(windows[0]).toMatchObject({ unallocatedMwh: 50_000, allocatedMwh: 4_300_000 });
  expect(windows[0]?.rows[0]?.saying).toBe('processing 30 min outside any job: 50 Wh unallocated');
});

describe('two orders at once on two channels', () => {
  const input = {
    windows: [window('early', '6:00', '10:00')],
    spans: [span('6:00', '10:00', 'processing', 4000), span('10:00', '11:00', 'ready', 7)],
    // A alone 6-7, both 7-9, B alone 9-10: 1,000 + 2,000/2 each.
    jobs: [job('A', ['6:00-9:00']), job('B', ['7:00-10:00'])],
  };

  it('shares the time at which both ran, half and half', () => {
    const { windows, outsideMwh, totalMwh } = allocateJobs({ ...input, choice: { rule: 'time' } });
    expect(windows[0]?.jobs.map(({ timeMs, totalMwh }) => [timeMs, totalMwh])).toEqual([
      [at('2:00'), 2_000_000],
      [at('2:00'), 2_000_000],
    ]);
    expect(windows[0]?.rows.map(({ saying }) => saying)).toEqual([
      'job A: processing 1 h alone = 1,000 Wh',
      'job A: processing 2 h at once with B -> 0.5 x 2,000 Wh = 1,000 Wh',
      'job B: processing 2 h at once with A -> 0.5 x 2,000 Wh = 1,000 Wh',
      'job B: processing 1 h alone = 1,000 Wh',
    ]);
    expect([outsideMwh, totalMwh]).toEqual([7000, 4_007_000]);
  });

  it('is refused where the plant says so', () => {
    expect(() => allocateJobs({ ...input, choice: { rule: 'time', atOnce: 'refuse' } })).toThrow(
      /The jobs A and B run at once/,
    );
  });
});

it('leaves to nobody the states that the rule does not divide, and tells time without energy apart', () => {
  const { windows } = allocateJobs({
    windows: [window('early', '6:00', '10:00')],
    spans: [
      span('6:00', '7:00', 'unknown', 9),
      span('7:00', '8:00', 'processing', null),
      span('8:00', '9:00', 'ready', 4),
    ],
    jobs: [job('A', ['7:00-8:30'])],
    choice: { rule: 'time', states: ['ready'] },
  });
  expect(windows[0]).toMatchObject({ totalMwh: 13_000, allocatedMwh: 4000, unmeasuredMs: at('2:00') });
  expect(windows[0]?.jobs[0]).toMatchObject({ directMwh: 0, totalMwh: 4000, unmeasuredMs: at('1:00') });
  expect(windows[0]?.rows[1]?.saying).toBe(
    'unknown 9 Wh unallocated: unknown is not among the states that the rule divides',
  );
});

it('leaves energy to nobody where every job weighs nothing', () => {
  const { windows } = allocateJobs({
    windows: [window('early', '6:00', '10:00')],
    spans: [span('6:00', '10:00', 'ready', 5)],
    jobs: [job('A', ['7:00-8:00'])],
    choice: { rule: 'energy' },
  });
  expect(windows[0]?.rows[0]?.saying).toBe('ready 5 Wh unallocated: every job weighs 0 by energy');
});

describe('what cannot be divided', () => {
  const fine = {
    windows: HOUR.windows,
    spans: HOUR.spans,
    jobs: HOUR.jobs,
    choice: { rule: 'time' as const },
  };
  it.each([
    ['span-malformed', { ...fine, spans: [span('7:00', '8:00', 'ready', -1)] }],
    ['span-malformed', { ...fine, spans: [span('7:00', '7:00', 'ready', 1)] }],
    ['spans-overlap', { ...fine, spans: [span('7:00', '8:00', 'ready', 1), span('7:59', '8:30', 'off', 1)] }],
    ['window-malformed', { ...fine, windows: [window('none', '7:00', '7:00')] }],
    ['windows-overlap', { ...fine, windows: [...HOUR.windows, window('shift', '6:00', '14:00')] }],
    ['job-twice', { ...fine, jobs: [...HOUR.jobs, job('A', ['9:00-9:30'])] }],
    ['job-malformed', { ...fine, jobs: [job('A', ['9:00-8:30'])] }],
    ['state-not-divided', { ...fine, choice: { rule: 'time' as const, states: ['processing' as const] } }],
  ])('is refused with a cure: %s', (code, input) => {
    expect(() => allocateJobs(input)).toThrow(
      expect.objectContaining({ code, remedy: 'refuse', cure: expect.stringMatching(/\.$/) }),
    );
  });
});
