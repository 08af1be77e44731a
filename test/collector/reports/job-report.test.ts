import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { CalendarModel } from '../../../collector/energy/calendar/calendar-model.ts';
import { jobsToCsv } from '../../../collector/reports/job-csv.ts';
import { reportJobs } from '../../../collector/reports/job-report.ts';
import { periodReports } from '../../../collector/reports/period-report.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { RUNS, RUNS_TIMEOUT_MS } from '../energy/allocation/property-runs.ts';
import {
  keepSpans,
  memoryJournal,
  memoryViews,
  openJobPlant,
  planOf,
  tellMarks,
  type JobPlant,
  type PlantSpan,
} from './job-plant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = Date.UTC(2026, 2, 2);
const at = (minute: number) => DAY_MS + minute * MINUTE_MS;
const iso = (minute: number) => new Date(at(minute)).toISOString();
const span = (from: number, to: number, state: PlantSpan['state'], wh: number): PlantSpan => ({
  fromMs: at(from),
  toMs: at(to),
  state,
  mwh: wh * 1000,
});

const open: JobPlant[] = [];
afterEach(() => {
  for (const plant of open.splice(0)) plant.close();
});
function startPlant(...[plan]: Parameters<typeof openJobPlant>): JobPlant {
  const plant = openJobPlant(plan);
  open.push(plant);
  return plant;
}
const job = (id: string, from: number, to: number, made: object = {}) => [
  { id: `${id}/b`, kind: 'begin', at: iso(from), job: id, order: `O-${id}` },
  { id: `${id}/e`, kind: 'end', at: iso(to), job: id, ...made },
];

/** A compressor that serves two machines for a day: 6 kWh; mill has 10 kWh in 8 h, lathe 30 kWh in 16 h. */
function startShared(load: {
  rule: 'time' | 'energy' | 'equal' | 'mass' | 'fixed';
  shares?: Record<string, number>;
}): JobPlant {
  const plant = startPlant({
    machines: ['mill', 'lathe', 'compressor'].map((machine) => ({ machine })),
    sharedLoads: [{ id: 'compressor', serves: ['mill', 'lathe'], shares: {}, ...load }],
  });
  keepSpans(plant.views, 'mill', [span(0, 480, 'processing', 10_000), span(480, 1440, 'off', 0)]);
  keepSpans(plant.views, 'lathe', [span(0, 960, 'processing', 30_000), span(960, 1440, 'off', 0)]);
  keepSpans(plant.views, 'compressor', [span(0, 1440, 'processing', 6000)]);
  plant.tell('mill', [
    ...job('A', 0, 360, { goodParts: 10, massKg: 30 }),
    ...job('B', 360, 480, { goodParts: 10, massKg: 30 }),
  ]);
  plant.tell('lathe', job('C', 0, 960, { massKg: 60 }));
  return plant;
}
const query = { fromMs: at(0), toMs: at(1440) };

