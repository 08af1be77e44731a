import { describe, expect, it } from 'vitest';
import { jobLines } from '../../cli/jobs/job-lines.ts';
import { reportJobs, type JobReport } from '../../collector/reports/job-report.ts';
import { displayWidth } from '../../cli/text-wrap.ts';
import { keepSpans, memoryViews, openJobPlant } from '../collector/reports/job-plant.ts';

const DAY_MS = Date.UTC(2026, 2, 2);
const at = (minute: number) => DAY_MS + minute * 60_000;
const iso = (minute: number) => new Date(at(minute)).toISOString();

/** Two jobs in a day: 2 h at 4 kW and 1 h at 5 kW, an hour ready at 1.2 kW, the rest off. */
function report(job = '4711'): JobReport {
  const plant = openJobPlant({ machines: [{ media: { air: { kwhPerNm3: 0.12, source: 'measured' } } }] });
  try {
    const span = (from: number, to: number, state: 'off' | 'ready' | 'processing', mwh: number) => ({
      fromMs: at(from),
      toMs: at(to),
      state,
      mwh,
    });
    keepSpans(plant.views, 'mill', [
      span(0, 360, 'off', 0),
      span(360, 480, 'processing', 8_000_000),
      span(480, 540, 'ready', 1_200_000),
      span(540, 600, 'processing', 5_000_000),
      span(600, 1440, 'off', 0),
    ]);
    plant.tell('mill', [
      { id: '1b', kind: 'begin', at: iso(360), job, order: 'O-1', part: 'flange' },
      { id: '1e', kind: 'end', at: iso(480), goodParts: 8, scrapParts: 2, massKg: 4 },
      { id: '2b', kind: 'begin', at: iso(540), job: '4712', order: 'O-2', part: 'shaft' },
      { id: '2e', kind: 'end', at: iso(600), goodParts: 5 },
    ]);
    return reportJobs(plant, { machine: 'mill', fromMs: at(0), toMs: at(1440) });
  } finally {
    plant.close();
  }
}

describe('the table of jobs', () => {
  it('shows jobs, what no job got, and the sum', () => {
    const lines = jobLines(report(), 'job', Infinity, { explain: false, zoneOffsetMin: 60 });
    const rows = lines.map((line) => line.split(/ {2,}/));
    expect(rows.find(([name]) => name === '4711')).toEqual([
      '4711',
      'O-1',
      'flange',
      '2026-03-02 07:00',
      '2.0 h',
      '8.800 kWh',
      '62.0 %',
      '8',
      '2',
      '1.100 kWh',
      '2.200 kWh',
    ]);
    expect(rows.find(([name]) => name === 'unallocated')?.[1]).toBe('0.0 Wh');
    expect(rows.find(([name]) => name === 'mill in all')?.[1]).toBe('14.200 kWh');
  });

  it('shows the arithmetic of every figure where that is asked for', () => {
    const text = jobLines(report(), 'job', Infinity, { explain: true }).join('\n');
    for (const line of [
      '2026-03-02: 14.200 kWh = 14.200 kWh of jobs + 0.0 Wh unallocated',
      'job 4711: 2 h of 3 h of jobs -> 7,200 / 10,800 x 1,200 Wh ready = 800 Wh',
      'job 4711: 8,800 Wh / 8 good parts = 1,100 Wh',
      'job 4711: 2 scrap x 8,800 Wh / 10 made = 1,760 Wh',
      'tip: 8,000 Wh / 2 h = 4,000 W processing - 1,200 W = 2,800 W',
      'rests on 24 machine-hours (1), millwatt-allocation/1, plan plan, 4 marks told (0 taken back), 0 of the control',
    ])
      expect(text).toContain(line);
  });

  it('names amendments and revised hours beside the sum, and in its basis', () => {
    const plant = openJobPlant({ machines: [{}] });
    try {
      const views = memoryViews('mill', [
        { fromMs: at(0), toMs: at(1440), state: 'processing', mwh: 24_000_000 },
      ]);
      const amended = {
        ...plant,
        views: {
          ...views,
          hours: (machine: string, fromMs: number, toMs: number) =>
            views.hours(machine, fromMs, toMs).map((hour) =>
              hour.hourMs >= at(180)
                ? hour
                : {
                    ...hour,
                    revision: 3,
                    basis: { ...hour.basis, amendments: hour.hourMs === at(0) ? ['0a1b2c3d4e5f'] : [] },
                  },
            ),
        },
      };
      const found = reportJobs(amended, { machine: 'mill', fromMs: at(0), toMs: at(1440) });
      expect(found.basis).toMatchObject({
        amendments: ['0a1b2c3d4e5f'],
        hours: { count: 24, revisions: { from: 1, to: 3 }, revised: 3, amended: 1 },
      });
      expect(found.windows[0]?.basis.hours).toEqual(found.basis.hours);
      const said = '24 machine-hours (1), 3 of them revised, 1 with amendment 0a1b2c3d4e5f';
      for (const explain of [false, true])
        expect(jobLines(found, 'job', Infinity, { explain }).join('\n')).toContain(`rests on ${said}`);
    } finally {
      plant.close();
    }
  });

  it('sums orders and parts', () => {
    for (const by of ['order', 'part'] as const) {
      const text = jobLines(report(), by, Infinity, { explain: false }).join('\n');
      expect(text).toMatch(by === 'order' ? /O-1 +4711 +8\.800 kWh/ : /flange +4711 +8\.800 kWh/);
    }
  });

  it('fits a terminal, and says what it leaves out', () => {
    for (const width of [60, 80, 100]) {
      const lines = jobLines(report(), 'job', width, { explain: true });
      for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
      expect(lines.join(' ')).toContain('left out');
    }
  });

  it('keeps what was made and what that took on a narrow terminal, and leaves out what can be told from it', () => {
    const lines = jobLines(report(), 'job', 80, { explain: false });
    const head = lines.find((line) => line.startsWith('job')) ?? '';
    for (const title of ['part', 'energy', 'good', 'scrap', 'a good part', 'a kg'])
      expect(head).toContain(title);
    expect(lines.join(' ')).toMatch(/left out \(.*begin.*share/);
  });

  it('never hands the commands of a terminal on', () => {
    const hostile = report();
    const [first] = hostile.jobs;
    if (first !== undefined) first.id = 'A\u001b[2J\u0007';
    hostile.remarks.push({
      code: 'begin-again',
      atMs: 0,
      channel: '',
      job: null,
      saying: 'B\u001b]0;x\u0007',
    });
    const text = jobLines(hostile, 'job', Infinity, { explain: true }).join('\n');
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});
