import { describe, expect, it } from 'vitest';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { milliwattHours, watts } from '../../../../protocols/telemetry/unit.ts';
import { behindTransformers, direct, known, load, missingFacts, period } from './metering.ts';

const expandedOf = (meterClass: string, ctClass: string, currentA: number, powerFactor: number) =>
  known(assessPeriod(period(behindTransformers(meterClass, ctClass), load(currentA, powerFactor))).total)
    .expandedPercent;

describe('assessPeriod', () => {
  it('gives the worked examples of the method to the printed digit', () => {
    // a_m 0.5 + 0.1 x 0.3287/1.7321 = 0.519; a_CT 0.5; a_phi 0.02909 x 30 x 0.3287 = 0.2868
    // 2 x sqrt((0.519^2 + 0.5^2 + 0.2868^2) / 3) = 2 x sqrt(0.20053) = 0.8956
    expect(expandedOf('0.5S', '0.5S', 20, 0.95).toFixed(1)).toBe('0.9');
    // a_m 0.5589, a_phi 0.02909 x 30 x 1.0202 = 0.8903: 2 x sqrt((0.3124 + 0.25 + 0.7927) / 3) = 1.3442
    expect(expandedOf('0.5S', '0.5S', 20, 0.7).toFixed(1)).toBe('1.3');
    // a_m 1, a_CT 0.75, a_phi 0.02909 x 45 x 1.0202 = 1.3355: 2 x sqrt((1 + 0.5625 + 1.7836) / 3) = 2.1122
    expect(expandedOf('1', '0.5', 20, 0.7).toFixed(1)).toBe('2.1');
    // a_m 1 (0.5S, PF 0.5, 2 to 10 %), a_CT 1.5, a_phi 0.02909 x 90 x 1.7321 = 4.5345: 2 x sqrt((1 + 2.25 + 20.562) / 3) = 5.6347
    expect(expandedOf('0.5S', '0.5', 5, 0.5).toFixed(1)).toBe('5.6');
  });

  it('shows the budget, line by line', () => {
    const statement = known(
      assessPeriod(period(behindTransformers('1', '0.5'), load(20, 0.7))).states.processing,
    );
    const lines = statement.rows.map((row) => [
      row.source,
      row.halfWidthPercent?.toFixed(3),
      row.standardUncertaintyPercent.toFixed(3),
      row.sharePercent.toFixed(1),
    ]);
    // Shares: 1 / 3.3461, 0.5625 / 3.3461, 1.7836 / 3.3461.
    expect(lines.slice(0, 3)).toEqual([
      ['meter', '1.000', '0.577', '29.9'],
      ['ct', '0.750', '0.433', '16.8'],
      ['ctPhase', '1.335', '0.771', '53.3'],
    ]);
    expect(statement.rows.map(({ source }) => source)).toEqual([
      'meter',
      'ct',
      'ctPhase',
      'vt',
      'vtPhase',
      'drift',
      'environment',
      'sampling',
      'gap',
      'resolution',
      'closure',
    ]);
    expect(statement).toMatchObject({ k: 2, degreesOfFreedom: 'inf', isQualified: true });
    expect(statement.rows[2]?.note).toBe('class 0.5 at 20 % of 100 A; 45 minutes of arc, tan(phi) 1.02');
  });

  it('adds the states of one meter linearly, source by source', () => {
    // Standby 2 kWh: a 1, 1.5, 4.5345; processing 6 kWh: 0.5589, 0.75, 1.3355 (CT 0.5 at 20 %, PF 0.7).
    // Per source (2 x a1 + 6 x a2) / 8: 0.66918, 0.9375, 2.13525; U = 2 x sqrt((0.44780 + 0.87891 + 4.55929) / 3) = 2.8014
    const { states, total } = assessPeriod(
      period(
        behindTransformers('0.5S', '0.5'),
        load(5, 0.5, { state: 'standby', energyMwh: milliwattHours(2_000_000) }),
        load(20, 0.7, { energyMwh: milliwattHours(6_000_000) }),
      ),
    );
    expect(known(total).expandedPercent).toBeCloseTo(2.8014, 3);
    expect(known(total).expandedMwh).toBeLessThanOrEqual(
      known(states.standby).expandedMwh + known(states.processing).expandedMwh,
    );
    expect(known(total).rows[0]?.note).toBe(
      'class 0.5S, IEC 62053-22; states added linearly (load in % of 5 A (as its transformer), u in %): processing 20, 0.323; standby 5, 0.577',
    );
    expect(known(total).rows[2]?.note).toBe(
      'class 0.5; states added linearly (minutes of arc, tan(phi), u in %, ! its largest): standby 90, 1.73, 2.62!; processing 45, 1.02, 0.771!',
    );
  });

  it('names every state, and once that no standard gives a limit', () => {
    const { total } = assessPeriod(
      period(
        behindTransformers('0.5S', '0.5'),
        load(20, 0.7, { energyMwh: milliwattHours(6_000_000) }),
        load(2, 0.5, { state: 'standby', energyMwh: milliwattHours(200_000) }),
        load(0.05, 0.5, { state: 'off', energyMwh: milliwattHours(10_000) }),
      ),
    );
    expect(known(total).rows[1]?.note).toBe(
      'class 0.5; states added linearly (load in % of 100 A, u in %, ! its largest): processing 20, 0.433; off 0.05, 57.7!*; standby 2, 2.17*; * below 5 %: 1.5 % x 5 % / load, at most all of it (no standard gives a limit there: unqualified)',
    );
  });

  it('takes several bands of load of one state', () => {
    const { states } = assessPeriod(period(behindTransformers('0.5S', '0.5S'), load(5, 0.5), load(80, 0.9)));
    expect(known(states.processing).energyMwh).toBe(2_000_000);
    expect(Object.keys(states)).toEqual(['processing']);
  });

  it('adds drift and temperature where they are told', () => {
    const metering = {
      ...direct('1'),
      drift: { perYear: { value: 500, unit: 'ppm' as const }, years: 4 },
      environment: { ambientDegC: { min: 13, max: 43 }, perKelvin: { value: 0.05, unit: '%' as const } },
    };
    const { rows } = known(assessPeriod(period(metering, load(10, 1))).total);
    // 500 ppm = 0.05 % a year x 4 years; 0.05 % x (43 - 23) K.
    expect(rows.find(({ source }) => source === 'drift')?.halfWidthPercent).toBeCloseTo(0.2, 12);
    expect(rows.find(({ source }) => source === 'environment')?.halfWidthPercent).toBeCloseTo(1, 12);
  });

  it('counts sampling only where there is no counter', () => {
    // Two changes of 3 and 4 kW, a reading each second: sqrt(9e6 + 16e6) = 5000 W; x 1 s / sqrt(12) = 1443.4 Ws = 400.94 mWh.
    const state = load(20, 0.9, { sampling: { stepSquaresW2: 25e6, everyMs: 1000 } });
    const facts = period(behindTransformers('0.5S', '0.5S'), state);
    const sampled = (basis: 'register' | 'power') =>
      known(assessPeriod({ ...facts, basis }).total).rows.find(({ source }) => source === 'sampling');
    expect(sampled('register')?.standardUncertaintyPercent).toBe(0);
    // of 1,000,000 mWh
    expect(sampled('power')?.standardUncertaintyPercent).toBeCloseTo(0.040094, 6);
  });

  it('keeps gaps, steps of the counter and closure where they belong', () => {
    // 600 s x 300 W = 180,000 Ws = 50,000 mWh of 1,000,000: 5 %. Step 100 Wh: 100,000 / sqrt(6) = 40,825 mWh = 4.0825 %.
    const state = load(20, 0.9, { gap: { ms: 600_000, spreadW: 300 }, visits: 4 });
    const facts = {
      ...period(behindTransformers('0.5S', '0.5S'), state),
      counterStepMwh: 100_000,
      closure: 1.012,
    };
    const lineOf = (statement: ReturnType<typeof known>, source: string) =>
      statement.rows.find((row) => row.source === source)?.standardUncertaintyPercent;
    const { states, total } = assessPeriod(facts);
    expect(lineOf(known(states.processing), 'gap')).toBeCloseTo(5, 9);
    expect(lineOf(known(states.processing), 'resolution')).toBeCloseTo(2 * 4.08248, 4);
    // |1.012 - 1| = 1.2 %, / sqrt(3)
    expect(lineOf(known(states.processing), 'closure')).toBeCloseTo(0.6928, 4);
    expect(lineOf(known(total), 'gap')).toBe(0);
    expect(lineOf(known(total), 'resolution')).toBeCloseTo(4.08248, 4);
    expect(lineOf(known(total), 'closure')).toBe(0);
    expect(lineOf(known(assessPeriod({ ...facts, basis: 'power' }).total), 'gap')).toBeCloseTo(5, 9);
  });

  it('says what to enter where a fact is missing, and guesses none', () => {
    const unclassed = assessPeriod(period(behindTransformers(null, null), load(20, 0.7)));
    expect(missingFacts(unclassed.total)).toEqual([
      'accuracy class of the meter',
      'accuracy class of the current transformer',
    ]);
    expect(unclassed.total).toMatchObject({
      missing: [{ remedy: expect.stringContaining('meter: { class: "0.5S" }') as string }, {}],
    });
    const ct = { class: '0.5', primaryA: null, secondaryA: null };
    expect(
      missingFacts(
        assessPeriod(
          period(
            { ...behindTransformers('1', '0.5'), connection: { kind: 'transformer', ct } },
            load(20, 0.7),
          ),
        ).total,
      ),
    ).toEqual(['rated currents of the current transformer']);
    expect(missingFacts(assessPeriod(period(direct('unknown'), load(20, 0.7))).total)).toEqual([
      'accuracy class of the meter',
    ]);
    expect(
      missingFacts(assessPeriod(period({ ...direct('1'), connection: null }, load(20, 0.7))).total),
    ).toEqual(['whether current transformers stand before the meter']);
    expect(missingFacts(assessPeriod(period(direct('1'), load(null, null))).total)).toEqual([
      'mean current of the state',
      'power factor of the state',
    ]);
  });

  it('knows a state although another one lacks a fact, and then no total', () => {
    const { states, total } = assessPeriod(
      period(behindTransformers('0.5S', '0.5'), load(20, 0.7), load(5, null, { state: 'standby' })),
    );
    expect(states.processing?.kind).toBe('known');
    expect(states.standby?.kind).toBe('unknown');
    expect(missingFacts(total)).toEqual(['power factor of the state']);
  });

  it('counts next to nothing as wrong by all of it rather than know no total', () => {
    // 1 % of the reading of 995,000 mWh and 100 % of 5,000 mWh, linearly: (9,950 + 5,000) / 1,000,000 = 1.495 %, / sqrt(3)
    const metering = behindTransformers('1%', '0.5');
    const assessed = (offMwh: number) =>
      assessPeriod(
        period(
          metering,
          load(100, 1, { energyMwh: milliwattHours(1_000_000 - offMwh) }),
          load(0, null, { state: 'off', energyMwh: milliwattHours(offMwh) }),
        ),
      );
    const { states, total } = assessed(5000);
    expect(states.off?.kind).toBe('unknown');
    expect(known(total).rows[0]?.standardUncertaintyPercent).toBeCloseTo(1.495 / Math.sqrt(3), 9);
    expect(known(total).isQualified).toBe(false);
    expect(known(total).rows[0]?.note).toBe(
      'states added linearly (u in %, ! its largest): processing 0.577! [1 % of the reading]; off 57.7! [off, 0.5 % of the energy or less, counted as wrong by all of it, unqualified: no current above 0]',
    );
    expect(assessed(10_001).total?.kind).toBe('unknown');
  });

  it('leaves out states without energy', () => {
    const off = load(null, null, { state: 'off', energyMwh: milliwattHours(0), meanPowerW: watts(0) });
    expect(assessPeriod(period(direct('1'), off))).toEqual({ states: {}, total: null });
    expect(assessPeriod(period(direct('1'), off, load(10, 1))).total?.kind).toBe('known');
  });
});
