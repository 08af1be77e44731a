import { describe, expect, it } from 'vitest';
import { deriveJobEnergy } from '../../../../collector/energy/allocation/derive-job-energy.ts';
import { groupJobs } from '../../../../collector/energy/allocation/group-jobs.ts';
import type { JobMark } from '../../../../collector/energy/allocation/job-mark.ts';
import { at, span, window } from './spans.ts';

const begin = (time: string, job: string, order: string, part: string): JobMark => ({
  kind: 'begin',
  atMs: at(time),
  channel: '',
  job,
  order,
  part,
});
const end = (time: string, goodParts: number | null, scrapParts: number | null): JobMark => ({
  kind: 'end',
  atMs: at(time),
  channel: '',
  job: null,
  goodParts,
  scrapParts,
  massKg: null,
  volumeCm3: null,
});
const count = (time: string, value: number): JobMark => ({
  kind: 'count',
  atMs: at(time),
  channel: '',
  counts: 'all',
  count: value,
});

/*
 * Early shift 6-14: warm-up 6:00-6:30 450 Wh, processing 6:30-8:30 12,000 Wh, ready 8:30-9:00 1,000 Wh, processing
 * 9:00-10:00 5,000 Wh, standby 10:00-14:00 800 Wh. Job 1 6:30-8:30 (2 h), job 2 9:00-10:00 (1 h): two thirds and one third.
 * Job 1: 12,000 + 300 + 666.667 + 533.333 = 13,500 Wh. Job 2: 5,000 + 150 + 333.333 + 266.667 = 5,750 Wh.
 */
const SHIFT = {
  windows: [window('early', '6:00', '14:00')],
  spans: [
    span('6:00', '6:30', 'warmUp', 450),
    span('6:30', '8:30', 'processing', 12_000),
    span('8:30', '9:00', 'ready', 1000),
    span('9:00', '10:00', 'processing', 5000),
    span('10:00', '14:00', 'standby', 800),
  ],
  choice: { rule: 'time' as const },
};

describe('from marks to energy per part', () => {
  it('counts parts over a reset, and has none to carry the energy of scrap only', () => {
    const { jobs, remarks, allocation } = deriveJobEnergy(
      [
        begin('6:30', '1', 'O-7', 'flange'),
        count('6:31', 40),
        count('7:00', 41),
        count('7:20', 0),
        count('7:40', 1),
        count('8:10', 2),
        end('8:30', null, null),
        begin('9:00', '2', 'O-7', 'shaft'),
        end('10:00', 0, 4),
      ],
      at('14:00'),
      SHIFT,
    );
    expect(jobs.map(({ id, energy, extent }) => [id, energy.totalMwh, extent])).toEqual([
      ['1', 13_500_000, 'whole'],
      ['2', 5_750_000, 'whole'],
    ]);
    // 41, then 1 and 2 after the reset: 3 parts; 13,500 / 3 = 4,500.
    expect(jobs[0]?.perPart.perGoodPartWh).toEqual({
      value: 4500,
      saying: 'job 1: 13,500 Wh / 3 good parts = 4,500 Wh',
    });
    expect(jobs[1]?.perPart.perGoodPartWh.value).toBeNull();
    // 5,750 / 4 made
    expect(jobs[1]?.perPart.perMadePartWh.value).toBe(1437.5);
    expect(remarks.map(({ code }) => code)).toEqual(['count-reset', 'scrap-over-count']);
    expect(allocation.windows[0]).toMatchObject({ totalMwh: 19_250_000, unallocatedMwh: 0 });
    expect(jobs[0]?.energy.sayings).toContain(
      'early: job 1: 2 h of 3 h of jobs -> 7,200 / 10,800 x 800 Wh standby = 533.333 Wh',
    );
  });

  it('adds jobs by order and by part', () => {
    const { jobs } = deriveJobEnergy(
      [
        begin('6:30', '1', 'O-7', 'flange'),
        end('8:30', 4, 1),
        begin('9:00', '2', 'O-7', 'shaft'),
        end('10:00', 1, 0),
      ],
      at('14:00'),
      SHIFT,
    );
    const [order] = groupJobs(jobs, 'order');
    // 19,250 / 5 = 3,850
    expect(order).toMatchObject({ name: 'O-7', jobs: ['1', '2'], totalMwh: 19_250_000, goodParts: 5 });
    expect(order?.perPart.perGoodPartWh.saying).toBe('order O-7: 19,250 Wh / 5 good parts = 3,850 Wh');
    expect(groupJobs(jobs, 'part').map(({ name, perPart }) => [name, perPart.perGoodPartWh.value])).toEqual([
      ['flange', 3375],
      ['shaft', 5750],
    ]);
  });

  it('makes no figure per part of a job that the windows cut, and a lower bound where energy is not known', () => {
    const marks = [begin('6:30', '1', 'O-7', 'flange'), end('15:00', 4, 0)];
    const cut = deriveJobEnergy(marks, at('24:00'), SHIFT).jobs[0];
    expect(cut).toMatchObject({ extent: 'cut', perPart: { perGoodPartWh: { value: null } } });
    expect(cut?.extentSaying).toBe(
      '1 h of job 1 lie outside the windows: choose windows that hold all of it',
    );
    const [group] = groupJobs(cut === undefined ? [] : [cut], 'order');
    expect(group).toMatchObject({ extent: 'cut', perPart: { perGoodPartWh: { value: null } } });
    const wider = deriveJobEnergy(marks, at('24:00'), {
      ...SHIFT,
      windows: [window('day', '0:00', '24:00')],
    });
    // 19,250 Wh all to it; 14:00-15:00 has no energy. 19,250 / 4 = 4,812.5
    expect(wider.jobs[0]).toMatchObject({
      extent: 'at-least',
      perPart: { perGoodPartWh: { value: 4812.5 } },
    });
    expect(wider.jobs[0]?.extentSaying).toBe(
      '1 h of job 1 have no known energy: its figures are lower bounds',
    );
  });
});
