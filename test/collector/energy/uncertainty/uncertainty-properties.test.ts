import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeteringFacts, StateLoad } from '../../../../collector/energy/uncertainty/metering-facts.ts';
import { limitMeter } from '../../../../collector/energy/uncertainty/meter-limit.ts';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { limitCurrentTransformer } from '../../../../collector/energy/uncertainty/transformer-limit.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, watts } from '../../../../protocols/telemetry/unit.ts';
import { behindTransformers, direct, load, period } from './metering.ts';

const numRuns = process.env['MILLWATT_TEST_LONG'] === '1' ? 100_000 : 1_000;
const TIMEOUT_MS = 300_000;
const METERS = ['0.1S', '0.2S', '0.5S', '0.5', '1', '2', 'A', 'B', 'C', '1.5%'];
const CTS = ['0.1', '0.2', '0.2S', '0.5', '0.5S', '1'];

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 6 });
const share = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const anyLoad: fc.Arbitrary<StateLoad> = fc
  .record({
    state: fc.constantFrom(...OPERATING_STATES),
    energyMwh: fc.integer({ min: 0, max: 1e10 }),
    meanPowerW: nullable(share(0, 1e6)),
    powerFactor: nullable(share(-1.1, 1.1)),
    currentA: nullable(share(0, 500)),
    gapMs: fc.integer({ min: 0, max: 1e7 }),
    spreadW: share(0, 1e4),
    stepSquaresW2: share(0, 1e12),
    visits: fc.integer({ min: 1, max: 500 }),
  })
  .map(({ energyMwh, meanPowerW, gapMs, spreadW, stepSquaresW2, ...rest }) => ({
    ...rest,
    energyMwh: milliwattHours(energyMwh),
    meanPowerW: meanPowerW === null ? null : watts(meanPowerW),
    gap: { ms: gapMs, spreadW },
    sampling: { stepSquaresW2, everyMs: 1000 },
  }));
const knownLoad = anyLoad.map((one) => ({
  ...one,
  energyMwh: milliwattHours(one.energyMwh + 1),
  powerFactor: Math.max(0.05, Math.min(1, Math.abs(one.powerFactor ?? 0.5))),
  currentA: Math.max(0.01, one.currentA ?? 10),
}));
const anyMetering: fc.Arbitrary<MeteringFacts> = fc
  .tuple(fc.constantFrom(...METERS), nullable(fc.constantFrom(...CTS)))
  .map(([meter, ct]) => (ct === null ? direct(meter) : behindTransformers(meter, ct)));

