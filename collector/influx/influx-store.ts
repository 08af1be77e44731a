/**
 * What became of one request of lines.
 *
 * - `ok`: all are stored. `expired` of them lie beyond the database's retention and were not wanted.
 * - `retry`: nothing is known; send the same lines again, not before `afterMs` (null: as the caller likes). `suspect`: if
 *   that does not help, the size of the request may be to blame, or one of its lines.
 * - `rejected`: at least one line is not acceptable; the others may or may not be stored, and may be sent again. `named`:
 *   which lines, where the server tells (1 is the first).
 * - `too-large`: send fewer at a time.
 * - `halt`: an operator must do something; try slowly until it is done. `isMissing`: the database or bucket is not there,
 *   and so nothing that was written before.
 */
export type WriteOutcome =
  | { kind: 'ok'; expired: number }
  | { kind: 'retry'; afterMs: number | null; reason: string; suspect?: 'size' | 'line' }
  | { kind: 'rejected'; reason: string; named: readonly NamedLine[] }
  | { kind: 'too-large'; reason: string }
  | { kind: 'halt'; reason: string; cure: string; isMissing?: true };

/** A line that the server names in its refusal. */
export interface NamedLine {
  /** 1 is the first of the request. */
  line: number;
  reason: string;
}

/** One series of an InfluxQL result. */
export interface QuerySeries {
  name: string;
  tags: Record<string, string>;
  columns: string[];
  /** One list a row, in the order of `columns`; times are ms since the Unix epoch. */
  rows: (string | number | boolean | null)[][];
}

/** One point of a series, to be deleted. */
export interface StoredPoint {
  measurement: string;
  /** All tags of the series. */
  tags: readonly (readonly [name: string, value: string])[];
  /** ms since the Unix epoch. */
  timeMs: number;
}

/** A time-series database that takes line protocol and answers InfluxQL: InfluxDB 1.x, 2.x, 3.x. */
export interface InfluxStore {
  /** Sends lines (separated by line feeds, times in ms) as one request. Never throws; settles within its deadline. */
  write(lines: string): Promise<WriteOutcome>;
  /** Deletes points, so that no field of theirs is left; `ok` and without effect where the server cannot (3.x). Never throws. */
  deletePoints(points: readonly StoredPoint[]): Promise<WriteOutcome>;
  /** Runs one InfluxQL statement; throws an error of class `retry` or `refuse`. */
  query(influxql: string): Promise<QuerySeries[]>;
  /**
   * Makes the database or bucket when it is missing and the account may; throws an error of class `retry` or `refuse`.
   * `empty` is true only when it is known to hold nothing: it was made just now, or (1.x) has no measurement.
   */
  ensureDatabase(): Promise<{ empty: boolean }>;
  /** Whether the server answers, and which version it says it is; never throws. */
  health(): Promise<{ up: boolean; version: string; reason: string }>;
}
