import { describe, expect, it } from 'vitest';
import {
  shareLoad,
  type ServedMachine,
  type ShareRule,
} from '../../../../collector/energy/allocation/share-load.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { window } from './spans.ts';

const DAY = window('Monday', '0:00', '24:00');
const served = (machine: string, more: Partial<ServedMachine> = {}): ServedMachine => ({
  machine,
  timeMs: null,
  energyMwh: null,
  massKg: null,
  fixedShare: null,
  ...more,
});
const share = (machines: ServedMachine[], rule: ShareRule, wh = 10_000) =>
  shareLoad('compressor', DAY, milliwattHours(wh * 1000), machines, rule, 'powered');
const energies = (machines: ServedMachine[], rule: ShareRule) =>
  Object.fromEntries(share(machines, rule).rows.map(({ machine, mwh }) => [machine, mwh]));

describe('a compressor of 10,000 Wh for two machines', () => {
  const hours = (h: number) => h * 3_600_000;
  const lathe = served('lathe', {
    timeMs: hours(6),
    energyMwh: milliwattHours(30_000_000),
    massKg: 5,
    fixedShare: 0.25,
  });
  const mill = served('mill', {
    timeMs: hours(18),
    energyMwh: milliwattHours(20_000_000),
    massKg: 15,
    fixedShare: 0.5,
  });

  it('is divided by time, energy, equally, by mass', () => {
    expect(energies([mill, lathe], 'time')).toEqual({ lathe: 2_500_000, mill: 7_500_000 });
    expect(energies([mill, lathe], 'energy')).toEqual({ lathe: 6_000_000, mill: 4_000_000 });
    expect(energies([mill, lathe], 'equal')).toEqual({ lathe: 5_000_000, mill: 5_000_000 });
    expect(energies([mill, lathe], 'mass')).toEqual({ lathe: 2_500_000, mill: 7_500_000 });
    expect(share([mill, lathe], 'time').rows[0]?.saying).toBe(
      'lathe: 6 h of 24 h powered -> 0.25 x 10,000 Wh of compressor = 2,500 Wh',
    );
  });

  it('is divided by fixed shares, and what they leave over is unallocated', () => {
    expect(share([mill, lathe], 'fixed')).toMatchObject({
      totalMwh: 10_000_000,
      allocatedMwh: 7_500_000,
      unallocatedMwh: 2_500_000,
    });
    expect(share([mill, lathe], 'fixed').rows.map(({ saying }) => saying)).toEqual([
      'lathe: share 0.25 of 1, declared -> 0.25 x 10,000 Wh of compressor = 2,500 Wh',
      'mill: share 0.5 of 1, declared -> 0.5 x 10,000 Wh of compressor = 5,000 Wh',
      'compressor: 2,500 Wh of 10,000 Wh unallocated: its shares leave it over',
    ]);
    const thirds = ['a', 'b', 'c'].map((name) => served(name, { fixedShare: 0.333_333_3 }));
    expect(share(thirds, 'fixed')).toMatchObject({ unallocatedMwh: 0 });
    expect(energies(thirds, 'fixed')).toEqual({ a: 3_333_334, b: 3_333_333, c: 3_333_333 });
  });

  it('stays unallocated where no machine weighs anything, or there is none', () => {
    const idle = [served('lathe', { timeMs: 0 }), served('mill', { timeMs: 0 })];
    expect(share(idle, 'time')).toMatchObject({ allocatedMwh: 0, unallocatedMwh: 10_000_000 });
    expect(share(idle, 'time').rows.at(-1)?.saying).toBe(
      'compressor: 10,000 Wh of 10,000 Wh unallocated: no machine has a weight by time',
    );
    expect(share([], 'equal').unallocatedMwh).toBe(10_000_000);
  });

  it.each<[string, () => unknown]>([
    ['weight-missing', () => share([served('lathe')], 'mass')],
    [
      'shares-over-one',
      () => share([served('a', { fixedShare: 0.7 }), served('b', { fixedShare: 0.4 })], 'fixed'),
    ],
    ['machine-twice', () => share([lathe, lathe], 'equal')],
    ['energy-malformed', () => share([lathe], 'equal', -1)],
  ])('is refused with a cure: %s', (code, divide) => {
    expect(divide).toThrow(
      expect.objectContaining({ code, remedy: 'refuse', cure: expect.stringMatching(/\.$/) }),
    );
  });
});
