import { resolve } from 'node:path';
import { DECIDERS, type Decider, type StateSpan } from '../collector/energy/state-span.ts';
import { statesToCsv } from '../collector/http/state-list.ts';
import { readViews } from '../collector/ledger/sqlite-views.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { MillwattError } from '../protocols/errors.ts';
import { OPERATING_STATES } from '../protocols/telemetry/operating-state.ts';
import { formatShare, formatSpan } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { style, widthOf } from './screen.ts';
import { explainLeftOut, renderTable, type TextColumn } from './text-table.ts';

const DAY_MS = 86_400_000;
/** More stretches than anyone reads or a file should hold. */
const SPANS_MAX = 500_000;
/** Where people read, the newest of so many are shown. */
const SHOWN_MAX = 200;

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
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const known = views.machines();
    if (!known.includes(machine))
      throw new MillwattError('refuse', 'no-machine', `The ledger knows no machine ${machine}.`, {
        cure:
          known.length === 0
            ? 'Nothing has arrived yet: is an agent running?'
            : `Choose one of: ${known.join(', ')}.`,
      });
    const toMs = options.to === undefined ? Date.now() : parseTime(options.to, '--to');
    const fromMs = options.from === undefined ? toMs - DAY_MS : parseTime(options.from, '--from');
    if (fromMs >= toMs)
      throw new MillwattError('refuse', 'bad-time', '--from is not before --to.', { cure: 'Exchange them.' });
    const spans = views.states(machine, fromMs, toMs, SPANS_MAX + 1);
    requireWhole(spans.length);
    const text = options.json
      ? `${JSON.stringify({ machine, fromMs, toMs, spans }, null, 2)}\n`
      : options.csv
        ? statesToCsv(machine, spans)
        : `${stateLines(spans, widthOf(), options.all === true).join('\n')}\n`;
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

/** The table for people: the stretches, then how long each state was and what decided it. */
export function stateLines(spans: readonly StateSpan[], width: number, all: boolean): string[] {
  if (spans.length === 0) return ['No states in this time.'];
  const shown = all ? spans : spans.slice(-SHOWN_MAX);
  const left = spans.length - shown.length;
  const columns: TextColumn[] = [
    { title: 'from (UTC)' },
    { title: 'for', align: 'right' },
    { title: 'state' },
    { title: 'decided by' },
    { title: 'which said', spare: 1 },
  ];
  const rows = shown.map(({ fromMs, toMs, state, decider, basis }) => [
    new Date(fromMs).toISOString().slice(0, 19).replace('T', ' '),
    formatSpan(toMs - fromMs),
    state,
    decider,
    // A control may say anything, a terminal's own commands among it.
    basis.replaceAll(/\p{Cc}+/gu, ' '),
  ]);
  return [
    ...(left === 0 ? [] : [style(`${left} earlier stretches are left out; --all shows them.`, 'dim')]),
    ...renderTable(columns, rows, width),
    ...explainLeftOut(columns, rows, width, '--csv'),
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

function parseTime(text: string, option: string): number {
  const atMs = readIsoTime(text);
  if (atMs !== undefined) return atMs;
  throw new MillwattError('refuse', 'bad-time', `${option} ${JSON.stringify(text)} is not a time.`, {
    cure: 'Write it as 2026-11-22 or 2026-11-22T06:30:00+01:00.',
  });
}
