import { sayBasis } from '../../collector/reports/period-basis.ts';
import type { ReconcileReport } from '../../collector/reports/reconcile-report.ts';
import { style } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';

/** What the sums of machines rest on whose hours were computed again, or amended. */
export function basisLines(basis: ReconcileReport['basis'], width: number): string[] {
  return Object.entries(basis)
    .filter(([, { hours, amendments }]) => hours.revised > 0 || amendments.length > 0)
    .flatMap(([machine, one]) => wrapLines(`${machine} rests on ${sayBasis(one)}`, width))
    .map((line) => style(line, 'dim'));
}
