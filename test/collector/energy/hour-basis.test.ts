import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import {
  accountAt,
  addReason,
  addTime,
  HOUR_MS,
  markReason,
} from '../../../collector/energy/hour-account.ts';
import { baseOf } from '../../../collector/energy/hour-base.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { balanceTree } from '../../../collector/energy/metering-tree.ts';
import { listMarks } from '../../../collector/energy/reason-marks.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';

const HOUR = Date.UTC(2026, 2, 2, 10);
const at = (minute: number) => HOUR + minute * 60_000;

describe('marks of an hour', () => {
  it('are the minutes that a reason touches, joined, in whatever order they come', () => {
    const account = accountAt([], HOUR);
    addReason(account, 'counter-glitch', at(31) + 5, at(31) + 5);
    addReason(account, 'gap', at(29.5), at(30.5));
    addReason(account, 'gap', at(31), at(32));
    addReason(account, 'gap', at(58), at(75));
    addReason(account, 'gap', at(-3), at(0.1));
    addReason(account, 'conflict');
    expect(listMarks(account.marked)).toEqual([
      { reason: 'gap', fromMinute: 0, toMinute: 1 },
      { reason: 'gap', fromMinute: 29, toMinute: 32 },
      { reason: 'gap', fromMinute: 58, toMinute: 60 },
      { reason: 'counter-glitch', fromMinute: 31, toMinute: 32 },
      { reason: 'conflict', fromMinute: 0, toMinute: 60 },
    ]);
  });

  it('go on in the next hour, and end where it ends on the minute', () => {
    const accounts = [accountAt([], HOUR)];
    markReason(accounts, 'source-down', at(59), at(62));
    expect(accounts.map(({ marked }) => listMarks(marked))).toEqual([
      [{ reason: 'source-down', fromMinute: 59, toMinute: 60 }],
      [{ reason: 'source-down', fromMinute: 0, toMinute: 2 }],
    ]);
  });

  it('are gaps, too, where less was measured than time went by', () => {
    const accounts = [accountAt([], HOUR)];
    addTime(accounts, at(0), at(10), { state: 0, decider: 0, isMeasured: true });
    addTime(accounts, at(10), at(12.5), { state: 0, decider: 0, isMeasured: false });
    addTime(accounts, at(12.5), at(40), { state: 0, decider: 0, isMeasured: true });
    expect(baseOf('m', accounts[0]!).marks).toEqual([{ reason: 'gap', fromMinute: 10, toMinute: 13 }]);
  });
});

describe('amendments of an hour', () => {
  const scale: Amendment = {
    id: 'a1',
    machine: 'm',
    component: 'supply',
    fromMs: at(-30),
    toMs: at(0),
    kind: 'scale',
    num: '2',
    den: '1',
  };
  const hourOf = (amendments: Amendment[]) => {
    const { basis, reasons } = closeHour(
      'site',
      { ...unconfiguredMachine('m'), amendments },
      accountAt([], HOUR),
    );
    return [basis.amendments, reasons.includes('amended')];
  };

  it('are those in force in some of it, in the order in which they were entered', () => {
    expect(hourOf([scale])).toEqual([[], false]);
    expect(hourOf([{ ...scale, toMs: at(0) + 1 }])).toEqual([['a1'], true]);
    expect(hourOf([{ ...scale, fromMs: at(60), toMs: null }])).toEqual([[], false]);
    const exclude: Amendment = { ...scale, id: 'a0', kind: 'exclude', fromMs: at(59), toMs: null };
    expect(hourOf([{ ...scale, toMs: null }, exclude])).toEqual([['a1', 'a0'], true]);
  });

  it('are no reason where they only say which meter it was, and a replaced meter is one of its hour', () => {
    const { id, machine, component, fromMs } = scale;
    const terms = { id, machine, component, fromMs, toMs: null };
    expect(hourOf([{ ...terms, kind: 'same-meter', meter: 'a', is: 'b' }])).toEqual([['a1'], false]);
    const replaced: Amendment = { ...terms, kind: 'meter-replaced', oldLastMwh: 1, newFirstMwh: 0 };
    expect(hourOf([replaced])).toEqual([[], false]);
    expect(hourOf([{ ...replaced, fromMs: at(5) }])).toEqual([['a1'], true]);
  });

  it('are those, too, that decided about a reading of it', () => {
    const account = accountAt([], HOUR + 5 * HOUR_MS);
    account.decisions.push({
      atMs: account.hourMs,
      component: 'supply',
      direction: 'import',
      kind: 'amended',
      beforeMwh: null,
      nowMwh: null,
      boundMwh: null,
      bookedMwh: 0,
      amendment: 'a1',
      saying: '',
    });
    const { basis } = closeHour('site', { ...unconfiguredMachine('m'), amendments: [scale] }, account);
    expect(basis.amendments).toEqual(['a1']);
  });
});

describe('a metering tree', () => {
  const mwh = (of: Record<string, number>) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, milliwattHours(value)]));

  it('counts a part at the nearest measured component above it', () => {
    const tree = { tool: 'spindle', spindle: 'drives', axes: 'drives' };
    expect(balanceTree(mwh({ supply: 100, tool: 10, axes: 5, pump: 20 }), tree)).toEqual({
      residualMwh: 65,
      residuals: { drives: null, spindle: null },
      overCounted: [],
    });
    expect(balanceTree(mwh({ supply: 100, drives: 40, tool: 10, axes: 5 }), tree)).toEqual({
      residualMwh: 60,
      residuals: { drives: 25, spindle: null },
      overCounted: [],
    });
  });

  it('has no residual without a supply or without parts', () => {
    expect(balanceTree(mwh({ supply: 100 }), { spindle: 'drives' }).residualMwh).toBeNull();
    expect(balanceTree(mwh({ spindle: 100 }), { spindle: 'drives' })).toEqual({
      residualMwh: null,
      residuals: { drives: null },
      overCounted: [],
    });
  });

  it('flags what is over by more than one step of each meter', () => {
    const over = (spindle: number) =>
      balanceTree(mwh({ supply: 100, spindle }), {}, { supply: 1, spindle: 10 }).overCounted;
    expect(over(111)).toEqual([]);
    expect(over(112)).toEqual(['supply']);
  });

  it('ends where a tree goes round in circles', () => {
    expect(balanceTree(mwh({ supply: 9, a: 1, b: 2 }), { a: 'b', b: 'a' })).toMatchObject({
      residuals: { a: -1, b: 1 },
    });
  });
});
