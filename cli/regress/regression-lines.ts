import { predictAt } from '../../collector/footprint/regression/fit-line.ts';
import {
  significantText,
  type RegressionReport,
} from '../../collector/reports/footprint/regression-report.ts';
import { style } from '../screen.ts';
import { renderTable } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';
import { scaleOf } from './regression-scale.ts';

const PLOT_HEIGHT = 16;
const LABEL_WIDTH = 8;

/** The regression for a terminal: machines, plot, line and what it says. */
export function regressionLines(report: RegressionReport, width: number): string[] {
  const { over, basis, units, leftOut, line, predictions, remarks } = report;
  const s = (value: number) => significantText(value, 4);
  const table = renderTable(
    [
      { title: 'machine' },
      { title: over, align: 'right' },
      { title: `${basis} h`, align: 'right' },
      { title: 'kWh', align: 'right', spare: 1 },
      { title: 'kWh/h', align: 'right' },
      { title: 'U', align: 'right' },
      { title: 'watched', align: 'right' },
      { title: 'off the line', align: 'right' },
    ],
    units.map(({ machine, parameter, hours, energyKwh, kwhPerHour, expandedPercent, watchedPercent }) => [
      machine,
      parameter,
      hours,
      energyKwh,
      kwhPerHour,
      expandedPercent === null ? '?' : `${expandedPercent} %`,
      `${watchedPercent} %`,
      signed(Number(kwhPerHour) - line.intercept - line.slope * Number(parameter)),
    ]),
    width,
  );
  const { slope, slopeStandard, intercept, interceptStandard, residualDeviation, rSquared, count } = line;
  const worth = [
    `n = ${count}`,
    ...(rSquared === null ? [] : [`R2 = ${significantText(rSquared, 3)}`]),
    `residuals s = ${s(residualDeviation)} kWh/h (${line.degreesOfFreedom} degrees of freedom)`,
  ].join(', ');
  return [
    ...table,
    '',
    ...plotLines(report, width),
    '',
    ...[
      style(`kWh/h = ${s(intercept)} ${slope < 0 ? '-' : '+'} ${s(Math.abs(slope))} x ${over}`, 'bold'),
      `u(slope) = ${s(slopeStandard)}, u(intercept) = ${s(interceptStandard)}; ${worth}`,
      ...predictions.map(
        ({ x, y, lineHalf, pointHalf, isExtrapolated }) =>
          `${over} ${x}: ${s(y)} kWh/h; the mean of such machines +- ${s(lineHalf)}, one of them +- ${s(pointHalf)} (95 %)${isExtrapolated ? style(' EXTRAPOLATED', 'yellow') : ''}`,
      ),
      ...leftOut.map(({ machine, because }) => style(`left out: ${machine} ${because}`, 'yellow')),
      ...remarks.map((remark) => style(remark, 'yellow')),
    ].flatMap((text) => wrapLines(text, width)),
  ];
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}${significantText(Math.abs(value), 3)}`;

/** Machines `●`, the line `─`, what was asked for `◇`, and the band of one more machine `·`. */
function plotLines(report: RegressionReport, width: number): string[] {
  const { over, units, line, predictions } = report;
  const { x, y } = scaleOf(report);
  const columns = Math.max(30, Math.min(80, width - LABEL_WIDTH - 2));
  const cells = Array.from({ length: PLOT_HEIGHT }, () => Array.from({ length: columns }, () => ' '));
  const columnOf = (value: number) => Math.round(((value - x.from) / (x.to - x.from)) * (columns - 1));
  const rowOf = (value: number) =>
    PLOT_HEIGHT - 1 - Math.round(((value - y.from) / (y.to - y.from)) * (PLOT_HEIGHT - 1));
  const put = (column: number, row: number, mark: string) => {
    const cell = cells[row];
    if (cell !== undefined && column >= 0 && column < columns) cell[column] = mark;
  };
  for (let column = 0; column < columns; column++) {
    const at = predictAt(line, x.from + ((x.to - x.from) * column) / (columns - 1));
    if (column % 2 === 0)
      for (const edge of [at.y - at.pointHalf, at.y + at.pointHalf]) put(column, rowOf(edge), '·');
    put(column, rowOf(at.y), '─');
  }
  for (const one of predictions) put(columnOf(one.x), rowOf(one.y), '◇');
  for (const { parameter, kwhPerHour } of units)
    put(columnOf(Number(parameter)), rowOf(Number(kwhPerHour)), '●');
  const labels = new Map(y.marks.map((mark) => [rowOf(mark), String(mark)]));
  const axis = Array.from({ length: columns + LABEL_WIDTH + 1 }, () => ' ');
  for (const mark of x.marks) {
    const text = String(mark);
    const at = LABEL_WIDTH + 1 + columnOf(mark) - Math.floor(text.length / 2);
    for (let index = 0; index < text.length && at + index < axis.length; index++)
      axis[at + index] = text.charAt(index);
  }
  return [
    'kWh/h'.padStart(LABEL_WIDTH),
    ...cells.map((row, index) =>
      `${(labels.get(index) ?? '').padStart(LABEL_WIDTH)}${labels.has(index) ? '┤' : '│'}${row.join('')}`.trimEnd(),
    ),
    `${' '.repeat(LABEL_WIDTH)}└${'─'.repeat(columns)}`,
    `${axis.join('').trimEnd()}  ${over}`,
    `${' '.repeat(LABEL_WIDTH)} ● machine   ─ line   · one more machine, 95 %${predictions.length > 0 ? '   ◇ asked for' : ''}`,
  ];
}
