import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reportJobs } from '../../../collector/reports/job-report.ts';
import type { MachinePlan } from '../../../collector/reports/site-plan.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { Status } from '../../../protocols/telemetry/quantity.ts';
import type { CalendarModel } from '../../../collector/energy/calendar/calendar-model.ts';
import { keepSpans, openJobPlant } from './job-plant.ts';

const CASES = new URL('../../cases/jobs/', import.meta.url);

/** A case folder: what a machine drew, what was told, and what follows by hand (arithmetic.md beside it). */
interface JobCase {
  about: string;
  plan?: Partial<MachinePlan>;
  calendar?: CalendarModel;
  /** [from, to, state, Wh] */
  spans: [string, string, OperatingState, number][];
  /** [at, status, path, value], of a control with MTConnect words. */
  words?: [string, Status, string, string][];
  marks?: object[];
  from: string;
  to: string;
  expect: {
    /** By window: [name, total Wh, unallocated Wh] */
    windows: [string, number, number][];
    jobs: Record<
      string,
      {
        wh: number;
        good?: number | null;
        scrap?: number | null;
        perGoodPartWh?: number | null;
        perKgWh?: number;
        extent?: string;
      }
    >;
    orders?: Record<string, { wh: number; jobs: string[]; perGoodPartWh?: number | null }>;
    says?: string[];
  };
}

describe('jobs by hand', () => {
  for (const name of readdirSync(CASES)) {
    const input = JSON.parse(readFileSync(new URL(`${name}/case.json`, CASES), 'utf8')) as JobCase;
    it(`${name}: ${input.about}`, () => {
      const plant = openJobPlant({
        machines: [input.plan ?? {}],
        ...(input.calendar === undefined ? {} : { calendar: input.calendar }),
      });
      try {
        keepSpans(
          plant.views,
          'mill',
          input.spans.map(([from, to, state, wh]) => ({
            fromMs: Date.parse(from),
            toMs: Date.parse(to),
            state,
            mwh: wh * 1000,
          })),
          (input.words ?? []).map(([at, status, path, value], place) => ({
            machine: 'mill',
            channel: `mill.control.${status}${path === '' ? '' : `.${path}`}`,
            source: 'cnc',
            atMs: Date.parse(at),
            status,
            vocabulary: status === 'execution' ? 'mtconnect/Execution' : 'raw',
            value: status === 'partCount' ? Number(value) : value,
            epoch: 'e',
            seq: 1,
            place,
          })),
        );
        plant.tell('mill', input.marks ?? []);
        const report = reportJobs(plant, {
          machine: 'mill',
          fromMs: Date.parse(input.from),
          toMs: Date.parse(input.to),
        });
        expect(
          report.windows.map((one) => [one.name, one.totalMwh / 1000, one.unallocatedMwh / 1000]),
        ).toEqual(input.expect.windows);
        expect(report.jobs.map(({ id }) => id)).toEqual(Object.keys(input.expect.jobs).sort());
        for (const [id, expected] of Object.entries(input.expect.jobs)) {
          const job = report.jobs.find((one) => one.id === id);
          expect(job?.energy.totalMwh, id).toBe(Math.round(expected.wh * 1000));
          if (expected.good !== undefined) expect(job?.goodParts, id).toBe(expected.good);
          if (expected.scrap !== undefined) expect(job?.scrapParts, id).toBe(expected.scrap);
          if (expected.perGoodPartWh === null) expect(job?.perPart.perGoodPartWh.value, id).toBeNull();
          else if (expected.perGoodPartWh !== undefined)
            expect(job?.perPart.perGoodPartWh.value, id).toBeCloseTo(expected.perGoodPartWh, 6);
          if (expected.perKgWh !== undefined)
            expect(job?.perPart.perKgWh.value, id).toBeCloseTo(expected.perKgWh, 6);
          if (expected.extent !== undefined) expect(job?.extent, id).toBe(expected.extent);
        }
        for (const [order, expected] of Object.entries(input.expect.orders ?? {})) {
          const group = report.orders.find((one) => one.name === order);
          expect(group?.totalMwh, order).toBe(Math.round(expected.wh * 1000));
          expect(group?.jobs, order).toEqual(expected.jobs);
          if (expected.perGoodPartWh !== undefined && expected.perGoodPartWh !== null)
            expect(group?.perPart.perGoodPartWh.value, order).toBeCloseTo(expected.perGoodPartWh, 6);
        }
        const sayings = [
          ...report.windows.flatMap(({ rows }) => rows.map(({ saying }) => saying)),
          ...report.remarks.map(({ saying }) => saying),
          ...report.jobs.flatMap(({ split, perPart }) => [...split.sayings, perPart.perGoodPartWh.saying]),
        ];
        for (const saying of input.expect.says ?? []) expect(sayings).toContain(saying);
        const jobsMwh = report.jobs.reduce((sum, { energy }) => sum + energy.totalMwh, 0);
        expect(jobsMwh + report.unallocatedMwh).toBe(report.totalMwh);
      } finally {
        plant.close();
      }
    });
  }
});
