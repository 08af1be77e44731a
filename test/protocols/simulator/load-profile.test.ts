import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLoadProfile } from '../../../protocols/simulator/load-profile.ts';
import { LOAD_PARTS, MACHINE_KINDS, stateBands } from '../../../protocols/simulator/load-shares.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';

const RATED_W = 15_000;
const DAY_MS = 86_400_000;
/** Monday, 16 November 2026, UTC. */
const MONDAY = Date.UTC(2026, 10, 16);
const COMPONENTS = ['supply', ...LOAD_PARTS] as const;
const moment = fc.integer({ min: Date.UTC(2024, 0, 2), max: Date.UTC(2031, 0, 1) });

describe.each(MACHINE_KINDS)('the load of a %s', (kind) => {
  const load = createLoadProfile({ seed: 42, kind, ratedPowerW: RATED_W });

  test('is the same for the same seed, and another for another', () => {
    const again = createLoadProfile({ seed: 42, kind, ratedPowerW: RATED_W });
    const other = createLoadProfile({ seed: 43, kind, ratedPowerW: RATED_W });
    // Asked in another order, so that nothing may hang on what was asked before.
    expect(again.energyWh('spindle', MONDAY + DAY_MS)).toBe(load.energyWh('spindle', MONDAY + DAY_MS));
    expect(again.energyWh('supply', MONDAY)).toBe(load.energyWh('supply', MONDAY));
    expect(other.energyWh('supply', MONDAY)).not.toBe(load.energyWh('supply', MONDAY));
  });

  test('counters are the integral of power', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 1500 }), (startMs, stepMs) => {
        for (const component of COMPONENTS) {
          let integralWh = 0;
          let roughWh = 0;
          for (let step = 0; step < 10; step++) {
            const at = startMs + step * stepMs;
            const powerW = (ms: number) => load.powerW(component, ms);
            const [from, middle, to] = [powerW(at), powerW(at + stepMs / 2), powerW(at + stepMs)];
            // Simpson's rule; a jump of power (tool change, switch) inside a step spoils at most that step.
            integralWh += ((from + 4 * middle + to) / 6) * (stepMs / 3_600_000);
            roughWh += (Math.abs(from - 2 * middle + to) + Math.abs(to - from)) * (stepMs / 3_600_000);
          }
          const endMs = startMs + 10 * stepMs;
          const countedWh = load.energyWh(component, endMs) - load.energyWh(component, startMs);
          expect(countedWh).toBeGreaterThanOrEqual(0);
          expect(Math.abs(countedWh - integralWh)).toBeLessThanOrEqual(roughWh + 2e-5);
        }
      }),
      { numRuns: 80 },
    );
  });

  test('the counter of a whole day is the sum of its power', () => {
    let integralWh = 0;
    for (let second = 0; second < 86_400; second++)
      integralWh += load.powerW('supply', MONDAY + second * 1000 + 500) / 3600;
    const countedWh = load.energyWh('supply', MONDAY + DAY_MS) - load.energyWh('supply', MONDAY);
    expect(Math.abs(integralWh / countedWh - 1)).toBeLessThan(0.002);
  });

  test('counters never fall, not even across midnight and the end of the pattern', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 0, max: 3 * DAY_MS }), (startMs, spanMs) => {
        const endMs = startMs + spanMs;
        for (const component of COMPONENTS)
          expect(load.energyWh(component, endMs)).toBeGreaterThanOrEqual(load.energyWh(component, startMs));
        const partCount = load.momentAt(startMs).partCount;
        expect(load.momentAt(endMs).partCount).toBeGreaterThanOrEqual(partCount);
      }),
      { numRuns: 60 },
    );
    for (let day = 0; day < 60; day++) {
      const midnight = MONDAY + day * DAY_MS;
      const gainedWh = load.energyWh('supply', midnight) - load.energyWh('supply', midnight - 1000);
      expect(gainedWh).toBeGreaterThan(0);
      expect(gainedWh).toBeLessThan(RATED_W / 3600);
    }
  });

  test('parts stay below the supply, and the supply below the rating', () => {
    fc.assert(
      fc.property(moment, (wallMs) => {
        const supplyW = load.powerW('supply', wallMs);
        const partsW = LOAD_PARTS.map((part) => load.powerW(part, wallMs));
        const sumW = partsW.reduce((sum, powerW) => sum + powerW, 0);
        expect(Math.min(...partsW)).toBeGreaterThanOrEqual(0);
        expect(supplyW).toBeGreaterThan(sumW);
        expect(supplyW - sumW).toBeLessThan(0.02 * RATED_W);
        expect(supplyW).toBeLessThan(RATED_W);
      }),
      { numRuns: 120 },
    );
  });

  test('any 24 hours show every state, Sundays included, and bands of power tell them', () => {
    const bands = stateBands(RATED_W);
    const wanted = OPERATING_STATES.filter((state) => state !== 'unknown').toSorted();
    for (let hour = 0; hour < 7 * 24; hour += 11) {
      const seen = new Set<string>();
      for (let second = 0; second < 86_400; second += 45) {
        const wallMs = MONDAY + hour * 3_600_000 + second * 1000;
        const { state } = load.momentAt(wallMs);
        const supplyW = load.powerW('supply', wallMs);
        seen.add(state);
        const byPower = bands.find(({ belowW }) => supplyW < belowW)?.state ?? 'processing';
        if (byPower !== state) expect.fail(`${supplyW} W is ${byPower}, not ${state}`);
      }
      expect([...seen].toSorted()).toEqual(wanted);
    }
  });

  test('the control is silent while the machine is off', () => {
    let wallMs = MONDAY;
    while (load.momentAt(wallMs).state !== 'off') wallMs += 60_000;
    expect(load.momentAt(wallMs)).toMatchObject({
      production: null,
      mode: null,
      program: null,
      warmUp: false,
    });
    expect(load.powerW('supply', wallMs)).toBeGreaterThan(0);
  });
});

test('somewhere in the plant a machine is on at any hour', () => {
  const loads = MACHINE_KINDS.map((kind) =>
    createLoadProfile({ seed: `1/${kind}`, kind, ratedPowerW: RATED_W }),
  );
  for (let quarter = 0; quarter < 7 * 24 * 4; quarter++) {
    const wallMs = MONDAY + quarter * 900_000;
    expect(loads.some((load) => load.momentAt(wallMs).state !== 'off')).toBe(true);
  }
});

test('shifts follow local time', () => {
  const options = { seed: 1, kind: 'mill', ratedPowerW: RATED_W } as const;
  const utc = createLoadProfile(options);
  const taipei = createLoadProfile({ ...options, zoneOffsetMs: 8 * 3_600_000 });
  expect(taipei.momentAt(MONDAY).state).toBe(utc.momentAt(MONDAY + 8 * 3_600_000).state);
  expect(taipei.powerW('supply', MONDAY)).toBe(utc.powerW('supply', MONDAY + 8 * 3_600_000));
});

test('a time before the machines were built is refused', () => {
  const load = createLoadProfile({ seed: 1, kind: 'mill', ratedPowerW: RATED_W });
  expect(() => load.powerW('supply', Date.UTC(2023, 4, 4))).toThrow(
    expect.objectContaining({ code: 'before-simulation' }),
  );
});
