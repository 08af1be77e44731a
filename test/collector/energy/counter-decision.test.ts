import { describe, expect, it } from 'vitest';
import { noteDecision, type CounterDecision } from '../../../collector/energy/counter-decision.ts';

const decision = (atMs: number, traits: Partial<CounterDecision> = {}): CounterDecision => ({
  atMs,
  component: 'supply',
  direction: 'import',
  kind: 'glitch',
  beforeMwh: 0,
  nowMwh: 1,
  boundMwh: null,
  bookedMwh: 1,
  amendment: null,
  saying: 'a spike',
  ...traits,
});

describe('noteDecision', () => {
  it('keeps them in order of time and counter, whichever counter is taken in first', () => {
    const spindle = [1, 2, 3].map((atMs) => decision(atMs, { component: 'spindle' }));
    const supply = [2, 3].map((atMs) => decision(atMs));
    const one: CounterDecision[] = [];
    const other: CounterDecision[] = [];
    for (const each of [...spindle, ...supply]) noteDecision(one, each);
    for (const each of [...supply, ...spindle]) noteDecision(other, each);
    expect(one).toEqual(other);
    expect(one.map(({ atMs, component }) => `${atMs} ${component}`)).toEqual([
      '1 spindle',
      '2 spindle',
      '2 supply',
      '3 spindle',
      '3 supply',
    ]);
  });

  it('keeps a hundred of one counter, and says how many more there were', () => {
    const decisions: CounterDecision[] = [];
    noteDecision(decisions, decision(0, { component: 'spindle', saying: 'another counter' }));
    for (let atMs = 1; atMs <= 260; atMs++) noteDecision(decisions, decision(atMs));
    expect(decisions).toHaveLength(101);
    expect(decisions[100]).toMatchObject({ atMs: 100, saying: 'a spike (and 160 more in this hour)' });
    expect(decisions[0]?.saying).toBe('another counter');
  });

  it('says once an hour what may go on with every reading', () => {
    const decisions: CounterDecision[] = [];
    for (let atMs = 1; atMs <= 3600; atMs++)
      noteDecision(decisions, decision(atMs, { kind: 'impossible', saying: 'no value' }));
    noteDecision(decisions, decision(3600));
    expect(decisions.map(({ atMs, saying }) => [atMs, saying])).toEqual([
      [1, 'no value (and 3599 more of it in this hour)'],
      [3600, 'a spike'],
    ]);
  });
});
