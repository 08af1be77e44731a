import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { ShortPeriodReport } from './uncertain-short.ts';

/**
 * Periods as CSV (RFC 4180): one row a period, energies in whole mWh, times in s, uncertainty (k = 2) in %; what is not
 * known is empty.
 */
export function periodsToCsv(reports: readonly ShortPeriodReport[]): string {
  const components = [...new Set(reports.flatMap(({ energy }) => Object.keys(energy.componentMwh)))]
    .filter((name) => name !== 'supply')
    .sort();
  const media = [...new Set(reports.flatMap((report) => Object.keys(report.media)))].sort();
  const columns = [
    'machine',
    'period',
    'name',
    'date',
    'from_utc',
    'to_utc',
    'supply_mwh',
    'uncertainty_percent',
    'export_mwh',
    ...components.map((name) => `${name}_import_mwh`),
    'residual_mwh',
    'counter_mwh',
    'integrated_mwh',
    'bridged_mwh',
    ...OPERATING_STATES.flatMap((state) => [
      `${state}_mwh`,
      `${state}_uncertainty_percent`,
      `${state}_seconds`,
    ]),
    'seconds_watched',
    'seconds_measured',
    ...media.flatMap((name) => [`${name}_norm_litres`, `${name}_declared_mwh`]),
    'quality',
    'reasons',
    'status',
    'revision',
    'plan',
  ];
  const rows = reports.map((report) => {
    const { period, energy, obtained, timeMs } = report;
    const short = report.uncertainty['supply'];
    const percent = (one: NonNullable<typeof short>['total'] | undefined) =>
      one?.kind === 'known' ? one.expandedPercent : '';
    const isKnown = energy.supplyMwh !== null;
    return [
      report.machine,
      quote(period.key),
      quote(period.name),
      period.date,
      new Date(report.fromMs).toISOString(),
      new Date(report.toMs).toISOString(),
      energy.supplyMwh ?? '',
      percent(short?.total),
      energy.exportMwh,
      ...components.map((name) => energy.componentMwh[name] ?? ''),
      energy.residualMwh ?? '',
      ...[obtained.counterMwh, obtained.integratedMwh, obtained.bridgedMwh].map((mwh) =>
        isKnown ? mwh : '',
      ),
      ...OPERATING_STATES.flatMap((state) => [
        isKnown ? energy.stateMwh[state] : '',
        percent(short?.states[state]),
        timeMs[state] / 1000,
      ]),
      report.spanMs / 1000,
      report.measuredMs / 1000,
      ...media.flatMap((name) => [
        report.media[name]?.normLitres ?? '',
        report.media[name]?.declaredMwh ?? '',
      ]),
      report.quality,
      report.reasons.join('|'),
      report.status,
      report.revision,
      report.basis.plan,
    ];
  });
  return [columns, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** The name of a shift may be anything on one line; no cell that a spreadsheet would take for a formula. */
function quote(text: string): string {
  const plain = text.replaceAll('"', '""');
  return /^[=+\-@\t]/.test(plain) ? `"'${plain}"` : `"${plain}"`;
}
