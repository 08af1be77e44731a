import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BaseHour } from '../../../collector/energy/calendar/base-hour.ts';
import { boundariesOf, type PeriodKind } from '../../../collector/energy/calendar/period.ts';
import { openCalendar } from '../../../collector/energy/calendar/site-calendar.ts';
import { sumPeriods } from '../../../collector/energy/calendar/sum-periods.ts';
import { sitePlanOf } from '../../../cli/site-plan-of.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { baseHour, everyMinute, grid, NO_ENERGY } from '../energy/calendar/base-hours.ts';
import { HOUR_MS, plantConfig } from './period-plant.ts';

const FOLDER = join(import.meta.dirname, '../../cases/periods');
const MINUTE_MS = 60_000;

interface PeriodCase {
  calendar: Record<string, unknown>;
  /** Constant power of one state, from whole minute to whole minute. */
  load: { from: string; to: string; state: OperatingState; powerW: number }[];
  expect: {
    kind: PeriodKind;
    from: string;
    to: string;
    periods: {
      key: string;
      from: string;
      to: string;
      hours: number;
      stateMwh: Partial<Record<OperatingState, number>>;
    }[];
  }[];
}

/** The hours of a load, minute by minute. */
function hoursOf(load: PeriodCase['load']): BaseHour[] {
  return load
    .flatMap(({ from, to }) => {
      const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
      const first = Math.floor(fromMs / HOUR_MS);
      return Array.from({ length: Math.ceil(toMs / HOUR_MS) - first }, (_, hour) => (first + hour) * HOUR_MS);
    })
    .filter((hourMs, index, all) => all.indexOf(hourMs) === index)
    .map((hourMs) => {
      const add = (sum: number[], cells: number[]) => sum.map((value, cell) => value + (cells[cell] ?? 0));
      const pieces = load.map(({ from, to, state, powerW }) => {
        const minuteOf = (time: string) => Math.max(0, Math.min(60, (Date.parse(time) - hourMs) / MINUTE_MS));
        const minutes = [minuteOf(from), minuteOf(to)] as const;
        // W over a minute is 1000 / 60 mWh each.
        return {
          timeMs: grid(state, MINUTE_MS, ...minutes),
          mwh: grid(state, (powerW * 1000) / 60, ...minutes),
        };
      });
      return baseHour(hourMs, {
        timeMs: pieces.map(({ timeMs }) => timeMs).reduce(add),
        measuredMs: everyMinute(MINUTE_MS),
        components: { supply: { ...NO_ENERGY, counter: pieces.map(({ mwh }) => mwh).reduce(add) } },
      });
    });
}

describe('hand-computed periods', () => {
  for (const name of readdirSync(FOLDER).sort())
    it(name, () => {
      const {
        calendar,
        load,
        expect: expected,
      } = JSON.parse(readFileSync(join(FOLDER, name, 'case.json'), 'utf8')) as PeriodCase;
      const site = openCalendar(sitePlanOf(plantConfig({ calendar }), '2026a').calendar);
      for (const { kind, from, to, periods } of expected) {
        const found = site.periodsIn(kind, Date.parse(from), Date.parse(to));
        const sums = sumPeriods(hoursOf(load), boundariesOf(found), { fromMs: -Infinity, toMs: null });
        expect(
          found.map(({ key, fromMs, toMs }, index) => ({
            key,
            fromMs,
            toMs,
            hours: (sums[index]?.spanMs ?? 0) / HOUR_MS,
            stateMwh: Object.fromEntries(
              Object.entries(sums[index]?.energy.stateMwh ?? {}).filter(([, mwh]) => mwh > 0),
            ),
          })),
          `${name} by ${kind}`,
        ).toEqual(
          periods.map(({ from: begin, to: end, ...rest }) => ({
            ...rest,
            fromMs: Date.parse(begin),
            toMs: Date.parse(end),
          })),
        );
      }
      expect(readFileSync(join(FOLDER, name, 'arithmetic.md'), 'utf8').length).toBeGreaterThan(200);
    });
});
