/**
 * Readings of one channel that wait to be taken into the fold, in order of time: plain arrays, a row each.
 * `V` is what a reading holds: a power in W, or a raw counter value.
 */
export interface Series<V> {
  atMs: number[];
  values: V[];
  /** Nominal time to the next reading, ms; more than twice that is a gap. */
  everyMs: number[];
  /** Sequence number of the record it came in: of two readings of one time, the lower wins. */
  seqs: number[];
  /** What defines the reading: an index into the fold's definitions. */
  definitions: number[];
  /** The clock that it was read by: an index into the fold's clocks; null for what is not bounded by time. */
  clocks: number[] | null;
  /** The latest reading that was taken in, or null. */
  lastMs: number | null;
  lastEveryMs: number;
}

/** A series without readings. */
export function emptySeries<V>(hasClocks = false): Series<V> {
  return {
    atMs: [],
    values: [],
    everyMs: [],
    seqs: [],
    definitions: [],
    clocks: hasClocks ? [] : null,
    lastMs: null,
    lastEveryMs: 0,
  };
}

/**
 * Puts a reading in its place. Two readings of one time are one: the lower seq wins, then the smaller value, then the
 * shorter cadence, then what `prefers` says of their definitions and clocks; so it does not matter which came first.
 * Returns true when they differed.
 */
export function insertReading<V extends number | string | null>(
  series: Series<V>,
  atMs: number,
  value: V,
  everyMs: number,
  seq: number,
  definition: number,
  clock = 0,
  prefers?: (definition: number, known: number, clock: number, knownClock: number) => boolean,
): boolean {
  let row = series.atMs.length;
  while (row > 0 && (series.atMs[row - 1] ?? 0) > atMs) row--;
  if (row > 0 && series.atMs[row - 1] === atMs) {
    const known = row - 1;
    const differs = series.values[known] !== value;
    const order =
      seq - (series.seqs[known] ?? 0) ||
      (differs ? (isSmaller(value, series.values[known] ?? null) ? -1 : 1) : 0) ||
      everyMs - (series.everyMs[known] ?? 0) ||
      (prefers?.(definition, series.definitions[known] ?? 0, clock, series.clocks?.[known] ?? 0) === true
        ? -1
        : 0);
    if (order < 0) replaceReading(series, known, value, everyMs, seq, definition, clock);
    return differs;
  }
  if (row === series.atMs.length) {
    series.atMs.push(atMs);
    series.values.push(value);
    series.everyMs.push(everyMs);
    series.seqs.push(seq);
    series.definitions.push(definition);
    series.clocks?.push(clock);
  } else {
    series.atMs.splice(row, 0, atMs);
    series.values.splice(row, 0, value);
    series.everyMs.splice(row, 0, everyMs);
    series.seqs.splice(row, 0, seq);
    series.definitions.splice(row, 0, definition);
    series.clocks?.splice(row, 0, clock);
  }
  return false;
}

/** Puts another reading in the place of one. */
export function replaceReading<V>(
  series: Series<V>,
  row: number,
  value: V,
  everyMs: number,
  seq: number,
  definition: number,
  clock = 0,
): void {
  series.values[row] = value;
  series.everyMs[row] = everyMs;
  series.seqs[row] = seq;
  series.definitions[row] = definition;
  if (series.clocks !== null) series.clocks[row] = clock;
}

/**
 * Up to when the series is settled, given that every reading before `horizonMs` is here: to its last reading while the
 * next may still come in time, beyond it once there is a gap for sure. Without any reading, to the horizon.
 */
export function settledTo(series: Series<unknown>, horizonMs: number): number {
  let row = series.atMs.length - 1;
  while (row >= 0 && (series.atMs[row] ?? 0) >= horizonMs) row--;
  const lastMs = row >= 0 ? (series.atMs[row] ?? 0) : series.lastMs;
  const everyMs = row >= 0 ? (series.everyMs[row] ?? 0) : series.lastEveryMs;
  if (lastMs === null) return horizonMs;
  return horizonMs - lastMs > 2 * everyMs ? horizonMs : lastMs;
}

/** The time of the last reading before the horizon, of those that wait; -Infinity without one. */
export function lastBeforeMs(series: Series<unknown>, horizonMs: number): number {
  let row = series.atMs.length - 1;
  while (row >= 0 && (series.atMs[row] ?? 0) >= horizonMs) row--;
  return series.atMs[row] ?? -Infinity;
}

/** Removes the first readings, which were taken in. */
export function dropTaken(series: Series<unknown>, rows: number): void {
  if (rows === 0) return;
  series.lastMs = series.atMs[rows - 1] ?? null;
  series.lastEveryMs = series.everyMs[rows - 1] ?? 0;
  for (const column of [
    series.atMs,
    series.values,
    series.everyMs,
    series.seqs,
    series.definitions,
    series.clocks,
  ]) {
    if (column === null) continue;
    if (rows === column.length) column.length = 0;
    else column.splice(0, rows);
  }
}

/** A copy with the readings before a time only. */
export function readingsBefore<V>(series: Series<V>, beforeMs: number): Series<V> {
  let rows = series.atMs.length;
  while (rows > 0 && (series.atMs[rows - 1] ?? 0) >= beforeMs) rows--;
  return {
    ...series,
    atMs: series.atMs.slice(0, rows),
    values: series.values.slice(0, rows),
    everyMs: series.everyMs.slice(0, rows),
    seqs: series.seqs.slice(0, rows),
    definitions: series.definitions.slice(0, rows),
    clocks: series.clocks?.slice(0, rows) ?? null,
  };
}

function isSmaller(a: number | string | null, b: number | string | null): boolean {
  return Number(a ?? -Infinity) < Number(b ?? -Infinity);
}
