import { describe, expect, it } from 'vitest';
import { limitMeter } from '../../../../collector/energy/uncertainty/meter-limit.ts';
import {
  limitCurrentTransformer,
  limitVoltageTransformer,
} from '../../../../collector/energy/uncertainty/transformer-limit.ts';
import { deriveCurrent } from '../../../../collector/energy/uncertainty/line-current.ts';
import { watts } from '../../../../protocols/telemetry/unit.ts';
import { behindTransformers, direct, load, percentOfLimit } from './metering.ts';

/** Limit of a meter behind 100/5 A at a share of 100 A, as [%, qualified]. */
function meterAt(meterClass: string, currentA: number, powerFactor: number, domain?: string) {
  const metering = behindTransformers(meterClass, '0.5');
  if (domain !== undefined) metering.meter.domain = domain;
  const limit = limitMeter(metering, load(currentA, powerFactor));
  return [percentOfLimit(limit), 'isQualified' in limit && limit.isQualified];
}

describe('limitMeter', () => {
  it.each([
    ['0.2S', 1, 1, 0.4],
    ['0.2S', 5, 1, 0.2],
    ['0.2S', 2, 0.5, 0.5],
    ['0.2S', 10, 0.5, 0.3],
    ['0.5S', 4.9, 1, 1],
    ['0.5S', 120, 1, 0.5],
    ['0.5S', 9.9, 0.5, 1],
    ['0.5S', 10, 0.5, 0.6],
    ['0.1S', 5, 1, 0.1],
    ['1', 2, 1, 1.5],
    ['1', 5, 1, 1],
    ['1', 5, 0.5, 1.5],
    ['1', 10, 0.5, 1],
    ['2', 4, 1, 2.5],
    ['2', 50, 0.5, 2],
    // Maximum permissible errors of the directive, 5 to 30 degC.
    ['A', 2, 1, 3.5],
    ['B', 20, 0.5, 2],
    ['C', 2, 0.7, 1],
    ['C', 20, 0.7, 0.7],
    // IEC 61557-12: 0.5 is 2 x 0.5 below 5 %; 1.7 x 0.5 + 0.15 at power factor 0.5 below 10 %.
    ['0.5', 2, 1, 1],
    ['0.5', 4, 0.5, 1],
    ['0.2', 20, 0.5, 0.3],
    ['1.5', 20, 0.5, 1.5],
    ['0.5%', 3, 0.3, 0.5],
    ['Cl. 0,5 S', 20, 1, 0.5],
  ])('class %s at %s %% and power factor %s: %s %%', (meterClass, currentA, powerFactor, percent) => {
    expect(meterAt(meterClass, currentA, powerFactor)).toEqual([percent, true]);
  });

  it('draws the limit straight over tan(phi) between power factors 1 and 0.5', () => {
    // tan(phi) 0.75 at power factor 0.8: 0.5 + 0.1 x 0.75 / 1.73205
    expect(meterAt('0.5S', 20, 0.8)).toEqual([0.5433, true]);
    expect(meterAt('0.5S', 20, -0.8)).toEqual([0.5433, true]);
  });

  it('widens outside the range of the class, and says so', () => {
    // 0.5 % of In: half of the least current of 1 %.
    expect(meterAt('0.5S', 0.5, 1)).toEqual([2, false]);
    // tan(phi) at 0.3: 3.17980 / 1.73205 x 0.6
    expect(meterAt('0.5S', 20, 0.3)).toEqual([1.1015, false]);
    expect(meterAt('0.5S', 240, 1)).toEqual([1, false]);
    // 3 % is in the range of class 1 at power factor 1 alone: 1.5, and 1.5 + (1.5 - 1) of 5 %, weight 0.75 / 1.73205
    expect(meterAt('1', 3, 0.8)).toEqual([1.7165, false]);
    expect(limitMeter(behindTransformers('1', '0.5'), load(3, 0.8))).toMatchObject({
      note: 'class 1, IEC 62053-21: 3 % of 5 A (as its transformer), below 5 % for a power factor other than 1 (no standard gives a limit there: unqualified): what that adds at 5 %',
    });
  });

  it('lets only the offset of a meter grow below its least current, and all be wrong below its starting current', () => {
    // 1.5 x 2 / 0.3 = 10 at power factor 1; what power factor 0.5 adds at 5 %, 1.5 - 1, is added as it is.
    expect(meterAt('1', 0.3, 1)).toEqual([10, false]);
    expect(meterAt('1', 0.3, 0.5)).toEqual([10.5, false]);
    // Below 0.5 that of 5 % is taken by tan(phi), and the offset as it is: 1.5 x 3.17980 / 1.73205 + 10 - 1
    expect(meterAt('1', 0.3, 0.3)).toEqual([11.7538, false]);
    expect(limitMeter(behindTransformers('1', '0.5'), load(0.3, 1))).toMatchObject({
      note: 'class 1, IEC 62053-21: 0.3 % of 5 A (as its transformer), below 2 % (no standard gives a limit there: unqualified): 1.5 % x 6.67',
    });
    expect(meterAt('1', 0.19, 0.8)).toEqual([100, false]);
    expect(meterAt('0.5S', 0.19, 1)).toEqual([5.2632, false]);
    expect(limitMeter(behindTransformers('0.5S', '0.5'), load(0.05, 0.8))).toMatchObject({
      percent: 100,
      note: 'class 0.5S, IEC 62053-22: 0.05 % of 5 A (as its transformer), below its starting current of 0.1 % (no standard gives a limit there: unqualified): all of it',
    });
    // 10 (100) A: 0.4 % of 10 A
    expect(percentOfLimit(limitMeter(direct('1'), load(0.041, 1)))).toBe(18.2927);
    expect(percentOfLimit(limitMeter(direct('1'), load(0.039, 1)))).toBe(100);
  });

  it('counts the load of a meter connected directly from its own nominal current', () => {
    // 10 (100) A: Itr 1 A, Imin 0.5 A.
    expect(percentOfLimit(limitMeter(direct('1'), load(0.5, 1)))).toBe(1.5);
    expect(percentOfLimit(limitMeter(direct('1'), load(1, 1)))).toBe(1);
    expect(limitMeter(direct('1'), load(0.4, 1))).toMatchObject({ isQualified: false });
    expect(percentOfLimit(limitMeter(direct('C'), load(0.3, 1)))).toBe(1);
    expect(limitMeter(direct('1'), load(150, 1))).toMatchObject({ isQualified: false, percent: 1.5 });
  });

  it('asks for the nominal current where a 1 A transformer does not tell it', () => {
    const metering = behindTransformers('1', '0.5');
    const ct = { class: '0.5', primaryA: 100, secondaryA: 1 };
    expect(limitMeter({ ...metering, connection: { kind: 'transformer', ct } }, load(20, 1))).toMatchObject({
      missing: [{ fact: 'nominal current of the meter' }],
    });
    // 20 A are 0.2 A at the meter: 4 % of 5 A.
    expect(
      percentOfLimit(
        limitMeter(
          { meter: { class: '1', ratedA: 5 }, connection: { kind: 'transformer', ct } },
          load(20, 1),
        ),
      ),
    ).toBe(1.5);
  });

  it('takes classes A, B and C for the temperatures of the place', () => {
    const at = (min: number, max: number) =>
      limitMeter({ ...direct('B'), environment: { ambientDegC: { min, max } } }, load(10, 1));
    expect([at(10, 25), at(10, 35), at(-5, 45), at(-30, 20)].map(percentOfLimit)).toEqual([2, 2.5, 3.5, 4]);
    expect(at(10, 80)).toMatchObject({ missing: [{ fact: 'temperature where the meter stands' }] });
  });

  it('follows the domain that a device names', () => {
    expect(meterAt('0.5%', 3, 0.3, 'PERCENT_ACTUAL_READING')).toEqual([0.5, true]);
    expect(meterAt('0.5%', 20, 0.5, 'IEC')).toEqual([0.6, true]);
    expect(meterAt('0.5S', 20, 0.5, 'IEC')).toEqual([0.6, true]);
    expect(meterAt('2.5%', 20, 0.5, 'EN')).toEqual([2.5, true]);
    expect(meterAt('B', 20, 0.5, 'EN')).toEqual([2, true]);
    const scaled = behindTransformers('0.5%', '0.5');
    scaled.meter.domain = 'PERCENT_FULL_SCALE';
    expect(limitMeter(scaled, load(5, 0.5))).toMatchObject({
      missing: [{ fact: 'full scale of the meter' }],
    });
    scaled.meter.fullScaleW = watts(70_000);
    // 0.5 % of 70 kW = 350 W, of 5,000 W: 7 %
    expect(percentOfLimit(limitMeter(scaled, load(5, 0.5)))).toBe(7);
  });

  it.each([
    ['no. 7', 'PERCENT_ACTUAL_READING'],
    ['0.5', 'RESERVED'],
    ['7', 'IEC'],
    ['0.5', 'IEC 62053-22'],
    ['good', undefined],
    ['3', undefined],
  ])('does not guess what class %s of %s is', (meterClass, domain) => {
    const metering = behindTransformers(meterClass, '0.5');
    if (domain !== undefined) metering.meter.domain = domain;
    expect(limitMeter(metering, load(20, 1))).toMatchObject({
      missing: [{ fact: expect.stringContaining(`"${meterClass}"`) as string }],
    });
  });
});

