import { describe, expect, it } from 'vitest';
import type { JobEnergy } from '../../../../collector/energy/allocation/allocate-window.ts';
import { assessJob } from '../../../../collector/energy/allocation/job-uncertainty.ts';
import { byState } from '../../../../collector/energy/by-state.ts';
import type {
  KnownUncertainty,
  Uncertainty,
} from '../../../../collector/energy/uncertainty/uncertainty-statement.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';

const known = (expandedPercent: number): KnownUncertainty => ({
  kind: 'known',
  model: 'millwatt-uncertainty/2',
  energyMwh: 1_000_000,
  standardPercent: expandedPercent / 2,
  standardMwh: 5000 * expandedPercent,
  expandedPercent,
  expandedMwh: 10_000 * expandedPercent,
  k: 2,
  degreesOfFreedom: 'inf',
  isQualified: true,
  rows: [],
});
const energy = (directWh: number, readyWh: number): JobEnergy => ({
  job: '4711',
  timeMs: 0,
  directMwh: milliwattHours(directWh * 1000),
  dividedMwh: byState((state) => milliwattHours(state === 'ready' ? readyWh * 1000 : 0)),
  totalMwh: milliwattHours((directWh + readyWh) * 1000),
  unmeasuredMs: 0,
});

describe('the uncertainty of a job', () => {
  // 1500 Wh x 1 % + 100 Wh x 5 % + 400 Wh x 2 % = 15 + 5 + 8 = 28 Wh of 2000 Wh = 1.4 %: one meter errs alike everywhere.
  it('adds its shares of states linearly, over windows as well', () => {
    const stated = assessJob([
      { energy: energy(1500, 100), states: { processing: known(1), ready: known(5) } },
      { energy: energy(400, 0), states: { processing: known(2) } },
    ]);
    expect(stated.expandedMwh).toBe(28_000);
    expect(stated.expandedPercent).toBeCloseTo(1.4, 12);
    expect(stated.saying).toBe(
      'U (k = 2): 100 Wh ready x 5 % + 1,500 Wh processing x 1 % + 400 Wh processing x 2 % = 28 Wh, 1.4 %',
    );
  });

  it('is none where a state that it has energy of has none, and only there', () => {
    const unknown: Uncertainty = { kind: 'unknown', energyMwh: 1, missing: [] };
    expect(
      assessJob([{ energy: energy(1500, 100), states: { processing: known(1), ready: unknown } }]),
    ).toMatchObject({
      expandedMwh: null,
      expandedPercent: null,
    });
    expect(
      assessJob([{ energy: energy(1500, 0), states: { processing: known(1), ready: unknown } }]).expandedMwh,
    ).toBe(15_000);
    expect(assessJob([{ energy: energy(1500, 100), states: {} }]).saying).toContain('ready is not known');
    expect(assessJob([]).expandedPercent).toBeNull();
  });
});
