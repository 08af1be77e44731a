import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectGaps, scaleToSum } from '../../../collector/energy/expect-gaps.ts';
import { emptyHabit, learn } from '../../../collector/energy/habit.ts';
import { HOUR_MS } from '../../../collector/energy/hour-account.ts';
import { shareOut } from '../../../collector/energy/share-out.ts';
import { cutAtMinutes, type Slice } from '../../../collector/energy/slices.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { RUNS } from './calendar/calendars.ts';

const MONDAY_MS = Date.UTC(2026, 2, 2);
const [READY, UNKNOWN] = [OPERATING_STATES.indexOf('ready'), OPERATING_STATES.indexOf('unknown')];
const gap = (fromHour: number, hours: number, state = UNKNOWN): Slice => ({
  fromMs: MONDAY_MS + fromHour * HOUR_MS,
  ms: hours * HOUR_MS,
  state,
  kind: 'gap',
  wattMs: 0,
  slackMs: 0,
});
const methods = (pieces: Slice[], habit = emptyHabit()) =>
  expectGaps(pieces, habit, 500).map(({ method, powerW }) => [method, powerW]);

describe('what is expected of a gap', () => {
  const week = emptyHabit();
  for (let hour = 0; hour < 168; hour++)
    learn(week, MONDAY_MS + hour * HOUR_MS, HOUR_MS, UNKNOWN, 1_000_000 + hour * 1000);

  it('is the mean of the whole up to 2 h, and what like hours drew beyond that', () => {
    expect(methods([gap(169, 1), gap(170, 1)], week)).toEqual([
      ['linear', 500],
      ['linear', 500],
    ]);
    expect(methods([gap(169, 1), gap(170, 1.01)], week)).toEqual([
      ['profile', 1001],
      ['profile', 1002],
    ]);
    expect(methods([gap(169, 3)])).toEqual([['linear', 500]]);
  });

  it('is the mean power of a known state, where that was ever measured', () => {
    const habit = emptyHabit();
    expect(methods([gap(0, 1, READY)], habit)).toEqual([['linear', 500]]);
    learn(habit, MONDAY_MS, HOUR_MS, READY, 1_500_000);
    expect(methods([gap(1, 1, READY), gap(2, 9)], habit)).toEqual([
      ['stateMean', 1500],
      ['linear', 500],
    ]);
  });

  it('is nothing special where only power was missing', () => {
    const habit = emptyHabit();
    learn(habit, MONDAY_MS, HOUR_MS, READY, 1_500_000);
    expect(methods([{ ...gap(1, 3, READY), kind: 'timed' }], habit)).toEqual([['linear', 500]]);
  });
});

describe('scaling to a sum', () => {
  const hour = (powerW: number) => ({ ms: HOUR_MS, powerW });

  it('multiplies everything by one factor', () => {
    expect(scaleToSum([hour(6000), hour(2000)], 4_000_000, null)).toEqual([3_000_000, 1_000_000]);
  });

  it('spreads evenly what is expected of nobody', () => {
    expect(scaleToSum([hour(0), { ms: HOUR_MS / 2, powerW: 0 }], 3_000_000, null)).toEqual([
      2_000_000, 1_000_000,
    ]);
  });

  it('gives no piece more than can be drawn, as long as the whole fits', () => {
    expect(scaleToSum([hour(6000), hour(1000), hour(0)], 13_000_000, 8000)).toEqual([
      8_000_000, 5_000_000, 0,
    ]);
    expect(scaleToSum([hour(6000), hour(1000), hour(0)], 18_000_000, 8000)).toEqual([
      8_000_000, 8_000_000, 2_000_000,
    ]);
    expect(scaleToSum([hour(6000), hour(0)], 17_000_000, 8000)).toEqual([8_500_000, 8_500_000]);
  });
});

describe('sharing out a difference', () => {
  const piece = fc.record({
    ms: fc.integer({ min: 1, max: 90 * 60_000 }),
    kind: fc.constantFrom('covered' as const, 'timed' as const, 'gap' as const),
    state: fc.nat({ max: UNKNOWN }),
    powerW: fc.nat({ max: 9000 }),
  });

  it('sums to it, and what was measured does not depend on what is expected of the rest', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        fc.nat({ max: 50_000_000 }),
        fc.nat({ max: 9_000_000 }),
        (drawn, mwh, learnt) => {
          let atMs = MONDAY_MS;
          const slices = drawn.map(({ ms, kind, state, powerW }): Slice => {
            const fromMs = atMs;
            atMs += ms;
            return { fromMs, ms, state, kind, wattMs: kind === 'covered' ? powerW * ms : 0, slackMs: 0 };
          });
          const pieces = cutAtMinutes(slices);
          const habit = emptyHabit();
          learn(habit, MONDAY_MS - HOUR_MS, HOUR_MS, READY, learnt);
          const plain = shareOut(milliwattHours(mwh), pieces, emptyHabit(), null);
          const shares = shareOut(milliwattHours(mwh), pieces, habit, null);
          for (const each of [plain, shares]) {
            expect(each.reduce((sum, share) => sum + share.mwh, 0)).toBe(mwh);
            expect(each.every((share) => Number.isSafeInteger(share.mwh) && share.mwh >= 0)).toBe(true);
          }
          for (const [index, { kind }] of pieces.entries())
            if (kind === 'covered') expect(shares[index]?.mwh).toBe(plain[index]?.mwh);
        },
      ),
      { numRuns: RUNS },
    );
  }, 3_600_000);
});
