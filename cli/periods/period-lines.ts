import { formatLocal } from '../../collector/energy/calendar/local-time.ts';
import type { Zone } from '../../collector/energy/calendar/zone.ts';
import { sumUncertainties } from '../../collector/energy/uncertainty/sum-uncertainties.ts';
import { sayBasis } from '../../collector/reports/period-basis.ts';
import type { PeriodReport } from '../../collector/reports/period-report.ts';
import { formatEnergy, formatShare, formatSpan } from '../format.ts';
import { style } from '../screen.ts';
import { renderStateTable, type SayStates } from '../state-table.ts';
import type { TextColumn } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';
import { budgetLines } from './budget-lines.ts';
import { sayMissing } from './missing-lines.ts';
import { sayUncertainty } from './say-uncertainty.ts';

/** The table for people, what is missing for an uncertainty, and the budgets where they are asked for. */
export function periodLines(
  reports: readonly PeriodReport[],
  width: number,
  about: { hasCalendar: boolean; zone: Zone; budget: boolean },
): string[] {
  const watched = reports.filter(({ spanMs }) => spanMs > 0);
  const components = [...new Set(watched.flatMap(({ energy }) => Object.keys(energy.componentMwh)))]
    .filter((name) => name !== 'supply')
    .sort();
  const columns: TextColumn[] = [
    { title: watched[0]?.period.kind ?? 'period', wrap: 10 },
    { title: 'lasts', align: 'right', spare: 0 },
    { title: 'energy', align: 'right' },
    { title: '+- (k = 2)', align: 'right', wrap: 10 },
    ...components.map((title) => ({ title, align: 'right' as const, spare: 1 })),
    { title: 'states', spare: 4 },
    { title: 'measured', align: 'right', spare: 5 },
    { title: 'quality', spare: 3, wrap: 9 },
    { title: 'status', wrap: 8 },
  ];
  const rowsWith = (sayStates: SayStates) => [
    ...watched.map((report) => rowOf(report, components, about.zone, sayStates)),
    totalOf(watched, components).map((cell) => style(cell, 'bold')),
  ];
  const media = watched.flatMap((report) =>
    Object.values(report.media).map(({ saying }) => `${report.period.key}: ${saying}`),
  );
  const dim = (lines: readonly string[]) =>
    lines.flatMap((line) => wrapLines(line, width)).map((line) => style(line, 'dim'));
  return [
    ...renderStateTable(
      columns,
      rowsWith,
      watched.map(({ timeMs }) => timeMs),
      width,
    ),
    ...(media.length === 0 ? [] : ['', ...media.flatMap((line) => wrapLines(line, width))]),
    ...dim(sayRevised(watched)),
    ...dim(sayMissing(watched)),
    ...(about.hasCalendar
      ? []
      : dim([
          '',
          'Days begin at midnight UTC: no calendar is declared. Add calendar: { zone: Europe/Berlin } to collector.yaml.',
        ])),
    ...(about.budget ? watched.flatMap((report) => ['', ...budgetLines(report, width)]) : []),
  ];
}

function rowOf(
  report: PeriodReport,
  components: readonly string[],
  zone: Zone,
  sayStates: SayStates,
): string[] {
  const { period, energy, uncertainty, quality, status, revision, spanMs, measuredMs, basis } = report;
  const isWhole = spanMs === period.toMs - period.fromMs;
  return [
    period.kind === 'shift'
      ? `${formatLocal(zone, period.fromMs).slice(0, 16).replace('T', ' ')} ${period.name}`
      : period.kind === 'hour' || period.kind === 'quarterHour'
        ? period.key.replace('T', ' ')
        : period.key,
    formatSpan(period.toMs - period.fromMs),
    formatEnergy(energy.supplyMwh),
    sayUncertainty(uncertainty['supply']?.total),
    ...components.map((name) => formatEnergy(energy.componentMwh[name] ?? null)),
    sayStates(report.timeMs),
    formatShare(spanMs === 0 ? null : measuredMs / spanMs),
    isWhole ? quality : `${quality}, ${formatSpan(spanMs)} watched`,
    `${status === 'final' ? `final r${revision}` : status}${basis.amendments.length === 0 ? '' : ' amended'}`,
  ];
}

/** What periods rest on of which something was computed again, or amended. */
function sayRevised(reports: readonly PeriodReport[]): string[] {
  const lines = reports
    .filter(({ basis }) => basis.hours.revised > 0 || basis.amendments.length > 0)
    .map(({ period, basis }) => `${period.key} rests on ${sayBasis(basis)}`);
  return lines.length === 0 ? [] : ['', ...lines];
}

/** All periods together: one meter errs alike in all of them. */
function totalOf(reports: readonly PeriodReport[], components: readonly string[]): string[] {
  const known = reports.filter(({ energy }) => energy.supplyMwh !== null);
  const sum = (of: (report: PeriodReport) => number) => reports.reduce((total, one) => total + of(one), 0);
  const parts = reports.flatMap(({ uncertainty }) =>
    (uncertainty['supply']?.meters ?? []).flatMap(({ meter, total }) =>
      total === null ? [] : [{ meter, uncertainty: total }],
    ),
  );
  const spanMs = sum((report) => report.spanMs);
  const final = reports.filter(({ status }) => status === 'final').length;
  return [
    `${reports.length} together`,
    formatSpan(sum(({ toMs, fromMs }) => toMs - fromMs)),
    formatEnergy(known.length === 0 ? null : sum(({ energy }) => energy.supplyMwh ?? 0)),
    sayUncertainty(sumUncertainties(parts)),
    ...components.map((name) => formatEnergy(sum(({ energy }) => energy.componentMwh[name] ?? 0))),
    '',
    formatShare(spanMs === 0 ? null : sum((report) => report.measuredMs) / spanMs),
    '',
    final === reports.length ? 'final' : `${final} final`,
  ];
}
