import type { Uncertainty } from '../../collector/energy/uncertainty/uncertainty-statement.ts';
import type { ComponentUncertainty } from '../../collector/reports/uncertain-period.ts';
import { NOTHING_MWH } from '../../collector/reports/uncertain-lacking.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { formatEnergy } from '../format.ts';
import { style } from '../screen.ts';
import { renderTable, type TextColumn } from '../text-table.ts';
import { displayWidth, wrapLines } from '../text-wrap.ts';
import { sayUncertainty } from './say-uncertainty.ts';

/** The budgets of a period, component by component: each state, then the total. */
export function budgetLines(
  report: { period: { key: string }; uncertainty: Record<string, ComponentUncertainty> },
  width: number,
): string[] {
  return Object.entries(report.uncertainty).flatMap(([component, { states, total, meters }], index) => [
    ...(index === 0 ? [] : ['']),
    style(`${report.period.key}, ${component}`, 'bold'),
    ...meters.flatMap(({ meter, channel, facts, notes }) =>
      [
        `${meter}, ${channel ?? 'no channel'}, ${facts.basis === 'register' ? 'by its counter' : 'by integrated power'}`,
        ...notes,
      ].flatMap((line) => wrapLines(line, width)),
    ),
    ...OPERATING_STATES.flatMap((state) => {
      const one = states[state];
      return one === undefined ? [] : tableOf(state, one, width);
    }),
    ...(total === null ? ['no energy'] : tableOf('total', total, width)),
  ]);
}

function tableOf(name: string, uncertainty: Uncertainty, width: number): string[] {
  const head = `${name}: ${formatEnergy(uncertainty.energyMwh)} +- ${sayUncertainty(uncertainty)}`;
  if (uncertainty.kind === 'unknown' && uncertainty.energyMwh < NOTHING_MWH) return [];
  if (uncertainty.kind === 'unknown')
    return ['', head, ...uncertainty.missing.flatMap(({ fact }) => wrapLines(`  missing: ${fact}`, width))];
  const rows = uncertainty.rows
    .filter(({ standardUncertaintyPercent }) => standardUncertaintyPercent > 0)
    .map(({ source, halfWidthPercent, distribution, standardUncertaintyPercent, sharePercent, note }) => [
      source,
      halfWidthPercent === null ? '' : `${halfWidthPercent.toFixed(4)} %`,
      distribution,
      `${standardUncertaintyPercent.toFixed(4)} %`,
      `${Math.round(sharePercent)} %`,
      note,
    ]);
  const nothing = uncertainty.rows.filter(
    ({ standardUncertaintyPercent }) => standardUncertaintyPercent === 0,
  );
  const columns: TextColumn[] = [
    { title: 'source' },
    { title: 'half width', align: 'right' },
    { title: 'spread', spare: 1 },
    { title: 'u', align: 'right' },
    { title: 'of variance', align: 'right', spare: 2 },
    { title: 'because' },
  ];
  const whole = renderTable(columns, rows);
  const isNarrow = whole.some((line) => displayWidth(line) > width);
  return [
    '',
    head,
    ...(isNarrow ? renderTable(columns.slice(0, -1), rows, width) : whole),
    // Why is the point of a budget: where it has no room beside its figures, it stands below them.
    ...(isNarrow ? rows.flatMap((row) => wrapLines(`  ${row[0]}: ${row.at(-1)}`, width)) : []),
    ...wrapLines(
      `u = root of the sum of squares = ${uncertainty.standardPercent.toFixed(4)} %; U = 2 u = ${uncertainty.expandedPercent.toFixed(4)} %`,
      width,
    ),
    ...(nothing.length === 0
      ? []
      : wrapLines(
          `counted 0: ${nothing.map(({ source, note }) => `${source} (${note})`).join(', ')}`,
          width,
        ).map((line) => style(line, 'dim'))),
  ];
}