describe('limitCurrentTransformer', () => {
  const at = (ctClass: string, currentA: number, more = {}) => {
    // At power factor 0.7071 tan(phi) is 1: a phase displacement of 34.377 minutes is 1 %.
    const { ratio, phase } = limitCurrentTransformer(
      { class: ctClass, primaryA: 100, secondaryA: 5, ...more },
      load(currentA, Math.SQRT1_2),
    );
    return { ratio, phase, figures: () => [percentOfLimit(ratio), percentOfLimit(phase) / 0.02908882] };
  };

  it.each([
    ['0.2', 5, 0.75, 30],
    ['0.2', 20, 0.35, 15],
    ['0.2', 120, 0.2, 10],
    ['0.5', 5, 1.5, 90],
    ['0.5', 20, 0.75, 45],
    ['0.5', 100, 0.5, 30],
    ['1', 5, 3, 180],
    ['1', 20, 1.5, 90],
    ['0.2S', 1, 0.75, 30],
    ['0.2S', 5, 0.35, 15],
    ['0.5S', 1, 1.5, 90],
    ['0.5S', 20, 0.5, 30],
    ['0.1', 5, 0.4, 15],
    // Straight between 5 and 20 %: at 12.5 % in the middle of 1.5 and 0.75, of 90 and 45.
    ['0.5', 12.5, 1.125, 67.5],
    ['0.5S', 60, 0.5, 30],
  ])('class %s at %s %%: %s %% and %s minutes', (ctClass, currentA, ratioPercent, arcmin) => {
    const [ratio, phase] = at(ctClass, currentA).figures();
    expect(ratio).toBe(ratioPercent);
    expect(phase).toBeCloseTo(arcmin, 2);
    expect(at(ctClass, currentA).ratio).toMatchObject({ isQualified: true });
  });

  it('widens below and above the range of the class, and says so', () => {
    expect(at('0.5', 2.5).figures()[0]).toBe(3);
    expect(at('0.5', 2.5).ratio).toMatchObject({
      isQualified: false,
      note: 'class 0.5 at 2.5 % of 100 A, below 5 % (no standard gives a limit there: unqualified): 1.5 % x 5 / 2.5',
    });
    expect(at('0.5', 180).ratio).toMatchObject({ isQualified: false, percent: 0.75 });
    expect(at('0.5', 180, { extendedPercent: 200 }).ratio).toMatchObject({ isQualified: true, percent: 0.5 });
  });

  it('extrapolates no phase displacement below the range, and lets no more be wrong than there is', () => {
    const light = at('0.5', 0.05);
    expect(light.figures()[0]).toBe(100);
    expect(light.figures()[1]).toBeCloseTo(90, 2);
    expect(light.ratio).toMatchObject({
      note: 'class 0.5 at 0.05 % of 100 A, below 5 % (no standard gives a limit there: unqualified): all of it',
    });
    expect(light.phase).toMatchObject({
      isQualified: false,
      note: 'class 0.5 at 0.05 % of 100 A, below 5 % (no standard gives a limit there: unqualified): 90 minutes of arc as at 5 %, tan(phi) 1',
    });
    expect(at('0.5', 180).phase).toMatchObject({
      note: 'class 0.5 at 180 % of 100 A, above 120 % (no standard gives a limit there: unqualified): 45 minutes of arc, tan(phi) 1',
    });
  });

  it('has no phase limit for classes 3 and 5, unless a certificate tells one', () => {
    expect(at('3', 60).ratio).toMatchObject({ percent: 3, isQualified: true });
    expect(at('3', 60).phase).toMatchObject({
      missing: [{ fact: expect.stringContaining('phase displacement') as string }],
    });
    expect(at('5', 60, { phaseArcmin: 120 }).figures()[1]).toBeCloseTo(120, 2);
    expect(
      limitCurrentTransformer({ class: '3', primaryA: 100, secondaryA: 5 }, load(60, 1)).phase,
    ).toMatchObject({ percent: 0 });
  });

  it('knows no protection class', () => {
    expect(at('5P10', 60).ratio).toMatchObject({
      missing: [{ fact: 'a meaning of the current transformer class "5P10"' }],
    });
  });
});

describe('limitVoltageTransformer', () => {
  it('has one limit for ratio and phase in all its range', () => {
    // 20 minutes x 0.0290888 x tan(phi) 0.75
    const { ratio, phase } = limitVoltageTransformer({ class: '0.5' }, load(10, 0.8));
    expect([percentOfLimit(ratio), percentOfLimit(phase)]).toEqual([0.5, 0.4363]);
    expect(limitVoltageTransformer({ class: null }, load(10, 0.8)).ratio).toMatchObject({
      missing: [{ fact: 'accuracy class of the voltage transformer' }],
    });
  });
});

describe('deriveCurrent', () => {
  it('follows from power, voltage and power factor', () => {
    // 5,000 W / (1.73205 x 400 V x 0.5) = 14.434 A; of one phase 5,000 / (230 x 0.5) = 43.478 A
    expect(deriveCurrent(5000, 0.5, 400, 3)).toBeCloseTo(14.434, 3);
    expect(deriveCurrent(5000, -0.5, 230, 1)).toBeCloseTo(43.478, 3);
    expect(deriveCurrent(5000, null, 400, 3)).toBeNull();
    expect(deriveCurrent(5000, 0.5, null, 3)).toBeNull();
  });
});
