import type { PeriodReport } from '../../collector/reports/period-report.ts';

/** What is missing for the uncertainty of each component, once, with the key of collector.yaml that tells it. */
export function sayMissing(reports: readonly Pick<PeriodReport, 'uncertainty'>[]): string[] {
  const lines = new Map<string, string>();
  for (const { uncertainty } of reports)
    for (const [component, { missing }] of Object.entries(uncertainty))
      for (const { fact, remedy, key } of missing)
        lines.set(
          `${component} ${fact}`,
          `${component}: no uncertainty without ${fact}${key === null ? '' : ` (${key})`}. ${remedy}`,
        );
  const isWidened = reports.some(({ uncertainty }) =>
    Object.values(uncertainty).some(({ total }) => total?.kind === 'known' && !total.isQualified),
  );
  const all = [
    ...lines.values(),
    ...(isWidened
      ? ['? a class was used outside the range for which it promises anything; --budget says where.']
      : []),
  ];
  return all.length === 0 ? [] : ['', ...all];
}
