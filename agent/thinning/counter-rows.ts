import { decimalOf, type Reading } from '../../protocols/telemetry/decimal.ts';
import type { ReadingStream } from './reading-stream.ts';

/** Quarter hours of wall time: no kept reading of a counter is farther from the next. */
export const COUNTER_EVERY_MS = 900_000;
const HOUR_MS = 3_600_000;
/** One watt for so many ms is a thousandth of a watt-hour. */
const MS_PER_HOUR_W = 3600;
/**
 * Where a difference is shared between two hours, all readings of it are kept that are no farther apart than this; of a
 * counter that waits longer for its next step only those at both ends, and power once a minute.
 */
const WINDOW_MS_MAX = 600_000;
/** What rounds to another whole thousandth of a unit for certain. */
const MOVED_MILLIS = 2;
/** Beyond what power explains, or what the rises about it say where power is not read, a rise is one to be judged. */
const POWER_MARGIN = 1.1;
const BLIND_MARGIN = 3;
const NEIGHBOURS = 5;
const DIGITS_LOOKED_AT = 10;
/** After a fall or a jump so many readings are kept at least: others have to confirm it. */
const CALM_ROWS = 8;
const CALM_MOVES = 4;
const CALM_MS_MAX = 180_000;

/** Which rows of a counter are kept, and the times over which power has to be told with them. */
export interface CounterRows {
  kept: Set<number>;
  /** [first, last] row of each stretch over which a difference is shared; `isFine` where all of its rows are kept. */
  windows: { first: number; last: number; isFine: boolean }[];
}

/** A value above the one before: by how much, and since when it may have been reached. */
interface Rise {
  row: number;
  millis: number;
  /** When the value before it was first seen. */
  fromMs: number;
  toMs: number;
}

/** How power ran, for telling a jump of the counter from a peak of the load. */
export interface PowerTold {
  timesMs: readonly number[];
  watts: readonly number[];
}

/**
 * Chooses the rows of a counter from which its hours come out as from all: at quarter hours the last reading before and the
 * first at or after it; and about each moment at which a difference is shared or judged (the hour, the ends, gaps, falls,
 * jumps, changes of the link), all from the step before the last one to the next one.
 *
 * @param millis values in thousandths of the unit
 * @param offsetMs wall minus monotonic time
 * @param linkTimesMs when the source came up or went down, monotonic ms
 */
export function chooseCounterRows(
  stream: ReadingStream,
  millis: readonly number[],
  offsetMs: number,
  linkTimesMs: readonly number[],
  power: PowerTold | undefined,
): CounterRows {
  const { timesMs } = stream;
  const rows = timesMs.length;
  const chosen: CounterRows = { kept: new Set(), windows: [] };
  if (rows === 0) return chosen;
  const odd = oddRows(stream, millis, power);
  /** Row `next` is the first after the moment; 0 and `rows` are the ends. */
  const openWindow = (next: number, calm: boolean) => {
    const before = next - 1;
    let first = Math.max(0, before);
    while (first > 0 && !odd.has(first) && !((millis[first] ?? 0) <= (millis[before] ?? 0) - MOVED_MILLIS))
      first--;
    // How long the value may have stood before it is told by the reading before.
    const lead = before >= 0 ? Math.max(0, first - 1) : first;
    const step = first > 0 && !odd.has(first) ? first + 1 : first;
    let last = Math.min(rows - 1, next);
    const from = millis[odd.has(next) ? next : Math.max(0, before)] ?? 0;
    while (last < rows - 1 && !odd.has(last + 1) && !((millis[last] ?? 0) >= from + MOVED_MILLIS)) last++;
    if (odd.has(last + 1)) last++;
    keepWindow(chosen, stream, { first: lead, step, last, near: [before, next] });
    // Others have to agree with it at their own times: the longer one waits, the more is believed.
    if (!calm) return;
    // A meter that boots shows 0 for a while: that confirms nothing.
    let shown = next;
    while (shown < rows - 1 && millis[shown] === 0) shown++;
    if (shown > next)
      keepWindow(chosen, stream, { first: before, last: Math.min(rows - 1, next + 1), near: [] });
    keepWindow(chosen, stream, { first: shown - 1, last: calmRow(stream, millis, shown), near: [] });
  };
  openWindow(0, false);
  openWindow(rows, false);
  for (const row of odd) openWindow(row, true);
  for (let row = 1; row < rows; row++) {
    const [fromMs, toMs] = [timesMs[row - 1] ?? 0, timesMs[row] ?? 0];
    const isGap = toMs - fromMs > 2 * (stream.everyMs[row - 1] ?? 0);
    if (isGap || isCrossed(fromMs + offsetMs, toMs + offsetMs, HOUR_MS)) openWindow(row, false);
    else if (
      isCrossed(fromMs + offsetMs, toMs + offsetMs, COUNTER_EVERY_MS) ||
      stream.qualities[row] !== stream.qualities[row - 1] ||
      stream.afterBad.has(toMs)
    )
      chosen.kept.add(row - 1).add(row);
  }
  for (const atMs of linkTimesMs) {
    openWindow(rowAtOrAfter(timesMs, atMs), false);
  }
  return chosen;
}

