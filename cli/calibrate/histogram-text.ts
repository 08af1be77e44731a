import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { sayPower } from '../../collector/energy/calibration/power-words.ts';
import { style } from '../screen.ts';
import { trimHistogram } from './histogram-range.ts';
import { sayState } from './state-words.ts';

const ROWS = 9;
const EIGHTHS = ' ▁▂▃▄▅▆▇█';
const MARGIN = 2;
const COLOURS: Partial<Record<OperatingState, 'green' | 'yellow' | 'cyan' | 'dim' | 'red'>> = {
  processing: 'green',
  ready: 'cyan',
  standby: 'yellow',
  warmUp: 'red',
  off: 'dim',
  unknown: 'dim',
};

/**
 * Time by power as a plot for a terminal: power on a logarithmic axis, height the square root of time (so that a state that
 * is rare can be seen beside one that is not), boundaries as dotted lines.
 * @param width columns, at least 40
 */
export function drawHistogram(proposal: Proposal, width: number): string[] {
  const columns = Math.max(40, width) - 2 * MARGIN;
  const { fromDecade, binDecades, shares } = trimHistogram(proposal);
  const decades = shares.length * binDecades;
  const heights = resample(shares, columns);
  const highest = Math.sqrt(Math.max(...heights));
  const columnOf = (powerW: number) => Math.floor(((Math.log10(powerW) - fromDecade) / decades) * columns);
  const edges = proposal.bands.flatMap(({ belowW }) => (belowW === null ? [] : [belowW]));
  const marks = new Set(edges.map(columnOf));
  const stateAt = (column: number) =>
    stateOf(proposal, 10 ** (fromDecade + ((column + 0.5) / columns) * decades));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    let line = '';
    for (let column = 0; column < columns; column++) {
      const eighths = Math.round((Math.sqrt(heights[column]!) / highest) * ROWS * 8) - row * 8;
      // What was there for a moment only is still seen.
      const shown = row === 0 && heights[column]! > 0 ? Math.max(1, eighths) : eighths;
      if (shown > 0) line += paint(EIGHTHS[Math.min(8, shown)]!, stateAt(column));
      else line += marks.has(column) ? style('┊', 'dim') : ' ';
    }
    lines.push(line.trimEnd());
  }
  lines.push(drawAxis(columns, fromDecade, decades, marks));
  lines.push(
    placeLabels(
      columns,
      ticksOf(fromDecade, decades).map((powerW) => ({ at: columnOf(powerW), text: sayPower(powerW) })),
    ),
  );
  return [
    ...placeBoundaries(
      columns,
      edges.map((powerW) => ({ at: columnOf(powerW), text: sayPower(powerW) })),
    ),
    ...lines,
    ...nameBands(proposal, columns, columnOf),
  ].map((line) => ' '.repeat(MARGIN) + line);
}

/** Bins spread over columns by their overlap, so that no column gets a bin more than its neighbour. */
function resample(shares: readonly number[], columns: number): Float64Array {
  const heights = new Float64Array(columns);
  const scale = columns / shares.length;
  shares.forEach((share, bin) => {
    const to = (bin + 1) * scale;
    for (let column = Math.floor(bin * scale); column < Math.min(columns, to); column++) {
      const overlap = Math.min(column + 1, to) - Math.max(column, bin * scale);
      heights[column]! += (share * overlap) / scale;
    }
  });
  return heights;
}

function stateOf({ bands }: Proposal, powerW: number): OperatingState {
  return bands.find(({ belowW }) => belowW === null || powerW < belowW)?.state ?? 'unknown';
}

function paint(text: string, state: OperatingState): string {
  const colour = COLOURS[state];
  return colour === undefined ? text : style(text, colour);
}

function ticksOf(fromDecade: number, decades: number): number[] {
  const ticks: number[] = [];
  for (let decade = Math.ceil(fromDecade); decade <= fromDecade + decades; decade++) ticks.push(10 ** decade);
  // Less than a decade and a half needs more than its powers of ten.
  if (ticks.length < 2 || decades < 1.2)
    for (let decade = Math.floor(fromDecade); decade <= fromDecade + decades; decade++)
      for (const factor of [2, 5]) ticks.push(factor * 10 ** decade);
  return ticks
    .filter((powerW) => Math.log10(powerW) >= fromDecade && Math.log10(powerW) < fromDecade + decades)
    .sort((a, b) => a - b);
}

function drawAxis(columns: number, fromDecade: number, decades: number, marks: ReadonlySet<number>): string {
  const ticks = new Set(
    ticksOf(fromDecade, decades).map((powerW) =>
      Math.floor(((Math.log10(powerW) - fromDecade) / decades) * columns),
    ),
  );
  return Array.from({ length: columns }, (_, column) =>
    marks.has(column) ? '┴' : ticks.has(column) ? '┬' : '─',
  ).join('');
}

interface Label {
  at: number;
  text: string;
}

/** Labels centred on their columns; one that would touch the one before it is left out. */
function placeLabels(columns: number, labels: readonly Label[]): string {
  let line = '';
  for (const { at, text } of labels) {
    const from = Math.max(0, Math.min(columns - text.length, at - Math.floor(text.length / 2)));
    if (line !== '' && from <= line.length) continue;
    line = line.padEnd(from) + text;
  }
  return line;
}

/** Labels of boundaries, on a second line where the first has no room. */
function placeBoundaries(columns: number, labels: readonly Label[]): string[] {
  const odd = labels.filter((_, index) => index % 2 === 1);
  const all = placeLabels(columns, labels);
  if (labels.every(({ text }) => all.includes(text))) return [all];
  return [
    placeLabels(columns, odd),
    placeLabels(
      columns,
      labels.filter((_, index) => index % 2 === 0),
    ),
  ];
}

/** The states below their stretches of the axis; on a second line where the first has no room for the word. */
function nameBands(proposal: Proposal, columns: number, columnOf: (powerW: number) => number): string[] {
  const lines = [
    { text: '', columns: 0 },
    { text: '', columns: 0 },
  ];
  let from = 0;
  for (const { state, belowW } of proposal.bands) {
    const to = belowW === null ? columns : Math.min(columns, columnOf(belowW));
    const name = sayState(state);
    const centred = Math.floor((from + to - name.length) / 2);
    const start = Math.max(0, Math.min(columns - name.length, centred));
    from = to;
    // A word keeps a space to the one before it.
    const line = lines.find((one) => one.columns === 0 || one.columns < start);
    if (line === undefined) continue;
    line.text += ' '.repeat(start - line.columns) + paint(name, state);
    line.columns = start + name.length;
  }
  return lines.map(({ text }) => text).filter((text) => text !== '');
}
