import { describe, expect, it } from 'vitest';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  plus,
  roundTo,
  textOf,
  times,
} from '../../../collector/footprint/figures/decimal.ts';
import { samplePart, sampleUsePhase } from './sample-record.ts';

const sum = (texts: string[]) => texts.map(decimalOf).reduce(plus, decimalOf('0'));

describe.each([
  ['use phase', sampleUsePhase()],
  ['part', samplePart()],
])('the sample of a %s', (_, record) => {
  it('adds up, by states, by how it was obtained, and by factors', () => {
    const { energyKwh, states, perUnitKwh } = record.activity;
    const { counterKwh, integratedKwh, bridgedKwh } = record.coverage.obtained;
    expect(textOf(sum(Object.values(states).map((state) => state.energyKwh)))).toBe(energyKwh);
    expect(textOf(sum([counterKwh, integratedKwh, bridgedKwh]))).toBe(energyKwh);
    const count = decimalOf(record.functionalUnit.count ?? '0');
    expect(textOf(dividedBy(decimalOf(energyKwh), count, 6))).toBe(perUnitKwh);
    for (const { factors, kgCo2e, perUnitKgCo2e } of record.emissions) {
      expect(textOf(sum(factors.map((factor) => factor.energyKwh)))).toBe(energyKwh);
      expect(textOf(sum(factors.map((factor) => factor.kgCo2e)))).toBe(kgCo2e);
      for (const used of factors) {
        const row = record.evidence.factors.find(({ id }) => id === used.id);
        const grams = times(decimalOf(used.energyKwh), decimalOf(row?.gCo2ePerKwh ?? '0'));
        expect(textOf(roundTo(times(grams, decimalOf('0.001')), 6))).toBe(used.kgCo2e);
      }
      expect(textOf(dividedBy(decimalOf(kgCo2e), count, 6))).toBe(perUnitKgCo2e);
    }
    expect(compareDecimals(decimalOf(energyKwh), decimalOf('0'))).toBe(1);
  });
});
