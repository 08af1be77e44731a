import { describe, expect, it } from 'vitest';
import { meteringOfSource } from '../../../../collector/energy/uncertainty/metering-of-source.ts';
import { assessPeriod } from '../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { known, load, missingFacts, period } from './metering.ts';

const SOURCE = { meter: { serial: 'S1', class: '1' }, ct: { primary: 100, secondary: 5 } };

describe('meteringOfSource', () => {
  it('takes ratio and class from the snapshot and the rest from what was entered', () => {
    const metering = meteringOfSource(SOURCE, undefined, { ct: { class: '0.5' } });
    expect(metering).toEqual({
      meter: { class: '1', ratedA: null },
      connection: { kind: 'transformer', ct: { class: '0.5', primaryA: 100, secondaryA: 5 } },
    });
    // Class 1 and CT 0.5 at 20 % and power factor 0.7: the worked example.
    expect(known(assessPeriod(period(metering, load(20, 0.7))).total).expandedPercent.toFixed(1)).toBe('2.1');
    expect(
      missingFacts(assessPeriod(period(meteringOfSource(SOURCE, undefined, {}), load(20, 0.7))).total),
    ).toEqual(['accuracy class of the current transformer']);
  });

  it('takes 1/1 for a direct connection, and silence for none', () => {
    const one = { primary: 1, secondary: 1 };
    expect(meteringOfSource({ ct: one }, undefined, {}).connection).toEqual({ kind: 'direct' });
    expect(meteringOfSource({}, undefined, {}).connection).toBeNull();
    expect(meteringOfSource({}, undefined, { isDirect: true }).connection).toEqual({ kind: 'direct' });
    // The ratio is set in the meter, so that of the wiring is 1/1.
    const ct = { class: '1', primaryA: 250, secondaryA: 5 };
    expect(meteringOfSource({ ct: one }, undefined, { ct }).connection).toEqual({ kind: 'transformer', ct });
  });

  it('believes the nameplate before the device, and the device before nobody', () => {
    const accuracy = { class: '0.5%', domain: 'PERCENT_FULL_SCALE' };
    expect(meteringOfSource(SOURCE, accuracy, {}).meter).toMatchObject({ class: '1' });
    expect(meteringOfSource(SOURCE, accuracy, {}).meter.domain).toBeUndefined();
    expect(meteringOfSource({ meter: { class: 'unknown' } }, accuracy, {}).meter).toMatchObject(accuracy);
    expect(meteringOfSource({}, undefined, {}).meter.class).toBeNull();
  });

  it('asks for the class of a voltage transformer that the wiring has', () => {
    const vt = { primary: 10_000, secondary: 100 };
    const metering = meteringOfSource({ ...SOURCE, vt }, undefined, { ct: { class: '0.5' } });
    expect(missingFacts(assessPeriod(period(metering, load(20, 0.7))).total)).toEqual([
      'accuracy class of the voltage transformer',
    ]);
    const told = meteringOfSource({ ...SOURCE, vt }, undefined, { ct: { class: '0.5' }, vtClass: '0.5' });
    // a_vt 0.5, a_vtPhase 0.02909 x 20 x 1.0202 = 0.5935: 2 x sqrt((3.3459 + 0.25 + 0.3523) / 3) = 2.2944
    expect(known(assessPeriod(period(told, load(20, 0.7))).total).expandedPercent).toBeCloseTo(2.2944, 3);
  });
});
