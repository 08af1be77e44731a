import { describe, expect, it } from 'vitest';
import { LoadTally } from '../../../collector/energy/uncertainty/load-tally.ts';
import { assessComponent, type MeterTally } from '../../../collector/reports/uncertain-period.ts';
import type { ComponentWiring } from '../../../collector/reports/uncertain-wiring.ts';
import { grid } from '../energy/calendar/base-hours.ts';

const wiringOf = (serial: string): ComponentWiring => ({
  key: serial,
  meter: `serial ${serial}`,
  channel: {
    kind: 'measured',
    id: 'mill-1.supply.activeEnergyImport',
    machine: 'mill-1',
    component: 'supply',
    quantity: 'activeEnergyImport',
    phase: 'total',
    source: 'meter',
    point: '1',
    scale: ['1', '1'],
    counter: { behaviour: 'monotone', resolution: '1' },
  },
  source: { id: 'meter', meter: { serial, class: '0.5S' }, ct: { primary: 1, secondary: 1 } },
});

/** An hour in one state, read every 10 s. */
function hourOf(
  serial: string,
  state: 'off' | 'processing',
  minuteMwh: number,
  currentA: number,
): MeterTally {
  const load = new LoadTally(3);
  const powerW = (minuteMwh * 60) / 1000;
  const power = {
    count: 6,
    sum: 6 * powerW,
    squares: 6 * powerW ** 2,
    steps: 0,
    min: powerW,
    max: powerW,
    last: powerW,
  };
  const read = { power, apparentVa: null, reactiveVar: null, powerFactor: 1, currentA, voltageV: null };
  for (let minute = 0; minute < 60; minute++)
    load.addMinute(
      minute,
      grid(state, 60_000),
      60_000,
      { counter: grid(state, minuteMwh), others: [] },
      read,
    );
  return { wirings: [wiringOf(serial)], load, integratedMwh: 0, seenStepMwh: 0 };
}

const assess = (...tallies: MeterTally[]) =>
  assessComponent(tallies, {
    machine: 'mill-1',
    component: 'supply',
    plan: {
      machine: 'mill-1',
      ratedPowerW: 10_000,
      tree: {},
      metering: {
        supply: {
          meter: { ratedA: 10 },
          driftPerYear: null,
          calibration: { calibratedMs: null, everyYears: null, certificate: null },
        },
      },
      media: {},
      jobs: { rule: 'time', window: 'day' },
      duty: null,
    },
    closure: 1,
    visits: {},
    endMs: 0,
  });

describe('a component whose meter was changed', () => {
  it('has a total though a stretch in which it was off tells no load: that counts as wrong by all of it', () => {
    // 60 x 100,000 mWh = 6 kWh of S-1 at 10 A of 10 A, class 0.5S: 0.5 %. 60 x 100 mWh = 6 Wh of S-2 without a current.
    const { total } = assess(hourOf('S-1', 'processing', 100_000, 10), hourOf('S-2', 'off', 100, 0));
    if (total?.kind !== 'known') throw new Error('the total is unknown');
    // Different meters, in quadrature: root of (6 x 0.5 %)^2 + 0.006^2 = 0.03059 kWh, over the root of 3, doubled: 35.3 Wh;
    // and a step of 1 Wh at either end of S-1, a root of 6 less: 0.41 Wh.
    expect(total.expandedMwh / 1000).toBeCloseTo(
      2 * Math.hypot(30 / Math.sqrt(3), 6 / Math.sqrt(3), 0.408),
      1,
    );
    expect(total.isQualified).toBe(false);
  });

  it('has none where that is more than a hundredth', () => {
    expect(
      assess(hourOf('S-1', 'processing', 100_000, 10), hourOf('S-2', 'off', 2000, 0)).total,
    ).toMatchObject({ kind: 'unknown' });
  });
});
