import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumStates } from '../../../../collector/energy/use-phase/state-totals.ts';
import { deriveUsePhase } from '../../../../collector/energy/use-phase/use-phase.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { hour } from './use-hours.ts';
import { RUNS, RUNS_TIMEOUT_MS } from '../allocation/property-runs.ts';

describe('energy per machine-hour', () => {
  /*
   * Four hours:        off    standby   warm-up   ready     processing   unknown
   *   h0 min / Wh      60 / 3
   *   h1               20 / 1  10 / 50   30 / 600
   *   h2                                           15 / 500  45 / 4,500
   *   h3                                           15 / 520  30 / 3,100   15 / 226
   * sums               80 / 4  10 / 50   30 / 600  30 / 1,020  75 / 7,600  15 / 226
   * known 9,274 Wh, unknown 226 Wh, together 9,500 Wh
   * calendar 240 min = 4 h, powered 145 min, operating 135 min = 2.25 h, processing 75 min = 1.25 h
   */
  const use = deriveUsePhase([
    hour({ off: 60 }, { off: 3 }),
    hour({ off: 20, standby: 10, warmUp: 30 }, { off: 1, standby: 50, warmUp: 600 }),
    hour({ ready: 15, processing: 45 }, { ready: 500, processing: 4500 }, { bridgedWh: 40 }),
    hour(
      { ready: 15, processing: 30, unknown: 15 },
      { ready: 520, processing: 3100, unknown: 226 },
      { quality: 'partial' },
    ),
  ]);

  it('is the energy over the hours of each basis', () => {
    expect([use.knownMwh, use.unknownMwh]).toEqual([9_274_000, 226_000]);
    // 9.5 / 4; 9.274 / 4; 0.226 / 4
    expect(use.perHour.calendar).toMatchObject({
      referenceMs: 14_400_000,
      kwhPerHour: 2.375,
      knownKwhPerHour: 2.3185,
      unknownKwhPerHour: 0.0565,
      saying: 'calendar: (9.274 kWh + 0.226 kWh of unknown state) / 4 h = 2.3750 kWh/h',
    });
    // 9.5 x 60 / 145 = 3.931034; 9.5 / 2.25 = 4.222222; 9.5 / 1.25 = 7.6
    expect(use.perHour.powered.kwhPerHour).toBeCloseTo(3.931034, 6);
    expect(use.perHour.operating.kwhPerHour).toBeCloseTo(4.222222, 6);
    expect(use.perHour.processing.kwhPerHour).toBeCloseTo(7.6, 9);
    // Of known states on processing hours: 9.274 / 1.25
    expect(use.perHour.processing.knownKwhPerHour).toBeCloseTo(7.4192, 9);
  });

  it('has the mean power of each state, and none where no time was spent', () => {
    // 4 Wh / (4/3 h) = 3 W; 50 / (1/6) = 300; 600 / 0.5 = 1,200; 1,020 / 0.5 = 2,040; 7,600 / 1.25 = 6,080; 226 / 0.25 = 904
    expect(use.meanPowerW).toEqual({
      off: 3,
      standby: 300,
      extendedStandby: null,
      warmUp: 1200,
      ready: 2040,
      processing: 6080,
      unknown: 904,
    });
  });

  it('says what is unknown, partial and bridged', () => {
    expect(use.remarks).toEqual([
      // 226 / 9,500 = 2.38 %
      'The state was unknown for 0.25 h with 0.226 kWh, 2.4 % of the energy: it is in the sums and in calendar hours, and in no state and no other hours.',
      '1 hour is partial: some of its energy or states is missing.',
      '0.04 kWh were bridged over gaps: the total is measured, its states are not.',
    ]);
  });

  it('is null on a basis without time, and without hours', () => {
    const idle = deriveUsePhase([hour({ off: 30, standby: 30 }, { off: 2, standby: 150 })]);
    // 0.152 kWh in 1 h; in 0.5 powered hours 0.304.
    expect(idle.perHour.calendar.kwhPerHour).toBeCloseTo(0.152, 9);
    expect(idle.perHour.powered.kwhPerHour).toBeCloseTo(0.304, 9);
    expect(idle.perHour.processing).toMatchObject({
      kwhPerHour: null,
      knownKwhPerHour: null,
      referenceMs: 0,
    });
    expect(idle.perHour.processing.saying).toBe(
      'processing: none, there are no processing hours with a known energy',
    );
    expect(deriveUsePhase([]).perHour.calendar.kwhPerHour).toBeNull();
  });

  it('counts saving energy as powered, and neither as operating', () => {
    // 0.06 kWh in 1 h of extended standby.
    const { perHour } = deriveUsePhase([hour({ extendedStandby: 60 }, { extendedStandby: 60 })]);
    expect([perHour.powered.kwhPerHour, perHour.operating.kwhPerHour]).toEqual([0.06, null]);
  });

  it('leaves time without a measured supply out of every mean', () => {
    const half = deriveUsePhase([
      hour({ processing: 60 }, { processing: 5000 }),
      hour({ processing: 60 }, {}, { isMeasured: false }),
    ]);
    expect(half.perHour.processing.kwhPerHour).toBe(5);
    expect(half.meanPowerW.processing).toBe(5000);
    expect(half.totals).toMatchObject({ measuredMs: 3_600_000, withoutEnergyMs: { processing: 3_600_000 } });
    expect(half.remarks).toEqual(['For 1 h nobody measured the supply: that time is in no figure.']);
  });

  it(
    'keeps every mWh and adds up in any order and partition',
    () => {
      const hours = fc.array(
        fc
          .record({
            minutes: fc.dictionary(fc.constantFrom(...OPERATING_STATES), fc.nat(60)),
            wh: fc.dictionary(fc.constantFrom(...OPERATING_STATES), fc.nat(100_000)),
            isMeasured: fc.boolean(),
          })
          .map(({ minutes, wh, isMeasured }) => hour(minutes, wh, { isMeasured })),
        { maxLength: 20 },
      );
      fc.assert(
        fc.property(hours, fc.nat(20), (all, cut) => {
          const whole = deriveUsePhase(all);
          const metered = all.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
          expect(whole.knownMwh + whole.unknownMwh).toBe(metered);
          expect(deriveUsePhase(all.toReversed())).toEqual(whole);
          const [a, b] = [sumStates(all.slice(0, cut)), sumStates(all.slice(cut))];
          for (const state of OPERATING_STATES) {
            expect(a.timeMs[state] + b.timeMs[state]).toBe(whole.totals.timeMs[state]);
            expect(a.energyMwh[state] + b.energyMwh[state]).toBe(whole.totals.energyMwh[state]);
          }
          // P_s x T_s over all states is the energy again.
          const again = OPERATING_STATES.reduce(
            (sum, state) => sum + ((whole.meanPowerW[state] ?? 0) * whole.totals.timeMs[state]) / 3600,
            0,
          );
          const atStandstill = OPERATING_STATES.reduce(
            (sum, state) => sum + (whole.totals.timeMs[state] === 0 ? whole.totals.energyMwh[state] : 0),
            0,
          );
          expect(Math.abs(again + atStandstill - metered)).toBeLessThanOrEqual(metered * 1e-12 + 1e-6);
        }),
        { numRuns: RUNS },
      );
    },
    RUNS_TIMEOUT_MS,
  );
});