describe('any period', { timeout: TIMEOUT_MS }, () => {
  it('is either known in every figure, or says what to enter', () => {
    const words = fc.oneof(fc.constantFrom<string | null>(...METERS, null, 'unknown', 'no. 7'), fc.string());
    fc.assert(
      fc.property(
        words,
        words,
        fc.array(anyLoad, { maxLength: 5 }),
        fc.constantFrom<'register' | 'power'>('register', 'power'),
        (meter, ct, states, basis) => {
          const { total } = assessPeriod({
            ...period(behindTransformers(meter, ct), ...states),
            basis,
            counterStepMwh: 1000,
            closure: 1.01,
          });
          if (total === null) {
            expect(states.every(({ energyMwh }) => energyMwh === 0)).toBe(true);
            return;
          }
          if (total.kind === 'unknown') {
            expect(total.missing.length).toBeGreaterThan(0);
            for (const { fact, remedy } of total.missing)
              expect(fact.length * remedy.length).toBeGreaterThan(0);
            return;
          }
          expect(Number.isFinite(total.standardMwh) && total.standardMwh >= 0).toBe(true);
          expect(total.expandedMwh).toBe(2 * total.standardMwh);
          expect(total.rows.reduce((sum, { sharePercent }) => sum + sharePercent, 0)).toBeCloseTo(100, 6);
          expect(Math.hypot(...total.rows.map((row) => row.standardUncertaintyPercent))).toBeCloseTo(
            total.standardPercent,
            6,
          );
        },
      ),
      { numRuns },
    );
  });

  it('has a total between the quadrature and the sum of its states', () => {
    fc.assert(
      fc.property(anyMetering, fc.array(knownLoad, { minLength: 1, maxLength: 6 }), (metering, states) => {
        const facts = period(metering, ...states.map(({ gap: _gap, ...one }) => one));
        const { states: single, total } = assessPeriod(facts);
        if (total?.kind !== 'known') throw new Error('a fact is missing');
        const each = Object.values(single).map((one) =>
          one.kind === 'known' ? one.standardMwh : Number.NaN,
        );
        const sum = each.reduce((a, b) => a + b, 0);
        expect(total.standardMwh).toBeLessThanOrEqual(sum * (1 + 1e-9));
        expect(total.standardMwh).toBeGreaterThanOrEqual(Math.hypot(...each) * (1 - 1e-9));
      }),
      { numRuns },
    );
  });

  it('does not care for the order of states, nor for a state cut in two equal loads', () => {
    fc.assert(
      fc.property(anyMetering, fc.array(knownLoad, { minLength: 1, maxLength: 5 }), (metering, states) => {
        const whole = states.map(({ gap: _gap, ...one }) => ({
          ...one,
          energyMwh: milliwattHours(2 * one.energyMwh),
        }));
        const halves = states.map(({ gap: _gap, ...one }) => one);
        const standard = (list: StateLoad[]) => {
          const { total } = assessPeriod({ ...period(metering, ...list), closure: 0.99 });
          if (total?.kind !== 'known') throw new Error('a fact is missing');
          return total.standardMwh;
        };
        expect(standard(whole.toReversed()) / standard(whole)).toBeCloseTo(1, 9);
        expect(standard([...halves, ...halves]) / standard(whole)).toBeCloseTo(1, 9);
      }),
      { numRuns },
    );
  });
});

describe('limits', { timeout: TIMEOUT_MS }, () => {
  const percent = (limit: ReturnType<typeof limitMeter>) => ('percent' in limit ? limit.percent : Number.NaN);

  it('never fall when a load or a power factor falls', () => {
    fc.assert(
      fc.property(
        anyMetering,
        share(0.01, 119),
        share(0.05, 1),
        share(0.05, 1),
        share(0.1, 1),
        (metering, currentA, powerFactor, loadFactor, factor) => {
          const high = load(currentA, powerFactor);
          const lighter = load(currentA * loadFactor, powerFactor);
          const worse = load(currentA, powerFactor * factor);
          const meter = percent(limitMeter(metering, high));
          const floor = meter * (1 - 1e-9);
          // A direct meter beyond its 100 A is widened by load, so a lighter load may be better there.
          if (metering.connection?.kind !== 'direct' || currentA <= 100) {
            expect(percent(limitMeter(metering, lighter))).toBeGreaterThanOrEqual(floor);
          }
          expect(percent(limitMeter(metering, worse))).toBeGreaterThanOrEqual(floor);
          if (metering.connection?.kind !== 'transformer') return;
          const { ct } = metering.connection;
          const { ratio, phase } = limitCurrentTransformer(ct, high);
          const light = limitCurrentTransformer(ct, lighter);
          expect(percent(light.ratio)).toBeGreaterThanOrEqual(percent(ratio) * (1 - 1e-9));
          expect(percent(light.phase)).toBeGreaterThanOrEqual(percent(phase) * (1 - 1e-9));
          expect(percent(limitCurrentTransformer(ct, worse).phase)).toBeGreaterThanOrEqual(
            percent(phase) * (1 - 1e-9),
          );
        },
      ),
      { numRuns },
    );
  });

  it('of a transformer are nowhere below a logarithmic axis', () => {
    fc.assert(
      fc.property(fc.constantFrom('0.2', '0.5', '1'), share(5, 20), (ctClass, loadPercent) => {
        const at = (currentA: number) =>
          percent(
            limitCurrentTransformer({ class: ctClass, primaryA: 100, secondaryA: 5 }, load(currentA, 1))
              .ratio,
          );
        const logarithmic = at(5) + (Math.log(loadPercent / 5) / Math.log(4)) * (at(20) - at(5));
        expect(at(loadPercent)).toBeGreaterThanOrEqual(logarithmic - 1e-9);
      }),
      { numRuns },
    );
  });
});
