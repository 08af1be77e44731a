import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../../collector/energy/amendment.ts';
import { amendFeed } from '../../../../collector/energy/amendments/amend-feed.ts';
import { defineCounter } from '../../../../collector/energy/counter-value.ts';
import type { RecordFeed } from '../../../../collector/energy/record-feed.ts';
import { feedOf } from '../fold-feed.ts';

const HERE = defineCounter('serial 1 register 40', ['100', '1']);
const OUT = defineCounter('serial 1 register 42', ['100', '1']);
const TERMS = { id: 'a', machine: 'm', component: 'supply', fromMs: 0, toMs: null };
const SCALE: Amendment = { ...TERMS, fromMs: -1, kind: 'scale', num: '8', den: '10' };

function feed(): RecordFeed {
  return feedOf(1, {
    timesMs: [0, 1000, 2000, 3000],
    powers: { supply: [0, 10, null, 30], spindle: [1, 2, 3, 4] },
    imports: { supply: { values: [5, 6, null, 8], definition: HERE } },
    exports: { supply: { values: [0, 1, 1, 2], definition: OUT } },
  });
}

const amended = (...amendments: Amendment[]) => amendFeed(feed(), amendments).rows;

describe('amendFeed', () => {
  it('hands on the same record where nothing applies', () => {
    const one = feed();
    expect(amendFeed(one, [])).toBe(one);
    expect(amendFeed(one, [{ ...SCALE, fromMs: 3001 }])).toBe(one);
    expect(amendFeed(one, [{ ...SCALE, fromMs: -9, toMs: -1 }])).toBe(one);
    const replaced: Amendment = { ...TERMS, kind: 'meter-replaced', oldLastMwh: 1, newFirstMwh: 1 };
    expect(amendFeed(one, [replaced, { ...TERMS, kind: 'step', is: 'real' }])).toBe(one);
  });

  it('scales powers by the quotient and counters by the fraction, and leaves other components alone', () => {
    const [group, ...more] = amended(SCALE);
    expect(more).toEqual([]);
    expect(group?.powers).toEqual([
      { component: 'supply', values: [0, 8, null, 24] },
      { component: 'spindle', values: [1, 2, 3, 4] },
    ]);
    const [counter] = group?.counters ?? [];
    expect(counter?.values).toEqual([5, 6, null, 8]);
    expect(counter?.definition).toMatchObject({ num: '80', den: '1', wired: '100/1', mwhPerRaw: 80_000 });
  });

  it('cuts rows at both edges: power at the first is in it, a counter at the last, each for the time it tells of', () => {
    const rows = amended({ ...SCALE, fromMs: 1000, toMs: 3000 });
    expect(rows.map(({ timesMs }) => timesMs)).toEqual([[0], [1000], [2000], [3000]]);
    expect(rows.map(({ powers }) => powers[0]?.values)).toEqual([[0], [8], [null], [30]]);
    expect(rows.map(({ counters }) => counters[0]?.definition.num)).toEqual(['100', '100', '80', '80']);
  });

  it('takes a counter that is read when a scale ends by that scale, though no other reading is in it', () => {
    const [first, more] = amended({ ...SCALE, fromMs: -9, toMs: 0 });
    expect(first?.timesMs).toEqual([0]);
    expect(first?.counters[0]?.definition.num).toBe('80');
    expect(more?.counters[0]?.definition.num).toBe('100');
  });

  it('turns power round and lets import and export change places', () => {
    const [group] = amended({ ...TERMS, kind: 'direction' });
    expect(group?.powers[0]?.values).toEqual([0, -10, null, -30]);
    expect(group?.counters.map(({ direction, values }) => [direction, values])).toEqual([
      ['export', [5, 6, null, 8]],
      ['import', [0, 1, 1, 2]],
    ]);
  });

  it('gives readings to another component, and keeps those of that component apart', () => {
    const [group, more] = amended({ ...TERMS, kind: 'component', becomes: 'spindle' });
    expect(group?.powers).toEqual([{ component: 'spindle', values: [0, 10, null, 30] }]);
    expect(more?.powers).toEqual([{ component: 'spindle', values: [1, 2, 3, 4] }]);
    expect(group?.counters.map(({ component }) => component)).toEqual(['spindle', 'spindle']);
  });

  it('changes two components by a third name, each amendment seeing what the one before it left', () => {
    const becomes = (component: string, other: string): Amendment => ({
      ...TERMS,
      component,
      kind: 'component',
      becomes: other,
    });
    const [group] = amended(becomes('supply', 'x'), becomes('spindle', 'supply'), becomes('x', 'spindle'));
    expect(group?.powers.map(({ component }) => component)).toEqual(['spindle', 'supply']);
  });

  it('leaves out what is worth nothing, though the agent was watching', () => {
    const rows = amended({ ...TERMS, kind: 'exclude', fromMs: 2000 });
    expect(rows.map(({ timesMs, powers }) => [timesMs.length, powers.length])).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect(rows[1]?.counters).toEqual([]);
  });

  it('integrates power where a register counts the other way only', () => {
    const only = feedOf(1, {
      timesMs: [0, 1000],
      imports: { supply: { values: [5, 5], definition: HERE } },
    });
    const [group] = amendFeed(only, [{ ...TERMS, kind: 'direction' }]).rows;
    expect(group?.counters.map(({ direction, definition }) => [direction, definition.silent])).toEqual([
      ['export', false],
      ['import', true],
    ]);
  });

  it('knows a meter by another name, with all its points or one', () => {
    const meterOf = (meter: string, is: string) =>
      amended({ ...TERMS, kind: 'same-meter', meter, is })[0]?.counters.map(
        ({ definition }) => definition.identity,
      );
    expect(meterOf('serial 1', 'serial 2')).toEqual([
      'serial 2 register 40 x 100/1',
      'serial 2 register 42 x 100/1',
    ]);
    expect(meterOf('serial 1 register 40', 'x')?.[0]).toBe('x x 100/1');
    expect(meterOf('serial', 'x')?.[0]).toBe('x 1 register 40 x 100/1');
    expect(meterOf('seri', 'x')?.[0]).toBe('serial 1 register 40 x 100/1');
  });

  it('leaves every reading as it was by an inverse, however odd the fraction', () => {
    const there: Amendment = { ...SCALE, num: '7', den: '3' };
    const back: Amendment = { ...SCALE, num: '3', den: '7' };
    const turn: Amendment = { ...TERMS, kind: 'direction' };
    expect(amendFeed(feed(), [there, turn, back, turn])).toEqual(feed());
  });
});
