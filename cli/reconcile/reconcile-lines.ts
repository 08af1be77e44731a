import type { ReconcileReport } from '../../collector/reports/reconcile-report.ts';
import { formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';

const VERDICTS: Readonly<Record<ReconcileReport['verdict'], string>> = {
  'within-uncertainty': 'Agrees: the difference is within the uncertainty of the meters.',
  explained: 'Explained: with unmetered loads, gaps and bridged energy no more remains than may be.',
  unexplained:
    'Unexplained: look for loads without a meter, wrong ratios (millwatt commission) and machines that the main meter does not cover.',
  unknown: 'Cannot be judged: what is missing is named above.',
};

/** A reconciliation for people, every line with its arithmetic. */
export function reconcileLines(report: ReconcileReport, width: number, zoneOffsetMin?: number): string[] {
  const { mainMeter, mainBy, mainSaying, fromMs, toMs, lines, missing, verdict, algorithm } = report;
  const labelWidth = Math.max(...lines.map(({ label }) => label.length));
  return [
    style(`Reconciliation of ${mainMeter}`, 'bold'),
    `${formatTime(fromMs, zoneOffsetMin)} to ${formatTime(toMs, zoneOffsetMin)}${mainBy === 'readings' ? ', the times of its readings' : ''}`,
    ...(mainSaying === '' ? [] : wrapLines(`readings: ${mainSaying}`, width)),
    '',
    ...lines.flatMap(({ label, saying }) =>
      wrapLines(saying, Math.max(20, width - labelWidth - 2), 0).map(
        (line, index) => `${(index === 0 ? label : '').padEnd(labelWidth)}  ${line}`,
      ),
    ),
    ...missing.flatMap(({ id, facts }) =>
      facts.flatMap(({ fact, remedy }) => wrapLines(`${id}: not known: ${fact}. ${remedy}`, width)),
    ),
    '',
    ...wrapLines(VERDICTS[verdict], width, 0).map((line) => style(line, 'bold')),
    style(algorithm, 'dim'),
  ];
}