describe('loads that serve several machines', () => {
  it.each([
    // 8 h and 16 h not off
    [
      'time' as const,
      2000,
      4000,
      'mill: 8 h of 24 h not off -> 28,800 / 86,400 x 6,000 Wh of compressor = 2,000 Wh',
    ],
    [
      'energy' as const,
      1500,
      4500,
      'mill: 10,000 Wh of 40,000 Wh of its own -> 0.25 x 6,000 Wh of compressor = 1,500 Wh',
    ],
    ['equal' as const, 3000, 3000, 'mill: 1 of 2 machines -> 0.5 x 6,000 Wh of compressor = 3,000 Wh'],
    ['mass' as const, 3000, 3000, 'mill: 60 kg of 120 kg -> 0.5 x 6,000 Wh of compressor = 3,000 Wh'],
  ])('are divided by %s, apart from what a machine drew', (rule, millWh, latheWh, saying) => {
    const plant = startShared({ rule });
    const mill = reportJobs(plant, { machine: 'mill', ...query });
    const lathe = reportJobs(plant, { machine: 'lathe', ...query });
    expect(mill.windows[0]?.shared).toEqual([
      { load: 'compressor', rule, loadMwh: 6_000_000, mwh: millWh * 1000, saying },
    ]);
    expect(lathe.windows[0]?.shared[0]?.mwh).toBe(latheWh * 1000);
    expect(mill.totalMwh).toBe(10_000_000);
    expect(mill.jobs.map(({ sharedMwh }) => sharedMwh)).toEqual([null, null]);
  });

  it('go to the jobs by the same rule where that is asked for, in a column of its own', () => {
    const plant = startShared({ rule: 'time' });
    const { jobs, totalMwh } = reportJobs(plant, { machine: 'mill', ...query, withShared: true });
    // 2000 Wh: A 6 h of 8 h, B 2 h of 8 h.
    expect(jobs.map(({ id, sharedMwh }) => [id, sharedMwh])).toEqual([
      ['A', 1_500_000],
      ['B', 500_000],
    ]);
    expect(jobs[0]?.sharedSayings).toEqual([
      '2026-03-02: job A: 6 h of 8 h -> 0.75 x 2,000 Wh of compressor = 1,500 Wh',
    ]);
    expect(jobs.reduce((sum, { energy }) => sum + energy.totalMwh, 0)).toBe(totalMwh);
  });

  it('by fixed shares leave over what nobody was given, and by mass say whose is missing', () => {
    const fixed = startShared({ rule: 'fixed', shares: { mill: 0.5, lathe: 0.25 } });
    expect(reportJobs(fixed, { machine: 'lathe', ...query }).windows[0]?.shared[0]?.mwh).toBe(1_500_000);
    const mass = startShared({ rule: 'mass' });
    mass.tell('lathe', job('D', 960, 1000));
    const [share] = reportJobs(mass, { machine: 'mill', ...query }).windows[0]?.shared ?? [];
    expect(share?.mwh).toBeNull();
    expect(share?.saying).toContain('lathe has no mass');
  });
});

