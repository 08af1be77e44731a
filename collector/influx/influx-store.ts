/**
 * What became of one request of lines.
 *
 * - `ok`: all are stored. `expired` of them lie beyond the database's retention and were not wanted.
 * - `retry`: nothing is known; send the same lines again, not before `afterMs` (null: as the caller likes).
 * - `rejected`: at least one line is not acceptable; the others may or may not be stored, and may be sent again.
 * - `too-large`: send fewer at a time.
 * - `halt`: an operator must do something; try slowly until it is done.
 */
export type WriteOutcome =
  | { kind: 'ok'; expired: number }
  | { kind: 'retry'; afterMs: number | null; reason: string }
  | { kind: 'rejected'; reason: string }
  | { kind: 'too-large'; reason: string }
  | { kind: 'halt'; reason: string; cure: string };

/** One series of an InfluxQL result. */
export interface QuerySeries {
  name: string;
  tags: Record<string, string>;
  columns: string[];
  /** One list a row, in the order of `columns`; times are ms since the Unix epoch. */
  rows: (string | number | boolean | null)[][];
}

/** A time-series database that takes line protocol and answers InfluxQL: InfluxDB 1.x, 2.x, 3.x. */
export interface InfluxStore {
  /** Sends lines (separated by line feeds, times in ms) as one request. Never throws; settles within its deadline. */
  write(lines: string): Promise<WriteOutcome>;
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
