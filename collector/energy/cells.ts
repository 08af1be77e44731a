import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';

const STATE_COUNT = OPERATING_STATES.length;

/** So many zeros; one for each state where nothing else is said. */
export function zeros(count: number = STATE_COUNT): number[] {
  return Array.from({ length: count }, () => 0);
}

/** The sum of all cells. */
export function total(cells: readonly number[]): number {
  let sum = 0;
  for (const value of cells) sum += value;
  return sum;
}

/** Adds cells of minute x state to a sum by state, those of the minutes [from, to); returns what was added. */
export function addByState(
  sum: number[],
  cells: ArrayLike<number>,
  fromMinute = 0,
  toMinute: number = cells.length / STATE_COUNT,
): number {
  let added = 0;
  for (let cell = fromMinute * STATE_COUNT; cell < toMinute * STATE_COUNT; cell++) {
    const value = cells[cell] ?? 0;
    if (value === 0) continue;
    const state = cell % STATE_COUNT;
    sum[state] = (sum[state] ?? 0) + value;
    added += value;
  }
  return added;
}
