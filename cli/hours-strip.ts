import type { CurveMinute, ExplainedGap } from '../collector/reports/explained-hour.ts';
import { OPERATING_STATES, type OperatingState } from '../protocols/telemetry/operating-state.ts';
import { formatPower } from './format.ts';

/** The letter of each operating state where words have no room. */
export const STATE_LETTERS: Readonly<Record<OperatingState, string>> = {
  off: 'O',
  standby: 'S',
  extendedStandby: 'E',
  warmUp: 'W',
  ready: 'R',
  processing: 'P',
  unknown: '?',
};

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const ROWS = 6;
const MINUTE_MS = 60_000;
/** Minutes in a column, the widest picture first. */
const COLUMN_MINUTES = [1, 2, 3, 4, 5, 6, 10];

/**
 * The power of an hour as columns of blocks, its states as letters below, and `x` where it was not measured all the time.
 * @param width columns of the terminal; the picture takes at most 60 and its scale
 */
export function drawStrip(
  curve: readonly CurveMinute[],
  gaps: readonly ExplainedGap[],
  width: number,
): string[] {
  const topW = Math.max(0, ...curve.map(({ meanW }) => meanW ?? 0));
  const scale = [formatPower(topW), formatPower(topW / 2), '0 W', 'states', 'gaps'];
  const gutter = Math.max(...scale.map((text) => text.length)) + 2;
  const room = width - 2 - gutter;
  const each = COLUMN_MINUTES.find((minutes) => curve.length / minutes <= room) ?? 10;
  const columns = Array.from({ length: Math.ceil(curve.length / each) }, (_, index) =>
    curve.slice(index * each, (index + 1) * each),
  );
  const line = (label: string, cells: readonly string[]): string =>
    `  ${label.padStart(gutter - 2)} │${cells.join('')}`.trimEnd();
  const rows = Array.from({ length: topW > 0 ? ROWS : 0 }, (_, index) => {
    const label = index === 0 ? formatPower(topW) : index === ROWS / 2 ? formatPower(topW / 2) : '';
    const floor = ROWS - 1 - index;
    return line(
      label,
      columns.map((column) => blockOf(meanOf(column), topW, floor)),
    );
  });
  return [
    ...rows,
    line(
      'states',
      columns.map((column) => letterOf(column)),
    ),
    ...(gaps.length === 0
      ? []
      : [
          line(
            'gaps',
            columns.map((column) => (column.some((minute) => isIn(minute, gaps)) ? 'x' : ' ')),
          ),
        ]),
    `${' '.repeat(gutter + 2)}${drawClock(curve[0]?.minuteMs ?? 0, columns.length)}`,
  ];
}

function meanOf(column: readonly CurveMinute[]): number | null {
  const known = column.flatMap(({ meanW }) => meanW ?? []);
  return known.length === 0 ? null : known.reduce((sum, powerW) => sum + powerW, 0) / known.length;
}

/** The part of a column that lies in one row; what is known, however little, is never nothing. */
function blockOf(powerW: number | null, topW: number, floor: number): string {
  if (powerW === null) return ' ';
  const eighths = Math.round((Math.max(0, powerW) / topW) * ROWS * 8) - floor * 8;
  const least = floor === 0 ? 1 : 0;
  return BLOCKS[Math.min(8, Math.max(least, eighths))] ?? ' ';
}

function letterOf(column: readonly CurveMinute[]): string {
  let best: OperatingState | undefined;
  let bestMs = 0;
  for (const state of OPERATING_STATES) {
    const ms = column.reduce((sum, { timeMs }) => sum + (timeMs[state] ?? 0), 0);
    if (ms > bestMs) [best, bestMs] = [state, ms];
  }
  return best === undefined ? ' ' : STATE_LETTERS[best];
}

function isIn({ minuteMs }: CurveMinute, gaps: readonly ExplainedGap[]): boolean {
  return gaps.some(({ fromMs, toMs }) => fromMs <= minuteMs && minuteMs + MINUTE_MS <= toMs);
}

/** `06:00          06:15          06:30          06:45`: what does not fit is left out. */
function drawClock(hourMs: number, columns: number): string {
  let drawn = '';
  for (let minute = 0; minute < 60; minute += 15) {
    const at = Math.round((minute / 60) * columns);
    if (at < drawn.length + (minute === 0 ? 0 : 1)) continue;
    drawn = drawn.padEnd(at) + new Date(hourMs + minute * MINUTE_MS).toISOString().slice(11, 16);
  }
  return drawn;
}