describe('a report of jobs', () => {
  it('does not take a job for whole that goes on beyond the windows, whether it was ended later or not yet', () => {
    const plant = startPlant({ machines: [{}] });
    // Two days of 1.2 kW; the job began on the first at noon.
    keepSpans(plant.views, 'mill', [
      span(0, 1440, 'processing', 28_800),
      span(1440, 2880, 'processing', 28_800),
    ]);
    const [begin, end] = job('A', 720, 2160, { goodParts: 4 });
    plant.tell('mill', [begin ?? {}]);
    const first = { machine: 'mill', ...query };
    const cut = {
      extent: 'cut',
      extentSaying: '24 h of job A lie outside the windows: choose windows that hold all of it',
      energy: { totalMwh: 14_400_000 },
    };
    expect(reportJobs(plant, first).jobs).toMatchObject([cut]);
    plant.tell('mill', [end ?? {}]);
    expect(reportJobs(plant, first).jobs).toMatchObject([
      { ...cut, extentSaying: cut.extentSaying.replace('24 h', '12 h') },
    ]);
    const both = reportJobs(plant, { ...first, toMs: at(2880) }).jobs;
    // 12 h + 12 h of 1.2 kW: 28.8 kWh / 4
    expect(both).toMatchObject([{ extent: 'whole', perPart: { perGoodPartWh: { value: 7200 } } }]);
  });

  it('is a table in which no name can be a formula', () => {
    const plant = startPlant({ machines: [{}] });
    keepSpans(plant.views, 'mill', [span(0, 60, 'processing', 1000)]);
    plant.tell('mill', [
      {
        id: '1b',
        kind: 'begin',
        at: iso(0),
        job: '=HYPERLINK("http://evil.example")',
        order: '@SUM(A1)',
        part: '-1+1',
      },
      { id: '1e', kind: 'end', at: iso(60), goodParts: 2 },
    ]);
    const report = reportJobs(plant, { machine: 'mill', ...query });
    const [header = '', row = '', last = ''] = jobsToCsv(report, 'job').split('\r\n');
    expect(row).toContain(`mill,"'=HYPERLINK(""http://evil.example"")",'@SUM(A1),'-1+1,,outside,`);
    expect(last).toMatch(/^mill,,,,,unallocated,,,,0,/);
    expect(row.split(',').length).toBe(header.split(',').length);
    expect(jobsToCsv(report, 'part')).toContain(
      "mill,'-1+1,'=HYPERLINK".replace("'=HYPERLINK", '"\'=HYPERLINK'),
    );
  });

  it('has no figures of jobs that lie outside its windows in part, nor of hours that nobody knows', () => {
    const plant = startPlant({ machines: [{}] });
    keepSpans(plant.views, 'mill', [span(0, 60, 'processing', 1200), span(120, 180, 'processing', 1200)]);
    plant.tell('mill', [
      ...job('early', -60, 30, { goodParts: 5 }),
      ...job('gap', 30, 180, { goodParts: 5 }),
    ]);
    const { jobs } = reportJobs(plant, { machine: 'mill', ...query });
    expect(jobs.map(({ id, extent, perPart }) => [id, extent, perPart.perGoodPartWh.value])).toEqual([
      ['early', 'cut', null],
      ['gap', 'at-least', 360],
    ]);
  });

  it('of a machine that nobody knows is empty', () => {
    const report = reportJobs(startPlant({ machines: [] }), { machine: 'other', ...query });
    expect(report).toMatchObject({ totalMwh: 0, jobs: [], orders: [], rule: 'time', window: 'day' });
  });

  it('says the rules, the declaration and the marks it rests on', () => {
    const plant = startPlant({ machines: [{ jobs: { rule: 'equal', window: 'month' } }] });
    keepSpans(plant.views, 'mill', [span(0, 60, 'processing', 1000)]);
    plant.tell('mill', [...job('1', 0, 60), { kind: 'withdraw', id: '1/e' }]);
    const report = reportJobs(plant, { machine: 'mill', ...query });
    expect(report).toMatchObject({
      rule: 'equal',
      window: 'month',
      basis: {
        allocation: 'millwatt-allocation/1',
        plan: 'plan',
        marks: { told: 1, withdrawn: 1, journalSeq: 3 },
      },
    });
    expect(report.windows.map(({ name }) => name)).toEqual(['2026-03']);
    expect(reportJobs(plant, { machine: 'mill', ...query, rule: 'none' }).rule).toBe('none');
  });
});

/** A day from 06:30 in a zone of half an hour: no window begins with an hour of UTC. */
const HALF_HOURS: CalendarModel = {
  zone: 'Asia/Kolkata',
  dayBegins: [{ fromDay: null, beginsMin: 390 }],
  shifts: [
    { name: 'early', weekdays: [1, 2, 3, 4, 5], beginsMin: 390, endsMin: 870, fromDay: null, untilDay: null },
  ],
  exceptions: [],
};

