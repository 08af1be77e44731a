import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLANNED_STATES, type DutyCycle } from '../../../../collector/energy/use-phase/duty-cycle.ts';
import { deriveScenario } from '../../../../collector/energy/use-phase/scenario.ts';
import { sumStates } from '../../../../collector/energy/use-phase/state-totals.ts';
import { watts } from '../../../../protocols/telemetry/unit.ts';
import { hour } from './use-hours.ts';
import { RUNS, RUNS_TIMEOUT_MS } from '../allocation/property-runs.ts';

/** Off 2 W for 2 h, standby 300 W for half an hour, ready 2 kW for 1 h, processing 6 kW for 2.5 h. */
const MEASURED = sumStates([
  hour({ off: 60 }, { off: 2 }),
  hour({ off: 60 }, { off: 2 }),
  hour({ standby: 30, processing: 30 }, { standby: 150, processing: 3000 }),
  hour({ processing: 60 }, { processing: 6000 }),
  hour({ processing: 60 }, { processing: 6000 }),
  hour({ ready: 60 }, { ready: 2000 }),
]);

describe('a scenario', () => {
  /*
   * Two shifts: off 0.5, ready 0.2, processing 0.3 of 8,760 h = 4,380, 1,752 and 2,628 h.
   * 4,380 x 2 W = 8.76 kWh; 1,752 x 2 kW = 3,504 kWh; 2,628 x 6 kW = 15,768 kWh; together 19,280.76 kWh.
   * a calendar hour 2.201; a powered or operating hour (4,380 h) 4.402; a processing hour 19,280.76 / 2,628 = 7.336667
   */
  const duty: DutyCycle = {
    kind: 'shares',
    shares: { off: 0.5, ready: 0.2, processing: 0.3 },
    hoursPerYear: 8760,
  };
  const scenario = deriveScenario(MEASURED, duty);

  it('is the measured power of each state times its declared hours', () => {
    expect(scenario.mwhPerYear).toBe(19_280_760_000);
    expect(scenario.rows.map(({ saying }) => saying)).toEqual([
      'off: 4,380 h x 2 W (measured for 2 h) = 8.76 kWh a year',
      'ready: 1,752 h x 2,000 W (measured for 1 h) = 3,504 kWh a year',
      'processing: 2,628 h x 6,000 W (measured for 2.5 h) = 15,768 kWh a year',
    ]);
    expect(scenario.kwhPerHour.calendar).toBeCloseTo(2.201, 9);
    expect(scenario.kwhPerHour.powered).toBeCloseTo(4.402, 9);
    expect(scenario.kwhPerHour.operating).toBeCloseTo(4.402, 9);
    expect(scenario.kwhPerHour.processing).toBeCloseTo(7.336667, 6);
    expect([scenario.measuredShare, scenario.remarks]).toEqual([1, []]);
  });

  it('takes shares of fewer hours than a year has', () => {
    // 4,000 h x 0.25 = 1,000 h x 6 kW = 6,000 kWh; 3,000 h x 2 kW = 6,000 kWh.
    const short: DutyCycle = {
      kind: 'shares',
      shares: { ready: 0.75, processing: 0.25 },
      hoursPerYear: 4000,
    };
    expect(deriveScenario(MEASURED, short).mwhPerYear).toBe(12_000_000_000);
  });

  it('moves one state by a tenth at a time, the others giving way', () => {
    /*
     * Processing +10 %: 2,890.8 h; the others 5,869.2 / 6,132 = 0.957143: off 4,192.2857, ready 1,676.9143 h.
     * 8.384571 + 3,353.828571 + 17,344.8 = 20,707.01 kWh, + 7.40 %; a processing hour 20,707.013142 / 2,890.8 = 7.163074
     * Powered 8,760 - 4,192.2857 = 4,567.7143 h: 20,707.013142 / 4,567.7143 = 4.533343
     */
    const up = scenario.sensitivity.find(({ state, factor }) => state === 'processing' && factor > 1);
    expect(up?.figures?.mwhPerYear).toBe(20_707_013_142);
    expect(up?.figures?.kwhPerHour.processing).toBeCloseTo(7.163074, 6);
    expect(up?.saying).toBe(
      'processing +10 %: 2,628 h become 2,890.8 h, the others x 0.957143 -> 20,707.01 kWh a year (+7.40 %), ' +
        '2.3638 kWh per calendar hour, 4.5333 kWh per powered hour, 4.5333 kWh per operating hour, 7.1631 kWh per processing hour',
    );
    expect(scenario.sensitivity.map(({ state, factor }) => `${state} ${factor}`)).toEqual([
      'off 1.1',
      'off 0.9',
      'ready 1.1',
      'ready 0.9',
      'processing 1.1',
      'processing 0.9',
    ]);
  });

  it('says where nothing can be moved', () => {
    const one = deriveScenario(MEASURED, { kind: 'hours', hoursPerYear: { processing: 2000 } });
    expect(one.mwhPerYear).toBe(12_000_000_000);
    expect(one.sensitivity.map(({ saying }) => saying)).toEqual([
      'processing +10 %: none, no other state has hours to give or take',
      'processing -10 %: none, no other state has hours to give or take',
    ]);
    const nearly = deriveScenario(MEASURED, { kind: 'hours', hoursPerYear: { off: 50, processing: 950 } });
    expect(nearly.sensitivity[2]?.saying).toBe('processing +10 %: none, the year has no room for it');
    expect(nearly.sensitivity[2]?.figures).toBeNull();
  });

  it('is null per hour of a basis that the duty cycle does not have', () => {
    // 100 h x 300 W = 30 kWh: 0.3 kWh per calendar and powered hour.
    const { kwhPerHour, remarks } = deriveScenario(MEASURED, {
      kind: 'hours',
      hoursPerYear: { standby: 100 },
    });
    expect(kwhPerHour).toEqual({ calendar: 0.3, powered: 0.3, operating: null, processing: null });
    expect(remarks).toEqual(['standby was measured for 0.5 h only: its mean power rests on little.']);
  });

  it('refuses a state that was never measured, unless a value is entered and marked', () => {
    const withWarmUp: DutyCycle = { kind: 'hours', hoursPerYear: { warmUp: 100, processing: 1000 } };
    expect(() => deriveScenario(MEASURED, withWarmUp)).toThrow(
      expect.objectContaining({ code: 'state-not-measured', cure: expect.stringContaining('warmUp') }),
    );
    const entered = { warmUp: { powerW: watts(1500), reference: 'data sheet, page 12' } };
    const scenario = deriveScenario(MEASURED, withWarmUp, entered);
    // 150 + 6,000 kWh; 6,000 / 6,150 are measured.
    expect(scenario.mwhPerYear).toBe(6_150_000_000);
    expect(scenario.measuredShare).toBeCloseTo(0.97561, 5);
    expect(scenario.rows[0]).toMatchObject({ source: 'declared', measuredMs: 0 });
    expect(scenario.rows[0]?.saying).toBe(
      'warmUp: 100 h x 1,500 W (declared: data sheet, page 12) = 150 kWh a year',
    );
    expect(scenario.remarks).toEqual([
      'The power of warmUp was not measured but entered: data sheet, page 12.',
    ]);
  });

  it('takes the measured power where one was entered, too, and says so', () => {
    const cycle: DutyCycle = { kind: 'hours', hoursPerYear: { processing: 1000 } };
    const plain = deriveScenario(MEASURED, cycle);
    const beside = deriveScenario(MEASURED, cycle, {
      processing: { powerW: watts(5), reference: 'a guess' },
      off: { powerW: watts(3), reference: 'no hours in the year' },
    });
    expect(beside).toEqual({
      ...plain,
      remarks: ['The power entered for processing, 5 W (a guess), is not used: it was measured, 6,000 W.'],
    });
  });

  const whole: DutyCycle = { kind: 'hours', hoursPerYear: { processing: 1 } };
  it.each<[string, DutyCycle, Parameters<typeof deriveScenario>[2]]>([
    ['duty-malformed', { ...duty, shares: { off: 0.5, processing: 0.4 } }, {}],
    ['duty-malformed', { ...duty, shares: { off: 1.5, processing: -0.5 } }, {}],
    ['duty-malformed', { ...duty, hoursPerYear: 9000 }, {}],
    ['duty-malformed', { kind: 'hours', hoursPerYear: {} }, {}],
    ['duty-malformed', { kind: 'hours', hoursPerYear: { unknown: 5 } as Record<string, number> }, {}],
    ['declared-malformed', whole, { warmUp: { powerW: watts(3), reference: ' ' } }],
  ])('is refused with a cure: %s %j', (code, cycle, declared) => {
    expect(() => deriveScenario(MEASURED, cycle, declared)).toThrow(
      expect.objectContaining({ code, remedy: 'refuse', cure: expect.stringMatching(/\.$/) }),
    );
  });

  it(
    'sums its rows, and keeps the hours of the year in every change',
    () => {
      const duties = fc
        .tuple(...['off', 'standby', 'ready', 'processing'].map(() => fc.nat(2190)))
        .filter((hours) => hours.some((one) => one > 0));
      fc.assert(
        fc.property(duties, ([off = 0, standby = 0, ready = 0, processing = 0]) => {
          const made = deriveScenario(MEASURED, {
            kind: 'hours',
            hoursPerYear: { off, standby, ready, processing },
          });
          expect(made.rows.reduce((sum, row) => sum + row.mwhPerYear, 0)).toBe(made.mwhPerYear);
          expect(made.rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 9);
          const year = made.declaredHoursPerYear;
          for (const { state, factor, hoursPerYear } of made.sensitivity) {
            if (hoursPerYear === null) continue;
            expect(PLANNED_STATES.reduce((sum, one) => sum + hoursPerYear[one], 0)).toBeCloseTo(year, 6);
            const before = made.rows.find((row) => row.state === state)?.hoursPerYear ?? 0;
            expect(hoursPerYear[state]).toBeCloseTo(before * factor, 9);
            for (const one of PLANNED_STATES) expect(hoursPerYear[one]).toBeGreaterThanOrEqual(0);
          }
        }),
        { numRuns: RUNS },
      );
    },
    RUNS_TIMEOUT_MS,
  );

  it(
    'says figures that a pocket calculator confirms to the printed digit, however crooked they are',
    () => {
      const numbers = (saying: string) =>
        /^\w+: ([\d,.]+) h x ([\d,.]+) W .* = ([\d,.]+) kWh a year$/
          .exec(saying)
          ?.slice(1)
          .map((text) => Number(text.replaceAll(',', ''))) ?? [];
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 1_000_000 }),
          fc.double({ min: 0.001, max: 8784, noNaN: true }),
          (minutes, mwh, hours) => {
            const totals = sumStates([hour({ processing: minutes }, { processing: mwh / 1000 })]);
            const [row] = deriveScenario(totals, { kind: 'hours', hoursPerYear: { processing: hours } }).rows;
            const [h = Number.NaN, w = Number.NaN, kwh = Number.NaN] = numbers(row?.saying ?? '');
            const digit = kwh < 1 ? 1e-4 : 0.01;
            // Half of the last digit for its own rounding, the rest for hours that were rounded.
            expect(Math.abs((h * w) / 1000 - kwh)).toBeLessThanOrEqual(digit * 0.8);
          },
        ),
        { numRuns: RUNS },
      );
    },
    RUNS_TIMEOUT_MS,
  );
});
