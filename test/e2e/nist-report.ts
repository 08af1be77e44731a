import type { StateSpan } from '../../collector/energy/state-span.ts';
import {
  compareWithTimer,
  explainDifference,
  type Comparison,
  type Explanation,
  type Interval,
} from './nist-comparison.ts';
import { dueTimes, type RecordedDay } from './nist-day.ts';

/** A word of the log, as the ledger should hold it. */
export interface ExpectedWord {
  line: number;
  timeMs: number;
  /** When the agent told of it. */
  dueMs: number;
  /** `UNAVAILABLE` where there is no value. */
  value: string;
}

/** What is said of a recorded day. */
export interface DayReport {
  name: string;
  comparison: Comparison;
  explanation: Explanation;
  /** Of the counted time, ms: where the control was silent so briefly that the state before holds. */
  bridgedMs: number;
  /** One sentence for each interval that makes the day differ by more than 2 %. */
  causes: string[];
}

/** A day may differ by so much before its lines are named. */
export const SHARE = 0.02;
const EXECUTION = 'EXECUTION';
const TIMER = 'auto_time';
const HOUR_MS = 3_600_000;

/** Judges a day: processing time against the control's own timer, both as the ledger has them. */
export function reportDay(day: RecordedDay): DayReport {
  const processing = day.spans.filter(({ state }) => state === 'processing');
  const item = [...new Set(day.told.map(({ item: of }) => of))].find(({ name }) => name === TIMER);
  const expected = item === undefined ? [] : expectedWords(day, item.id);
  const kept = item === undefined ? [] : (day.words.get(item.id)?.words ?? []);
  const lineOf = findLines(expected);
  const readings = kept.flatMap(({ atMs, value }) =>
    typeof value === 'number' ? [{ atMs, seconds: value, line: lineOf(String(value), atMs) }] : [],
  );
  const comparison = compareWithTimer(processing, readings);
  const explanation = explainDifference(comparison, SHARE);
  const [first, last] = [readings[0]?.atMs ?? 0, readings.at(-1)?.atMs ?? 0];
  const words = executionsOf(day);
  return {
    name: day.name,
    comparison,
    explanation,
    bridgedMs: processing
      .filter(({ decider }) => decider === 'bridged')
      .reduce(
        (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs, last) - Math.max(fromMs, first)),
        0,
      ),
    causes: explanation.causes.map((cause) => sentenceOf(cause, words, day.spans)),
  };
}

/** The table of several days, and under it what makes days differ. */
export function renderReport(reports: readonly DayReport[]): string {
  const hours = (ms: number) => (ms / HOUR_MS).toFixed(4);
  const rows = reports.map(({ name, comparison, bridgedMs, explanation, causes }) =>
    [
      name.replace(/\.txt(\.gz)?$/u, ''),
      hours(comparison.countedMs),
      hours(bridgedMs),
      hours(comparison.timerMs),
      comparison.ratio?.toFixed(4) ?? 'none',
      causes.length === 0 ? '' : `${causes.length}${explanation.isExplained ? '' : ', and more'}`,
    ].join(' | '),
  );
  const named = reports.flatMap(({ name, causes }) => causes.map((cause) => `${name}: ${cause}`));
  return [
    'day | counted h | of it bridged h | auto_time h | ratio | intervals named',
    '--- | --- | --- | --- | --- | ---',
    ...rows,
    ...(named.length === 0 ? [] : ['', ...named]),
  ].join('\n');
}

/**
 * What of the log a word channel should hold: what was in force when the day began (nothing, where the log had said
 * nothing), then every change, in file order.
 */
export function expectedWords(
  { told, fromMs }: Pick<RecordedDay, 'told' | 'fromMs'>,
  itemId: string,
): ExpectedWord[] {
  const duesMs = dueTimes(told);
  const words: ExpectedWord[] = [{ line: 0, timeMs: fromMs, dueMs: fromMs, value: 'UNAVAILABLE' }];
  told.forEach(({ item, line, timeMs, value }, index) => {
    if (item.id !== itemId) return;
    const dueMs = duesMs[index]!;
    if (dueMs <= fromMs) words.length = 0;
    if (words.at(-1)?.value !== value) words.push({ line, timeMs, dueMs, value });
  });
  return words;
}

/** Which line told a word: of those that say so, the one nearest in time; 0 where none does. */
function findLines(expected: readonly ExpectedWord[]): (value: string, atMs: number) => number {
  const byValue = Map.groupBy(expected, ({ value }) => value);
  return (value, atMs) => {
    let nearest: ExpectedWord | undefined;
    for (const word of byValue.get(value) ?? [])
      if (nearest === undefined || Math.abs(word.timeMs - atMs) < Math.abs(nearest.timeMs - atMs))
        nearest = word;
    return nearest?.line ?? 0;
  };
}

function executionsOf(day: RecordedDay): ExpectedWord[] {
  const item = day.told.find(({ item: { type } }) => type === EXECUTION)?.item;
  return item === undefined ? [] : expectedWords(day, item.id);
}

/** `lines 10-20 (06:00:00 to 06:01:13): 73 s counted, auto_time went 29 s; execution ACTIVE (line 5), READY (line 12)`. */
function sentenceOf(
  { fromMs, toMs, fromLine, toLine, countedMs, timerMs }: Interval,
  executions: readonly ExpectedWord[],
  spans: readonly StateSpan[],
): string {
  const time = (ms: number) => new Date(ms).toISOString().slice(11, 19);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const inForce = executions.findLast(({ line }) => line <= fromLine);
  const told = executions.filter(({ line }) => line > fromLine && line <= toLine);
  const words = [...(inForce === undefined ? [] : [inForce]), ...told].map(
    ({ value, line }) => `${value} (line ${line})`,
  );
  const shown = words.length > 6 ? [...words.slice(0, 5), `and ${words.length - 5} more`] : words;
  const bridgedMs = spans
    .filter((span) => span.decider === 'bridged' && span.state === 'processing')
    .reduce((sum, span) => sum + Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)), 0);
  return [
    `lines ${fromLine}-${toLine} (${time(fromMs)} to ${time(toMs)}): ${seconds(countedMs)} counted`,
    ...(bridgedMs > 0 ? [`${seconds(bridgedMs)} of it bridged`] : []),
    `auto_time ${timerMs < 0 ? 'went back' : 'went'} ${seconds(Math.abs(timerMs))} in ${seconds(toMs - fromMs)}`,
    `execution ${shown.join(', ')}`,
  ].join('; ');
}
