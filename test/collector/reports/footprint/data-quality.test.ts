import { describe, expect, test } from 'vitest';
import { dataQualityOf, type QualityFacts } from '../../../../collector/reports/footprint/data-quality.ts';
import { d, samplePart, SAMPLE_FACTOR } from '../../footprint/sample-record.ts';

const record = samplePart();
const facts = (change: Partial<QualityFacts> = {}): QualityFacts => ({
  region: record.issuer.region,
  year: 2026,
  coverage: record.coverage,
  uncertainty: record.uncertainty,
  meters: record.meters,
  statement: record.emissions[0],
  factors: record.evidence.factors,
  upstream: record.upstream,
  to: record.period.to,
  ...change,
});
const factor = (change: Partial<typeof SAMPLE_FACTOR>) => [{ ...SAMPLE_FACTOR, ...change }];
const meters = (change: Partial<(typeof record.meters)[number]>) =>
  record.meters.map((meter) => ({ ...meter, ...change }));
const measured = (percent: string) => ({ ...record.coverage, measuredEnergyPercent: d(percent) });
const U = (percent: string | null) => ({
  ...record.uncertainty,
  expandedPercent: percent === null ? null : d(percent),
});

describe('scores by the rules of docs/footprint-record.md', () => {
  test.each([
    ['geographical', '2', {}],
    ['geographical', '1', { factors: factor({ isSupplierSpecific: true }) }],
    ['geographical', '3', { region: { country: 'VN', subdivision: 'VN-N' } }],
    ['geographical', '4', { factors: factor({ region: 'WORLD' }) }],
    ['geographical', '5', { statement: undefined }],
    ['temporal', '1', {}],
    ['temporal', '2', { year: 2028 }],
    ['temporal', '3', { year: 2031 }],
    ['temporal', '4', { year: 2032 }],
    ['temporal', '5', { year: 2036 }],
    ['completeness', '1', {}],
    ['completeness', '2', { coverage: measured('98.99') }],
    ['completeness', '3', { coverage: measured('94.99') }],
    ['completeness', '4', { coverage: measured('50') }],
    ['completeness', '5', { coverage: measured('49.99') }],
    ['reliability', '1', {}],
    ['reliability', '2', { meters: meters({ calibrationValidUntil: '2026-06-29' }) }],
    ['reliability', '3', { meters: meters({ accuracyClass: null }) }],
    ['reliability', '4', { coverage: measured('94.99') }],
    ['reliability', '5', { coverage: measured('49') }],
    ['precision', '1', { uncertainty: U('1') }],
    ['precision', '2', { uncertainty: U('5') }],
    ['precision', '3', { uncertainty: U('5.01') }],
    ['precision', '4', { uncertainty: U('20') }],
    ['precision', '5', { uncertainty: U(null) }],
  ] as const)('%s %s', (name, score, change) => {
    expect(dataQualityOf(facts(change))[name].score).toBe(score);
  });

  test('primary shares: the measured energy; and of all kg those of which activity and factor are primary', () => {
    // 4.48 of 4.48 + 1.209798 kg; with the factor of the supplier, 99.2 % of the electricity too: (4.48 + 1.200120) / 5.689798.
    expect(dataQualityOf(facts())).toMatchObject({
      primaryActivityPercent: '99.2',
      primaryStrictPercent: '78.73',
    });
    const own = factor({ isSupplierSpecific: true });
    expect(dataQualityOf(facts({ factors: own })).primaryStrictPercent).toBe('99.82');
    // 99.99 % is not 100 %, and 90 % is not 89.99 %.
    for (const percent of ['99.99', '90'])
      expect(
        dataQualityOf(facts({ factors: own, upstream: [], coverage: measured(percent) }))
          .primaryStrictPercent,
      ).toBe(percent);
    expect(dataQualityOf(facts({ upstream: [] })).primaryStrictPercent).toBe('0');
  });
});
