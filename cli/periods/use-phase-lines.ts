import { HOUR_BASES } from '../../collector/energy/use-phase/hour-basis.ts';
import { groupDigits, sayYearKwh } from '../../collector/energy/use-phase/say-kwh.ts';
import { sayBasis } from '../../collector/reports/period-basis.ts';
import type { UsePhaseReport } from '../../collector/reports/use-phase-report.ts';
import { formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import { sayMissing } from './missing-lines.ts';
import { sayUncertainty } from './say-uncertainty.ts';

/** The use phase for people: every figure with its arithmetic. */
export function usePhaseLines(report: UsePhaseReport, width: number, clocks: string): string[] {
  const { machine, fromMs, toMs, usePhase, perHour, powers, uncertainty, basis } = report;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : ['', style(title, 'bold'), ...lines.flatMap((line) => wrapLines(`  ${line}`, width))];
  return [
    style(`${machine}, ${formatTime(fromMs)} to ${formatTime(toMs)}`, 'bold'),
    ...wrapLines(clocks, width).map((line) => style(line, 'dim')),
    ...section(
      'kWh per machine-hour: all energy over the hours of the basis',
      HOUR_BASES.map((name) => perHour[name].saying),
    ),
    ...section(
      'Mean power: energy of the state over its time',
      powers.map(({ saying }) => saying),
    ),
    ...section('Remarks', usePhase.remarks),
    ...scenarioLines(report, section),
    ...sayMissing(
      uncertainty === null ? [] : [{ uncertainty: { supply: uncertainty } }],
      `millwatt periods ${machine} --budget`,
    ).flatMap((line) => wrapLines(line, width)),
    ...section('Rests on', [`${sayBasis(basis)}, ${usePhase.algorithm}, plan ${basis.plan.slice(0, 12)}`]),
  ];
}

function scenarioLines(
  { scenario: found }: UsePhaseReport,
  section: (title: string, lines: readonly string[]) => string[],
): string[] {
  if (found.kind === 'none') return section('A year of use', [found.because, found.cure]);
  const { scenario, uncertainty } = found;
  const { measured } = uncertainty;
  return [
    ...section('A declared year of use: mean power x hours', [
      ...scenario.rows.map(({ saying }) => saying),
      `together ${sayYearKwh(scenario.mwhPerYear)} a year over ${groupDigits(scenario.declaredHoursPerYear, 2)} h` +
        (measured === null ? '' : ` +- ${sayUncertainty(measured)} (k = 2) by measuring`),
      ...HOUR_BASES.flatMap((name) => {
        const value = scenario.kwhPerHour[name];
        const expanded = uncertainty.expandedKwhPerHour[name];
        const told = expanded === null ? '' : ` +- ${groupDigits(expanded, 4)}`;
        return value === null ? [] : [`${groupDigits(value, 4)}${told} kWh per ${name} hour`];
      }),
      ...scenario.remarks,
      ...uncertainty.remarks,
    ]),
    ...section(
      'What if: one state has a tenth more or less of the year',
      scenario.sensitivity.map(({ saying }) => saying),
    ),
  ];
}
