import { describe, expect, it } from 'vitest';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { sumUncertainties } from '../../../../collector/energy/uncertainty/sum-uncertainties.ts';
import type { Uncertainty } from '../../../../collector/energy/uncertainty/uncertainty-statement.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { direct, known, load, missingFacts, period } from './metering.ts';

/** 1 % of the reading: u = 1 / sqrt(3) = 0.57735 %. */
function onePercent(energyMwh: number): Uncertainty {
  const { total } = assessPeriod(period(direct('1%'), load(10, 1, { energyMwh: milliwattHours(energyMwh) })));
  if (total === null) throw new Error('no energy');
  return total;
}

describe('sumUncertainties', () => {
  it('adds what one meter measured linearly', () => {
    const sum = known(
      sumUncertainties([
        { meter: 'a', uncertainty: onePercent(3_000_000) },
        { meter: 'a', uncertainty: onePercent(4_000_000) },
      ]),
    );
    expect(sum.standardPercent).toBeCloseTo(0.57735, 5);
    expect(sum.energyMwh).toBe(7_000_000);
  });

  it('adds different meters in quadrature', () => {
    // u 17,320.5 and 23,094.0 mWh: sqrt = 28,867.5 mWh of 7,000,000 = 0.41239 %
    const sum = known(
      sumUncertainties([
        { meter: 'a', uncertainty: onePercent(3_000_000) },
        { meter: 'b', uncertainty: onePercent(4_000_000) },
      ]),
    );
    expect(sum.standardMwh).toBeCloseTo(28_867.5, 1);
    expect(sum.standardPercent).toBeCloseTo(0.41239, 5);
    expect(sum.rows[0]).toMatchObject({
      source: 'meter',
      note: '2 meters, in quadrature: b u 0.577 % of its energy [1 % of the reading]; a u 0.577 % of its energy',
    });
  });

  it('adds readings of one meter in quadrature', () => {
    // 100 s x 360 W = 10,000 mWh a part: sqrt(2) x 10,000 of the gap, 2 x 1,000,000 x 0.57735 % of the meter.
    const part = assessPeriod({
      ...period(direct('1%'), load(10, 1, { gap: { ms: 100_000, spreadW: 360 } })),
      basis: 'power',
    }).total;
    if (part === null) throw new Error('no energy');
    const sum = known(
      sumUncertainties([
        { meter: 'a', uncertainty: part },
        { meter: 'a', uncertainty: part },
      ]),
    );
    expect(sum.standardMwh).toBeCloseTo(Math.hypot(14_142.136, 11_547.005), 2);
  });

  it('is unknown where a part is, and nothing of nothing', () => {
    const { total } = assessPeriod(period(direct(null), load(10, 1)));
    if (total === null) throw new Error('no energy');
    expect(
      missingFacts(
        sumUncertainties([
          { meter: 'a', uncertainty: onePercent(1000) },
          { meter: 'b', uncertainty: total },
        ]),
      ),
    ).toEqual(['accuracy class of the meter']);
    expect(sumUncertainties([])).toBeNull();
    // A hundredth of which nothing is known counts as wrong by all of it, u = 10,000 / sqrt(3); the rest 1 % / sqrt(3).
    const sunday = { ...total, energyMwh: 10_000 };
    const sum = known(
      sumUncertainties([
        { meter: 'a', uncertainty: onePercent(990_000) },
        { meter: 'b', uncertainty: sunday },
      ]),
    );
    expect(sum.standardMwh).toBeCloseTo(Math.hypot(5715.767, 5773.503), 2);
    expect(sum.isQualified).toBe(false);
  });
});
