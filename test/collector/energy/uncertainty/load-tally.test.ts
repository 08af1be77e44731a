import { describe, expect, it } from 'vitest';
import { narrowStep, stepOfScale } from '../../../../collector/energy/uncertainty/counter-step.ts';
import { LoadTally, type MinuteLoad } from '../../../../collector/energy/uncertainty/load-tally.ts';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { everyMinute, grid } from '../calendar/base-hours.ts';

/** Six readings of one power in a minute. */
function steady(powerW: number, more: Partial<MinuteLoad> = {}): MinuteLoad {
  return {
    power: {
      count: 6,
      sum: 6 * powerW,
      squares: 6 * powerW ** 2,
      steps: 0,
      min: powerW,
      max: powerW,
      last: powerW,
    },
    apparentVa: null,
    reactiveVar: null,
    powerFactor: null,
    currentA: null,
    voltageV: null,
    ...more,
  };
}

const add = (a: readonly number[], b: readonly number[]) => a.map((value, cell) => value + (b[cell] ?? 0));

describe('the load of a state', () => {
  it('has the power factor of its energy, not the mean of power factors', () => {
    const tally = new LoadTally(3);
    const timeMs = grid('ready', 60_000);
    const cells = { counter: grid('ready', 1), others: [] };
    // 1,000 W at 0.5 are 2,000 VA; 8,000 W at 0.8 are 10,000 VA: 9,000 / 12,000 = 0.75, and not 0.65.
    tally.addMinute(0, timeMs, 60_000, cells, steady(1000, { powerFactor: 0.5, currentA: 4 }));
    tally.addMinute(1, timeMs, 60_000, cells, steady(8000, { apparentVa: 10_000, currentA: 20 }));
    const [ready] = tally.close({ ready: 3 });
    expect(ready).toMatchObject({
      load: { state: 'ready', energyMwh: 2, powerFactor: 0.75, currentA: 12, visits: 3 },
      notes: [],
    });
    // sqrt(6000^2 + 8000^2) = 10,000 VA: reactive power tells the same.
    const other = new LoadTally(3);
    other.addMinute(0, timeMs, 60_000, cells, steady(6000, { reactiveVar: -8000 }));
    expect(other.close({})[0]?.load.powerFactor).toBe(0.6);
  });

  it('comes from minutes that lie in it, else from mixed ones, and says so', () => {
    const tally = new LoadTally(3);
    // Minute 0: ready for 50 s, standby for 10 s; minute 1: ready for 54 s, which is 90 %.
    const timeMs = add(
      add(grid('ready', 50_000, 0, 1), grid('standby', 10_000, 0, 1)),
      add(grid('ready', 54_000, 1, 2), grid('standby', 6000, 1, 2)),
    );
    const counter = add(grid('ready', 1000, 0, 2), grid('standby', 100, 0, 2));
    const cells = { counter, others: [] };
    tally.addMinute(0, timeMs, 60_000, cells, steady(900, { powerFactor: 0.9, currentA: 9 }));
    tally.addMinute(1, timeMs, 60_000, cells, steady(500, { powerFactor: 0.5, currentA: 5 }));
    const [standby, ready] = tally.close({});
    expect(ready).toMatchObject({ load: { powerFactor: 0.5, currentA: 5 }, notes: [] });
    // By time: (900 x 10 + 500 x 6) / (1000 x 10 + 1000 x 6) = 0.75; (9 x 10 + 5 x 6) / 16 = 7.5 A.
    expect(standby?.load).toMatchObject({ powerFactor: 0.75, currentA: 7.5 });
    expect(standby?.notes).toEqual([
      'power factor from minutes that standby shares with other states: no minute lies wholly in it',
      'current from minutes that standby shares with other states: no minute lies wholly in it',
    ]);
  });

  it('has a derived current where nobody read one, with its arithmetic', () => {
    const tally = new LoadTally(3);
    const cells = { counter: grid('ready', 20_000), others: [] };
    tally.addMinute(
      0,
      grid('ready', 60_000),
      60_000,
      cells,
      steady(1200, { powerFactor: 0.5, voltageV: 400 }),
    );
    const [ready] = tally.close({});
    // 20,000 mWh in a minute are 1,200 W; 1,200 / (1.732 x 400 x 0.5) = 3.464 A.
    expect(ready?.load.currentA).toBeCloseTo(3.4641, 4);
    expect(ready?.notes).toEqual(['current not read but derived: 1200 W / (1.732 x 400 V x 0.5) = 3.46 A']);
    const alone = new LoadTally(3);
    alone.addMinute(0, grid('ready', 60_000), 60_000, cells, steady(1200));
    expect(alone.close({})[0]?.load).toMatchObject({ currentA: null, powerFactor: null });
  });

  it('counts what was not read, spread as its power is', () => {
    const tally = new LoadTally(3);
    const cells = { counter: grid('ready', 1000), others: [] };
    const timeMs = grid('ready', 60_000);
    // 1,000 and 3,000 W in turn: mean 2,000, standard deviation of six readings sqrt(6 / 5) x 1,000 = 1,095 W.
    const swinging = steady(0, {});
    swinging.power = {
      count: 6,
      sum: 12_000,
      squares: 30e6,
      steps: 5 * 2000 ** 2,
      min: 1000,
      max: 3000,
      last: 3000,
    };
    tally.addMinute(0, timeMs, 60_000, cells, swinging);
    tally.addMinute(1, timeMs, 15_000, cells, null);
    const [ready] = tally.close({});
    expect(ready?.load.gap).toMatchObject({ ms: 45_000 });
    expect(ready?.load.gap?.spreadW).toBeCloseTo(1095.4, 1);
    // Five steps in the minute, and one more to it from the minute before, which is not kept.
    expect(ready?.load.sampling).toEqual({ stepSquaresW2: 6 * 2000 ** 2, everyMs: 10_000 });
    const unread = new LoadTally(3);
    unread.addMinute(0, timeMs, 0, cells, null);
    expect(unread.close({})[0]).toMatchObject({
      load: { gap: { ms: 60_000, spreadW: 60 } },
      notes: [expect.stringContaining('never read')],
    });
  });

  it('is taken from another state where nothing was read, and is not qualified then', () => {
    const tally = new LoadTally(3);
    const cells = {
      counter: add(
        add(grid('ready', 20_000, 0, 1), grid('processing', 100_000, 1, 2)),
        grid('unknown', 60_000, 2, 3),
      ),
      others: [],
    };
    const timeMs = add(
      add(grid('ready', 60_000, 0, 1), grid('processing', 60_000, 1, 2)),
      grid('unknown', 60_000, 2, 3),
    );
    tally.addMinute(0, timeMs, 60_000, cells, steady(1200, { powerFactor: 0.5, currentA: 5 }));
    tally.addMinute(1, timeMs, 60_000, cells, steady(6000, { powerFactor: 0.7, currentA: 20 }));
    tally.addMinute(2, timeMs, 0, cells, null);
    const loads = tally.close({});
    // 60,000 mWh in a minute are 3,600 W. Ready has the lower power factor: 5 A x 3,600 W / 1,200 W = 15 A.
    expect(loads[2]?.load).toMatchObject({
      state: 'unknown',
      powerFactor: 0.5,
      currentA: 15,
      isAssumed: true,
      gap: { ms: 60_000, spreadW: 3600 },
    });
    expect(loads[2]?.notes).toContainEqual(
      expect.stringContaining('5 A x 3600 W / 1200 W = 15 A are taken for it'),
    );
    const assessed = assessPeriod({
      metering: {
        meter: { class: '0.5S', ratedA: null },
        connection: { kind: 'transformer', ct: { class: '0.5', primaryA: 100, secondaryA: 5 } },
      },
      basis: 'register',
      counterStepMwh: 1000,
      closure: 1,
      states: loads.map(({ load }) => load),
    });
    // At 15 % of 100 A: 1.5 - 10 / 15 x 0.75 = 1; 90 - 10 / 15 x 45 = 60', 0.02909 x 60 x 1.7321 = 3.0230; meter 0.6.
    expect(assessed.states.unknown).toMatchObject({ kind: 'known', isQualified: false });
    const rows = assessed.states.unknown?.kind === 'known' ? assessed.states.unknown.rows : [];
    expect(rows.slice(0, 3).map(({ halfWidthPercent }) => halfWidthPercent?.toFixed(4))).toEqual([
      '0.6000',
      '1.0000',
      '3.0230',
    ]);
    expect(assessed.total).toMatchObject({ kind: 'known', isQualified: false });
    expect(assessed.states.ready).toMatchObject({ isQualified: true });
  });

  it('is taken from another state where power was read in it and current was not', () => {
    const tally = new LoadTally(3);
    // 19 s of warm-up in minute 1, in which the slow reading of the current did not fall.
    const timeMs = add(
      add(grid('ready', 60_000, 0, 1), grid('warmUp', 19_000, 1, 2)),
      grid('ready', 41_000, 1, 2),
    );
    const counter = add(
      add(grid('ready', 20_000, 0, 1), grid('warmUp', 19_000, 1, 2)),
      grid('ready', 13_667, 1, 2),
    );
    tally.addMinute(
      0,
      timeMs,
      60_000,
      { counter, others: [] },
      steady(1200, { powerFactor: 0.5, currentA: 5 }),
    );
    tally.addMinute(1, timeMs, 60_000, { counter, others: [] }, steady(2000));
    const [warmUp] = tally.close({}).filter(({ load }) => load.state === 'warmUp');
    // 19,000 mWh in 19 s are 3,600 W: 5 A x 3,600 / 1,200 = 15 A.
    expect(warmUp?.load).toMatchObject({
      currentA: expect.closeTo(15, 2),
      powerFactor: 0.5,
      isAssumed: true,
    });
    expect(warmUp?.notes).toContainEqual(expect.stringMatching(/^no current was read in this state: /));
  });

  it('sees a jump of power between two minutes', () => {
    const tally = new LoadTally(3);
    const cells = { counter: null, others: [grid('ready', 1000)] };
    for (const [minute, powerW] of [1000, 4000].entries())
      tally.addMinute(minute, grid('ready', 60_000), 60_000, cells, steady(powerW));
    expect(tally.close({})[0]?.load.sampling?.stepSquaresW2).toBe(3000 ** 2);
    expect(tally.closure()).toBeNull();
  });

  it('compares counter and power minute by minute', () => {
    const tally = new LoadTally(3);
    // 1,200 W in a minute are 20,000 mWh; the counter has 21,000: 1.05.
    for (let minute = 0; minute < 60; minute++)
      tally.addMinute(
        minute,
        grid('ready', 60_000),
        everyMinute(60_000)[minute] ?? 0,
        { counter: grid('ready', 21_000), others: [] },
        steady(1200),
      );
    expect(tally.closure()).toBeCloseTo(1.05, 12);
    expect(tally.energyMwh()).toBe(60 * 21_000);
  });
});

describe('the step of a counter', () => {
  it('is what the wiring declares, else never smaller than what was seen', () => {
    const channel = (resolution?: string) => ({
      kind: 'measured' as const,
      id: 'm.supply.activeEnergyImport',
      machine: 'm',
      component: 'supply',
      quantity: 'activeEnergyImport' as const,
      phase: 'total' as const,
      source: 's',
      point: 'p',
      scale: ['100', '1'] as [string, string],
      counter: { behaviour: 'monotone' as const, ...(resolution === undefined ? {} : { resolution }) },
    });
    // Raw steps of 1, 100 Wh each.
    expect(stepOfScale(channel('1'))).toBe(100_000);
    expect(stepOfScale(channel())).toBeNull();
    // 0.3 and 0.2 kWh higher: both multiples of 100 Wh.
    expect(narrowStep(0, [1000, 1300, 1300, 1500])).toBe(100_000);
    expect(narrowStep(100_000, [1500, 1550])).toBe(50_000);
    expect(narrowStep(0, [7, 7, 7])).toBe(0);
  });
});
