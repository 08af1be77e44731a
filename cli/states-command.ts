import { resolve } from 'node:path';
import { DECIDERS, type Decider, type StateSpan } from '../collector/energy/state-span.ts';
import { statesToCsv } from '../collector/http/state-list.ts';
import { readViews } from '../collector/ledger/sqlite-views.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { MillwattError } from '../protocols/errors.ts';
import { OPERATING_STATES } from '../protocols/telemetry/operating-state.ts';
import { formatShare, formatSpan, formatTime } from './format.ts';
import { style, widthOf } from './screen.ts';
import { readSiteRange, sayRange, takeSiteClock } from './site-clock.ts';
import { renderTable, wrapText, type TextColumn } from './text-table.ts';
import { requireMachine } from './known-machine.ts';

/** More stretches than anyone reads or a file should hold. */
const SPANS_MAX = 500_000;
/** Where people read, the newest of so many are shown. */
const SHOWN_MAX = 200;
/** Columns that what decided has at least, however narrow the terminal. */
const BASIS_LEAST = 16;

interface StatesOptions {
  config: string;
  from?: string;
  to?: string;
  all?: true;
  json?: true;
  csv?: true;
}

/** `millwatt states MACHINE`: every stretch of one operating state and what decided it; the collector may run meanwhile. */
export async function runStates(machine: string, options: StatesOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const clock = takeSiteClock(config);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    requireMachine(views.machines(), machine);
    const { fromMs, toMs } = readSiteRange(options, clock);
    const spans = views.states(machine, fromMs, toMs, SPANS_MAX + 1);
    requireWhole(spans.length);
    const text = options.json
      ? `${JSON.stringify({ ok: true, machine, fromMs, toMs, spans }, null, 2)}\n`
      : options.csv
        ? statesToCsv(machine, spans)
        : `${[style(`${machine}, ${sayRange(fromMs, toMs, clock)}`, 'dim'), ...stateLines(machine, spans, widthOf(), { all: options.all === true })].join('\n')}\n`;
    process.stdout.write(text);
  } finally {
    views.close();
  }
}

/** Refuses what is more than `states` reads at once, rather than leave the newest out. */
export function requireWhole(spans: number): void {
  if (spans <= SPANS_MAX) return;
  throw new MillwattError(
    'refuse',
    'too-many',
    `The machine changed its state more than ${SPANS_MAX} times in this time.`,
    { cure: 'Ask for a shorter time with --from and --to.' },
  );
}

/**
 * The table for people: the stretches under their day, then how long each state was and what decided it. What decided is
 * never left out: where it has no room beside the rest, it goes on in the next line.
 * @param zoneOffsetMin minutes that the clock is ahead of UTC; that of this process where it is not given
 */
export function stateLines(
  machine: string,
  spans: readonly StateSpan[],
  width: number,
  about: { all: boolean; zoneOffsetMin?: number },
): string[] {
  if (spans.length === 0) return ['No states in this time.'];
  const shown = about.all ? spans : spans.slice(-SHOWN_MAX);
  const left = spans.length - shown.length;
  return [
    ...(left === 0 ? [] : [style(`${left} earlier stretches are left out; --all shows them.`, 'dim')]),
    ...drawStretches(
      shown.map((span) => sayStretch(machine, span, about.zoneOffsetMin)),
      width,
    ),
    '',
    ...renderTable(
      [
        { title: 'state' },
        { title: 'time', align: 'right' },
        { title: 'share', align: 'right' },
        ...decidersOf(spans).map((title) => ({ title, align: 'right' as const, spare: 1 })),
      ],
      sumStates(spans),
      width,
    ),
  ];
}

/** A stretch in words. */
interface Stretch {
  /** The day and its zone: 2026-11-22 (UTC+05:30). */
  day: string;
  time: string;
  length: string;
  state: string;
  decider: string;
  basis: string;
}

function sayStretch(
  machine: string,
  { fromMs, toMs, state, decider, basis }: StateSpan,
  zoneOffsetMin?: number,
): Stretch {
  const [day, time = '', zone] = formatTime(fromMs, zoneOffsetMin).split(' ');
  return {
    day: `${day} (UTC${zone})`,
    time,
    length: formatSpan(toMs - fromMs),
    state,
    decider,
    basis: basis
      .split(', ')
      .map((part) => (part.startsWith(`${machine}.`) ? part.slice(machine.length + 1) : part))
      .join(', ')
      // A control may say anything, a terminal's own commands among it.
      .replaceAll(/\p{Cc}+/gu, ' '),
  };
}

function drawStretches(stretches: readonly Stretch[], width: number): string[] {
  const columns: (TextColumn & { of: Exclude<keyof Stretch, 'day'> })[] = [
    { title: 'from', of: 'time' },
    { title: 'for', of: 'length', align: 'right' },
    { title: 'state', of: 'state' },
    { title: 'decided by', of: 'decider' },
    { title: 'which said', of: 'basis' },
  ];
  const widthOfColumns = (chosen: typeof columns) =>
    chosen.reduce(
      (sum, { title, of }) => sum + Math.max(title.length, ...stretches.map((one) => one[of].length)) + 2,
      -2,
    );
  const isWide = widthOfColumns(columns) <= width;
  const chosen = isWide ? columns : columns.filter(({ of }) => of !== 'decider');
  const room = isWide
    ? Infinity
    : Math.max(BASIS_LEAST, width - 2 - widthOfColumns(chosen.filter(({ of }) => of !== 'basis')));
  const rows: string[][] = [];
  const days = new Map<number, string>();
  for (const [index, stretch] of stretches.entries()) {
    if (stretch.day !== stretches[index - 1]?.day) days.set(rows.length, stretch.day);
    const [basis = '', ...further] = breakText(stretch.basis, room);
    rows.push(chosen.map(({ of }) => (of === 'basis' ? basis : stretch[of])));
    rows.push(...further.map((more) => chosen.map(({ of }) => (of === 'basis' ? more : ''))));
  }
  const [head = '', rule = '', ...body] = renderTable(chosen, rows, width);
  return [
    head,
    rule,
    ...body.flatMap((line, row) => {
      const day = days.get(row);
      return day === undefined ? [line] : [style(day, 'bold'), line];
    }),
    ...(isWide
      ? []
      : wrapText('1 column left out (decided by): widen the terminal, or --csv.', width).map((line) =>
          style(line, 'dim'),
        )),
  ];
}

/** Lines of at most `width`, broken between words, and within those that are wider. */
function breakText(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  return wrapText(text, width).flatMap((line) =>
    Array.from({ length: Math.max(1, Math.ceil(line.length / width)) }, (_, part) =>
      line.slice(part * width, (part + 1) * width),
    ),
  );
}

function decidersOf(spans: readonly StateSpan[]): Decider[] {
  const seen = new Set(spans.map(({ decider }) => decider));
  return DECIDERS.filter((decider) => seen.has(decider));
}

function sumStates(spans: readonly StateSpan[]): string[][] {
  const timeOf = (of: readonly StateSpan[]) => of.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const allMs = timeOf(spans);
  return OPERATING_STATES.flatMap((state) => {
    const own = spans.filter((span) => span.state === state);
    if (own.length === 0) return [];
    const ms = timeOf(own);
    const deciders = decidersOf(spans).map((decider) => {
      const decidedMs = timeOf(own.filter((span) => span.decider === decider));
      return decidedMs === 0 ? '' : formatSpan(decidedMs);
    });
    return [[state, formatSpan(ms), formatShare(ms / allMs), ...deciders]];
  });
}
