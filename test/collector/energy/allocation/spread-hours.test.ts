import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateJobs } from '../../../../collector/energy/allocation/allocate-jobs.ts';
import { spreadHours, type SpreadHour } from '../../../../collector/energy/allocation/spread-hours.ts';
import { byState } from '../../../../collector/energy/by-state.ts';
import { OPERATING_STATES, type OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { at, job, span, window } from './spans.ts';
import { RUNS, RUNS_TIMEOUT_MS } from './property-runs.ts';

const hour = (
  time: string,
  mwh: Partial<Record<OperatingState, number>>,
  minuteMwh?: SpreadHour['minuteMwh'],
): SpreadHour => {
  const stateMwh = byState((state) => milliwattHours(mwh[state] ?? 0));
  const supplyMwh = milliwattHours(Object.values(stateMwh).reduce<number>((sum, one) => sum + one, 0));
  return { hourMs: at(time), energy: { supplyMwh, stateMwh }, ...(minuteMwh && { minuteMwh }) };
};
const state = (from: string, to: string, name: OperatingState) => {
  const { fromMs, toMs } = span(from, to, name, null);
  return { fromMs, toMs, state: name };
};

describe('spans get the energy of their hours', () => {
  it('evenly where nothing weighs', () => {
    // 600 mWh over 30 s + 2 min of processing (7:00:30 to 7:03 less 7:01 to 7:01:00) = 2.5 min: 240 mWh a minute.
    const { spans, loose } = spreadHours(
      [hour('7:00', { processing: 600, ready: 57 })],
      [
        state('7:00', '7:00:30', 'ready'),
        state('7:00:30', '7:03', 'processing'),
        state('7:03', '8:00', 'off'),
      ],
    );
    expect(spans).toEqual([
      { fromMs: at('7:00'), toMs: at('7:00:30'), state: 'ready', mwh: 57 },
      { fromMs: at('7:00:30'), toMs: at('7:01'), state: 'processing', mwh: 120 },
      { fromMs: at('7:01'), toMs: at('7:02'), state: 'processing', mwh: 240 },
      { fromMs: at('7:02'), toMs: at('7:03'), state: 'processing', mwh: 240 },
      { fromMs: at('7:03'), toMs: at('8:00'), state: 'off', mwh: 0 },
    ]);
    expect(loose).toEqual([]);
  });

  it('by what the minutes weigh, and what closure moved to a state without time stays loose', () => {
    // Minutes 0 and 1 weigh 1 : 3; 20 of 400 mWh have become unknown: 380 x 1/4 = 95 and 285.
    const { spans, loose } = spreadHours(
      [hour('7:00', { processing: 380, unknown: 20 }, [{ processing: 100 }, { processing: 300 }])],
      [state('7:00', '7:02', 'processing')],
    );
    expect(spans.map(({ mwh }) => mwh)).toEqual([95, 285]);
    expect(loose).toEqual([{ fromMs: at('7:00'), toMs: at('8:00'), state: 'unknown', mwh: 20 }]);
    const { windows } = allocateJobs({
      windows: [window('hour', '7:00', '8:00')],
      spans,
      loose,
      jobs: [job('A', ['7:00-7:01']), job('B', ['7:01-7:02'])],
      choice: { rule: 'time' },
    });
    expect(windows[0]?.jobs.map(({ directMwh, totalMwh }) => [directMwh, totalMwh])).toEqual([
      [95, 105],
      [285, 295],
    ]);
  });

  it('leaves energy null where the supply is not known or there is no hour', () => {
    const none: SpreadHour = { ...hour('7:00', {}), energy: { ...hour('7:00', {}).energy, supplyMwh: null } };
    expect(spreadHours([none], [state('7:30', '8:30', 'ready')])).toEqual({
      spans: [{ fromMs: at('7:30'), toMs: at('8:30'), state: 'ready', mwh: null }],
      loose: [],
    });
  });

  it(
    'keeps every mWh, through to the jobs',
    () => {
      const energies = fc.dictionary(fc.constantFrom(...OPERATING_STATES), fc.nat(1e7));
      const lengths = fc.array(
        fc.tuple(fc.constantFrom(...OPERATING_STATES), fc.integer({ min: 1, max: 2_400_000 })),
        { maxLength: 10 },
      );
      const minutes = fc.option(fc.array(energies, { minLength: 60, maxLength: 60 }), { nil: undefined });
      fc.assert(
        fc.property(fc.tuple(energies, energies), minutes, lengths, ([first, second], weights, stays) => {
          let atMs = 0;
          const states = stays.map(([name, ms]) => {
            const fromMs = atMs;
            atMs += ms;
            return { fromMs, toMs: atMs, state: name };
          });
          const hours = [hour('0:00', first, weights), hour('1:00', second)];
          const { spans, loose } = spreadHours(hours, states);
          const supply = hours.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
          const given = [...spans, ...loose].reduce((sum, { mwh }) => sum + (mwh ?? 0), 0);
          expect(given).toBe(supply);
          for (const name of OPERATING_STATES) {
            const sum = [...spans, ...loose].reduce(
              (a, one) => (one.state === name ? a + (one.mwh ?? 0) : a),
              0,
            );
            expect(sum).toBe((first[name] ?? 0) + (second[name] ?? 0));
          }
          const allocation = allocateJobs({
            windows: [window('w', '0:20', '1:40')],
            spans,
            loose,
            jobs: [job('A', ['0:10-0:50']), job('B', ['0:40-1:30'])],
            choice: { rule: 'time' },
          });
          expect(allocation.totalMwh).toBe(supply);
          const [only] = allocation.windows;
          expect((only?.allocatedMwh ?? 0) + (only?.unallocatedMwh ?? 0) + allocation.outsideMwh).toBe(
            supply,
          );
          expect(only?.rows.reduce((sum, { mwh }) => sum + mwh, 0)).toBe(only?.totalMwh);
        }),
        { numRuns: RUNS },
      );
    },
    RUNS_TIMEOUT_MS,
  );
});
