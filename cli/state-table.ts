import type { OperatingState } from '../protocols/telemetry/operating-state.ts';
import { style } from './screen.ts';
import { explainLetters, LETTERS_WIDTH, sayLetters, sayTimes, sumTimes } from './state-times.ts';
import { explainLeftOut, renderTable, type TextColumn } from './text-table.ts';
import { wrapLines } from './text-wrap.ts';

/** Time in each state, ms, in words or in letters. */
export type SayStates = typeof sayTimes;

/**
 * A table with a column `states`, what it lacks, and what its letters mean. States in words stay as long as they drive no
 * column out; where they would, letters and percent stand for them, which may be broken.
 * @param times the times that its rows tell, ms
 */
export function renderStateTable(
  columns: readonly TextColumn[],
  rowsWith: (sayStates: SayStates) => string[][],
  times: readonly Readonly<Record<OperatingState, number>>[],
  width: number,
): string[] {
  const inWords = rowsWith(sayTimes);
  if (explainLeftOut(columns, inWords, width).length === 0) return renderTable(columns, inWords, width);
  const narrow = columns.map((column) =>
    column.title === 'states' ? { ...column, wrap: LETTERS_WIDTH } : column,
  );
  const rows = rowsWith(sayLetters);
  const table = renderTable(narrow, rows, width);
  const letters = table[0]?.includes('states') === true ? explainLetters(sumTimes(times)) : undefined;
  return [
    ...table,
    ...explainLeftOut(narrow, rows, width, '--json or --csv'),
    ...(letters === undefined ? [] : wrapLines(letters, width).map((line) => style(line, 'dim'))),
  ];
}
