import { describe, expect, test } from 'vitest';
import {
  stepRegression,
  type RegressionReport,
} from '../../../../collector/reports/footprint/regression-report.ts';
import { recordSource, sourceOf } from './footprint-plant.ts';

const FROM_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;

/** Machines of so many kWh in each processing hour over massKg 1, 2, ...; the first was watched in `firstHours` of the four hours. */
function regress(kwhPerHour: readonly number[], firstHours = 4): RegressionReport {
  const names = kwhPerHour.map((_, index) => `mill-${index + 1}`);
  const spans = kwhPerHour.map((kwh, index) => {
    const hours = index === 0 ? firstHours : 4;
    return [
      {
        fromMs: FROM_MS,
        toMs: FROM_MS + hours * HOUR_MS,
        state: 'processing' as const,
        mwh: Math.round(hours * kwh * 1e6),
      },
    ];
  });
  const from = recordSource(
    sourceOf(Object.fromEntries(names.map((name, index) => [name, spans[index]!]))),
    {},
    names.map((id, index) => ({ id, ratedPower: '15kW', product: { parameters: { massKg: index + 1 } } })),
  );
  const query = { machines: null, over: 'massKg', basis: 'operating' as const, at: [] };
  for (const report of stepRegression(from, { ...query, fromMs: FROM_MS, toMs: FROM_MS + 4 * HOUR_MS }))
    if (report !== null) return report;
  throw new Error('there was no report');
}

describe('what a regression says of itself', () => {
  test('a slope is held against t of its degrees of freedom, not against two of its uncertainties', () => {
    const weak = 'these machines do not show that massKg matters';
    // Three machines: slope 1, s = sqrt(0.02667) = 0.163, u(slope) = s / sqrt(2) = 0.115: 8.7 of them, and t(1) is 12.71.
    expect(regress([10, 22, 30].map((kwh) => kwh / 10)).remarks.join()).toContain(
      `The slope is less than its uncertainty at 95 % (t of 1 degrees of freedom): ${weak}`,
    );
    // Off the line by +- 1, level and without a slope of their own: u(slope) = sqrt(8 / 6 / 42) = 0.178, and t(6) is 2.447: 0.436.
    const eight = (slope: number) =>
      regress([1, -1, -1, 1, 1, -1, -1, 1].map((off, index) => 4 + slope * (index + 1) + off));
    expect(eight(0.4).line.slopeStandard).toBeCloseTo(0.178174, 5);
    expect(eight(0.4).remarks.join()).toContain(`(t of 6 degrees of freedom): ${weak}`);
    expect(eight(0.5).remarks).toEqual([]);
  });

  test('how much of the period each machine was watched, and that one below 95 % counts like the others', () => {
    const report = regress([1, 2, 3.5, 4], 2);
    expect(report.units.map(({ watchedPercent }) => watchedPercent)).toEqual(['50', '100', '100', '100']);
    expect(report.remarks.join()).toContain(
      'mill-1 counts like the others, though incomplete: watched for 50 %',
    );
    expect(report.remarks.join()).not.toContain('mill-2');
  });
});