describe('sums', () => {
  const spans = fc
    .array(
      fc.record({
        ms: fc.integer({ min: 1, max: 90 * MINUTE_MS }),
        state: fc.constantFrom(...OPERATING_STATES),
        mwh: fc.integer({ min: 0, max: 5_000_000 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((pieces): PlantSpan[] => {
      let fromMs = DAY_MS + 5 * HOUR_MS + 17_123;
      return pieces.map(({ ms, state, mwh }) => ({ fromMs, toMs: (fromMs += ms), state, mwh }));
    });
  const jobs = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: 30 * 60 }),
      minutes: fc.integer({ min: 0, max: 600 }),
      channel: fc.constantFrom('', 'path1', 'path2'),
      massKg: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 6 },
  );

  it(
    'are exact: jobs + unallocated = what the periods of the calendar say, window by window',
    () => {
      fc.assert(
        fc.property(
          spans,
          jobs,
          fc.constantFrom('time', 'energy', 'equal', 'mass', 'none'),
          fc.constantFrom('shift' as const, 'day' as const),
          (drawn, worked, rule, window) => {
            const journal = memoryJournal();
            tellMarks(
              journal,
              'mill',
              worked.flatMap(({ from, minutes, channel, massKg }, n) => [
                { id: `${n}/b`, kind: 'begin', at: iso(from), channel, job: `${n % 4}` },
                { id: `${n}/e`, kind: 'end', at: iso(from + minutes), channel, job: `${n % 4}`, massKg },
              ]),
            );
            const plan = planOf({ machines: [{ jobs: { rule, window } }], calendar: HALF_HOURS });
            const plant = { views: memoryViews('mill', drawn), plan, journal };
            const asked = { machine: 'mill', fromMs: DAY_MS, toMs: DAY_MS + 48 * HOUR_MS };
            const report = reportJobs(plant, asked);
            const periods = [...periodReports(plant, { ...asked, kind: window })];
            expect(report.windows.map(({ totalMwh }) => totalMwh)).toEqual(
              periods.map(({ energy }) => energy.supplyMwh ?? 0),
            );
            for (const { totalMwh, unallocatedMwh, rows } of report.windows) {
              expect(rows.reduce((sum, { mwh }) => sum + mwh, 0)).toBe(totalMwh);
              expect(rows.reduce((sum, row) => (row.job === null ? sum + row.mwh : sum), 0)).toBe(
                unallocatedMwh,
              );
              expect(unallocatedMwh).toBeGreaterThanOrEqual(0);
            }
            const jobsMwh = report.jobs.reduce((sum, { energy }) => sum + energy.totalMwh, 0);
            const ordersMwh = report.orders.reduce((sum, { totalMwh }) => sum + totalMwh, 0);
            expect(jobsMwh).toBe(report.allocatedMwh);
            expect(ordersMwh).toBe(report.allocatedMwh);
            expect(jobsMwh + report.unallocatedMwh).toBe(drawn.reduce((sum, { mwh }) => sum + mwh, 0));
          },
        ),
        { numRuns: RUNS },
      );
    },
    RUNS_TIMEOUT_MS,
  );
});

it('leaves the figures of a finished job as they are, whatever time is asked for', () => {
  // Day 1: ready 2 h at 1 kW, A processes 1 h at 5 kW. Day 2: ready 1 h at 3 kW, B processes 1 h at 6 kW.
  const plant = startPlant({ machines: [{ machine: 'mill', jobs: { rule: 'mass', window: 'day' } }] });
  keepSpans(plant.views, 'mill', [
    span(0, 120, 'ready', 2000),
    span(120, 180, 'processing', 5000),
    span(1440, 1500, 'ready', 3000),
    span(1500, 1560, 'processing', 6000),
  ]);
  plant.tell('mill', [...job('A', 120, 180, { massKg: 3 }), ...job('B', 1500, 1560)]);
  const ask = (days: number) =>
    reportJobs(plant, { machine: 'mill', fromMs: DAY_MS, toMs: DAY_MS + days * 24 * HOUR_MS });
  const both = ask(2);
  expect(ask(1).jobs[0]?.split).toMatchObject({ basicW: 1000, tipW: 4000 });
  expect(both.jobs.map(({ split: { basicW, tipW } }) => [basicW, tipW])).toEqual([
    [1000, 4000],
    [3000, 3000],
  ]);
  // Of the machine: 5 kWh in 3 h, 11 kWh in 2 h.
  expect(both.split).toMatchObject({ basicW: 1666.667, tipW: 3833.333 });

  // B has no mass: of its day nothing is divided, and the day of A stands.
  expect(both.jobs.map(({ energy }) => energy.totalMwh)).toEqual([7_000_000, 6_000_000]);
  expect(both.windows.map(({ unallocatedMwh }) => unallocatedMwh)).toEqual([0, 3_000_000]);
  expect(both.remarks.filter(({ code }) => code === 'mass-missing').map(({ saying }) => saying)).toEqual([
    '2026-03-03: by mass, but nobody told the mass of job B; what is divided there stays unallocated',
  ]);
});
