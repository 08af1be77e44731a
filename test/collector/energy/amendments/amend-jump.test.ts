import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../../collector/energy/amendment.ts';
import { amendJump, scaleEdgeBetween } from '../../../../collector/energy/amendments/amend-jump.ts';
import type { Confirmed } from '../../../../collector/energy/counter-evidence.ts';
import { ENERGY_UNITS } from '../../../../collector/energy/counter-saying.ts';
import { meterReadingMwh, milliwattHours } from '../../../../protocols/telemetry/unit.ts';

const TERMS = { machine: 'm', component: 'supply', fromMs: 1500, toMs: null };
const replaced = (id: string, oldLastMwh: number, newFirstMwh: number, terms = {}): Amendment => ({
  ...TERMS,
  id,
  kind: 'meter-replaced',
  oldLastMwh,
  newFirstMwh,
  ...terms,
});
/** 10 kWh at 1 s, and from 2 s on 500 kWh. */
const EVIDENCE: Confirmed = {
  before: { atMs: 1000, mwh: meterReadingMwh(10_000_000) },
  first: { atMs: 2000, mwh: meterReadingMwh(500_000_000) },
  now: { atMs: 4000, mwh: meterReadingMwh(500_000_100) },
  bound: null,
  readings: 3,
  meter: 'new',
  meterBefore: 'old',
  jumpMwh: milliwattHours(490_000_000),
  wrapsMwh: milliwattHours(0),
};
const amend = (
  amendments: Amendment[],
  kind: 'identity' | 'step' | 'reset' = 'identity',
  evidence = EVIDENCE,
) => amendJump(kind, evidence, 'supply', amendments, ENERGY_UNITS);

describe('amendJump', () => {
  it('books what the old meter and the new one counted while nobody read them', () => {
    const told = amend([replaced('a', 10_200_000, 499_700_000)]);
    expect(told).toMatchObject({ amendment: 'a', mwh: 500_000, isReplaced: true });
    expect(told?.saying).toContain('10.2 kWh - 10 kWh read = 200 Wh');
    expect(told?.saying).toContain('500 kWh read - 499.7 kWh at first = 300 Wh');
  });

  it('takes an old meter that has wrapped by what it shows', () => {
    const wrapped = { ...EVIDENCE, wrapsMwh: milliwattHours(9_000_000) };
    expect(amend([replaced('a', 1_200_000, 500_000_000)], 'identity', wrapped)).toMatchObject({
      mwh: 200_000,
    });
  });

  it('refuses what makes a counter run backwards, and says so', () => {
    for (const [oldLast, newFirst] of [
      [9_999_999, 500_000_000],
      [10_000_000, 500_000_001],
    ] as const)
      expect(amend([replaced('a', oldLast, newFirst)])).toMatchObject({ amendment: 'a', mwh: null });
    const fell = { ...EVIDENCE, jumpMwh: milliwattHours(-1) };
    expect(amend([{ ...TERMS, id: 's', kind: 'step', is: 'real' }], 'step', fell)).toMatchObject({
      mwh: null,
    });
  });

  it('holds only for its component, in its time, and the one entered last of several', () => {
    expect(amend([])).toBeNull();
    expect(amend([replaced('a', 1e7, 5e8, { component: 'spindle' })])).toBeNull();
    expect(amend([replaced('a', 1e7, 5e8, { fromMs: 999 })])).toBeNull();
    expect(amend([replaced('a', 1e7, 5e8, { fromMs: 2001 })])).toBeNull();
    // Where nobody knows the moment, a time that meets the silence will do.
    expect(amend([replaced('a', 1e7, 5e8, { fromMs: 0, toMs: 1001 })])).toMatchObject({ amendment: 'a' });
    expect(amend([replaced('a', 1e7, 5e8, { fromMs: 0, toMs: 1000 })])).toBeNull();
    expect(amend([replaced('a', 1e7, 5e8), replaced('b', 1e7, 5e8)])).toMatchObject({ amendment: 'b' });
  });

  it('believes a step where a person called it real, and nothing but a step', () => {
    const real: Amendment = { ...TERMS, id: 's', kind: 'step', is: 'real', toMs: 2001 };
    expect(amend([real], 'step')).toMatchObject({ amendment: 's', mwh: 490_000_000, isReplaced: false });
    expect(amend([{ ...real, toMs: 2000 }], 'step')).toBeNull();
    expect(amend([real], 'identity')).toBeNull();
    expect(amend([real], 'reset')).toBeNull();
  });
});

describe('scaleEdgeBetween', () => {
  it('finds the amendment whose edge two readings lie around', () => {
    const scale: Amendment = {
      ...TERMS,
      id: 'x',
      fromMs: 1000,
      toMs: 3000,
      kind: 'scale',
      num: '1',
      den: '2',
    };
    expect(scaleEdgeBetween(999, 1500, 'supply', [scale])).toBe('x');
    expect(scaleEdgeBetween(1000, 1500, 'supply', [scale])).toBeNull();
    expect(scaleEdgeBetween(2999, 3001, 'supply', [scale])).toBe('x');
    expect(scaleEdgeBetween(2999, 3000, 'supply', [scale])).toBeNull();
    expect(scaleEdgeBetween(1500, 2999, 'supply', [scale])).toBeNull();
    expect(
      scaleEdgeBetween(999, 2000, 'supply', [
        { ...scale, id: 'y' },
        { ...scale, component: 'z' },
      ]),
    ).toBe('y');
  });
});