/** True where an edge lies in (fromMs, toMs]. */
function isCrossed(fromMs: number, toMs: number, stepMs: number): boolean {
  return Math.floor(fromMs / stepMs) !== Math.floor(toMs / stepMs);
}

/** @param step the row from which on the counter waits; those before it may lie long before, over a silence */
function keepWindow(
  chosen: CounterRows,
  { timesMs }: ReadingStream,
  {
    first,
    step = first,
    last,
    near,
  }: { first: number; step?: number; last: number; near: readonly number[] },
): void {
  const spanMs = (from: number) => (timesMs[last] ?? 0) - (timesMs[from] ?? 0);
  const isFine = spanMs(step) <= WINDOW_MS_MAX;
  // Power is kept from its first row on: not over hours in which the counter was not read.
  chosen.windows.push({ first: isFine && spanMs(first) > WINDOW_MS_MAX ? step : first, last, isFine });
  if (isFine) for (let row = first; row <= last; row++) chosen.kept.add(row);
  else
    // The step itself is followed by another row: when it was made is told by its own cadence.
    for (const row of [first, first + 1, first + 2, first + 3, ...near, last - 1, last])
      if (row >= first && row <= last) chosen.kept.add(row);
}

/** Rows that lie below the one before, or so far above it that they have to be judged. */
function oddRows(
  stream: ReadingStream,
  millis: readonly number[],
  power: PowerTold | undefined,
): Set<number> {
  const { timesMs } = stream;
  const stepMillis = shownStepMillis(stream.values, millis);
  const odd = new Set<number>();
  const rises: Rise[] = [];
  let changedMs = timesMs[0] ?? 0;
  for (let row = 1; row < timesMs.length; row++) {
    const rise = (millis[row] ?? 0) - (millis[row - 1] ?? 0);
    if (rise === 0) continue;
    const toMs = timesMs[row] ?? 0;
    if (rise < 0) odd.add(row);
    else rises.push({ row, millis: rise, fromMs: changedMs, toMs });
    changedMs = toMs;
  }
  const slack = stepMillis + MOVED_MILLIS;
  for (const [index, rise] of rises.entries()) {
    const usual =
      power === undefined ? BLIND_MARGIN * usualMillis(rises, index) : POWER_MARGIN * mostMillis(rise, power);
    if (rise.millis > usual + slack) odd.add(rise.row);
  }
  return odd;
}

/** The last digit that some readings show: a counter may move by less than this only where it shows more. */
function shownStepMillis(values: readonly Reading[], millis: readonly number[]): number {
  let stepMillis = Infinity;
  for (const [row, value] of values.slice(0, DIGITS_LOOKED_AT).entries()) {
    const raw = Math.abs(Number(value));
    if (raw === 0) continue;
    const step = Math.max(10 ** decimalOf(value).exponent, 2 ** (Math.floor(Math.log2(raw)) - 23));
    stepMillis = Math.min(stepMillis, (step * Math.abs(millis[row] ?? 0)) / raw);
  }
  return stepMillis === Infinity ? 0 : stepMillis;
}

/** What the rises about one say that it should be, by its time. */
function usualMillis(rises: readonly Rise[], index: number): number {
  const about = [
    ...rises.slice(Math.max(0, index - NEIGHBOURS), index),
    ...rises.slice(index + 1, index + 1 + NEIGHBOURS),
  ];
  const rates = about.map(({ millis, fromMs, toMs }) => millis / (toMs - fromMs)).sort((a, b) => a - b);
  const { fromMs, toMs } = rises[index] ?? { fromMs: 0, toMs: 0 };
  return (rates[Math.floor(rates.length / 2)] ?? 0) * (toMs - fromMs);
}

/** The most that may have been drawn by what power says about the time of a rise. */
function mostMillis({ fromMs, toMs }: Rise, { timesMs, watts }: PowerTold): number {
  let wattMs = 0;
  let atMs = fromMs;
  // A meter refreshes its counter and its power at different moments: the readings next to a piece of time count, too.
  for (let row = Math.max(0, rowAtOrAfter(timesMs, fromMs)); atMs < toMs; row++) {
    const endMs = Math.min(toMs, timesMs[row] ?? toMs);
    if (endMs <= atMs && row < timesMs.length) continue;
    const mostW = Math.max(0, ...watts.slice(Math.max(0, row - 3), row + 2));
    wattMs += mostW * (endMs - atMs);
    atMs = endMs;
  }
  return wattMs / MS_PER_HOUR_W;
}

/** The row by which others agreed with one that was judged, and moved on. */
function calmRow({ timesMs }: ReadingStream, millis: readonly number[], judged: number): number {
  let [moves, row] = [0, judged];
  const untilMs = (timesMs[judged] ?? 0) + CALM_MS_MAX;
  for (; row < timesMs.length - 1 && (timesMs[row] ?? 0) < untilMs; row++) {
    if (row > judged && (millis[row] ?? 0) > (millis[row - 1] ?? 0)) moves++;
    if (row - judged >= CALM_ROWS && moves >= CALM_MOVES) break;
  }
  return row;
}

/** The first row at or after a time; the number of rows where there is none. Times rise. */
export function rowAtOrAfter(timesMs: readonly number[], atMs: number): number {
  let [low, high] = [0, timesMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((timesMs[middle] ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
