import { escapeHtml } from './page-text.ts';

/** One bar of a chart. */
export interface Bar {
  /** Null where nothing is known: no bar. */
  value: number | null;
  /** Half the width of the interval of its uncertainty; null where that is not known. */
  half: number | null;
  /** Drawn as an outline: what was not measured by a meter of its own. */
  isHollow?: boolean;
  /** What it shows, for those who cannot see it. */
  title: string;
}

/** A chart whose bars stand in the rows of a table, on one axis. */
export interface BarChart {
  axis: string;
  bars: string[];
}

/** Picture units per size of the font. */
const SCALE = 10;
const HEIGHT = 11;
const AXIS_HEIGHT = 10;
const EDGE = 3;
/** Wider than this it would be too small to read on a phone. */
const WIDE = 130;
/** Width of a digit of the axis. */
const DIGIT = 4.8;

/** Bars from zero, in one scale. @param widthEm of the column they stand in @param unit behind the marks of the axis */
export function drawBars(bars: readonly Bar[], widthEm: number, unit = ''): BarChart {
  const width = Math.max(40, Math.round(widthEm * SCALE));
  const ends = bars.flatMap(({ value, half }) =>
    value === null ? [] : [value - (half ?? 0), value + (half ?? 0)],
  );
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  const span = high - low || 1;
  const xOf = (value: number) => round(EDGE + ((value - low) / span) * (width - 2 * EDGE));
  const ticks = ticksOf(low, high, width);
  const grid = ticks.map((tick) => `M${xOf(tick)} 0V${HEIGHT}`).join('');
  return {
    axis: [
      `<svg class="${width > WIDE ? 'axis wide' : 'axis'}" viewBox="0 0 ${width} ${AXIS_HEIGHT}" aria-hidden="true">`,
      ...ticks.map((tick) => {
        const x = xOf(tick);
        const half = Math.max(12, (tickText(tick).length * DIGIT) / 2);
        const anchor = x < 12 ? 'start' : x > width - half ? 'end' : 'middle';
        return `<text x="${x}" y="8" text-anchor="${anchor}">${tickText(tick)}${unit}</text>`;
      }),
      '</svg>',
    ].join(''),
    bars: bars.map(({ value, half, isHollow, title }) =>
      [
        `<svg class="bar" viewBox="0 0 ${width} ${HEIGHT}" role="img"><title>${escapeHtml(title)}</title>`,
        `<path class="grid" d="${grid}"/>`,
        ...(value === null
          ? []
          : [barOf(xOf(Math.min(0, value)), xOf(Math.max(0, value)), isHollow === true)]),
        ...(value === null || half === null ? [] : [whiskerOf(xOf(value - half), xOf(value + half))]),
        `<path class="zero" d="M${xOf(0)} 0V${HEIGHT}"/></svg>`,
      ].join(''),
    ),
  };
}

function barOf(from: number, to: number, isHollow: boolean): string {
  if (to - from <= 0) return '';
  return isHollow
    ? `<rect class="hollow" x="${round(from + 0.4)}" y="2.4" width="${round(Math.max(0.4, to - from - 0.8))}" height="6.2"/>`
    : `<rect class="solid" x="${from}" y="2" width="${round(to - from)}" height="7"/>`;
}

const whiskerOf = (from: number, to: number) =>
  `<path class="whisker" d="M${from} 5.5H${to}M${from} 3.5V7.5M${to} 3.5V7.5"/>`;

/** Round values on an axis, zero among them, as many as have room side by side: at least one beside zero, if any has. */
function ticksOf(low: number, high: number, width: number): number[] {
  for (let most = Math.floor(width / 34); most >= 1; most--) {
    const rough = (high - low) / most;
    const decade = 10 ** Math.floor(Math.log10(rough));
    if (!(decade > 0) || !Number.isFinite(decade)) break;
    const step = ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10) * decade;
    const ticks: number[] = [];
    for (let at = Math.ceil(low / step); at * step <= high * (1 + 1e-9); at++)
      ticks.push(Number((at * step).toPrecision(12)));
    const texts = ticks.map(tickText);
    if (texts.some((text) => text.includes('e'))) break;
    const apart = (step / (high - low)) * (width - 2 * EDGE);
    if (ticks.length > 1 && Math.max(...texts.map(({ length }) => length)) * DIGIT + 8 <= apart) return ticks;
  }
  const top = topOf(high);
  const text = tickText(top);
  const apart = (top / (high - low || 1)) * (width - 2 * EDGE);
  // Near the end of the axis a mark ends at its place, elsewhere its middle is there.
  const isAtEnd = EDGE + apart > width - Math.max(12, (text.length * DIGIT) / 2);
  const needed = (text.length / (isAtEnd ? 1 : 2) + 1.6) * DIGIT;
  return top > 0 && apart >= needed && !text.includes('e') ? [0, top] : [0];
}

/** The largest of 1, 2, 5, 10 ... that is not above a value; 0 where there is none. */
function topOf(high: number): number {
  const decade = 10 ** Math.floor(Math.log10(high));
  const factor = [5, 2, 1].find((one) => one * decade <= high * (1 + 1e-9));
  return factor === undefined || !Number.isFinite(decade) ? 0 : Number((factor * decade).toPrecision(12));
}

const tickText = (tick: number) => String(tick === 0 ? 0 : tick);

/** A score from 1, the best, to 5 as its place among five boxes. */
export function drawScore(score: number, title: string): string {
  const boxes = [1, 2, 3, 4, 5].map(
    (place) =>
      `<rect class="${place === score ? 'mark' : 'hollow'}" x="${(place - 1) * 9 + 0.5}" y="1.5" width="7.5" height="7.5"/>`,
  );
  return `<svg class="score" viewBox="0 0 46 11" role="img"><title>${escapeHtml(title)}</title>${boxes.join('')}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
