import type { MachineHour } from '../energy/machine-hour.ts';
import type { RecordedWord } from '../energy/allocation/recorded-words.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { StateSpan } from '../energy/state-span.ts';

/** One minute of one measured channel: enough for a chart, never a source of energy. */
export interface MinuteRollup {
  channel: string;
  /** Start of the minute, ms since the Unix epoch. */
  minuteMs: number;
  count: number;
  min: number;
  max: number;
  /** Sum of the readings in the canonical unit; the mean is sum / count. */
  sum: number;
  /** The last reading of the minute and its wall time. */
  last: number;
  lastMs: number;
  /** Sum of the squared readings, and of the squared differences between readings that follow each other in the minute. */
  squares: number;
  steps: number;
}

/** What a control said of its program and its parts, and where it was recorded. */
export interface StoredWord extends RecordedWord {
  machine: string;
  /** What was said at one moment stays in its order, and nothing is there twice. */
  epoch: string;
  seq: number;
  place: number;
}

/** A point of a chart: extremes and mean of the readings in [fromMs, fromMs + stepMs). */
export interface SeriesPoint {
  fromMs: number;
  min: number;
  max: number;
  mean: number;
}

/**
 * Everything computed from the ledger, in a file of its own: it can be deleted and computed again.
 * Writes are atomic per call; `commit` moves a cursor in the same transaction as the rows it stands for.
 */
export interface Views {
  /** The last ordinal a reader has fully taken in; 0 when it has not begun. Readers: `derive`, `influx-samples`. */
  cursor(reader: string): number;
  setCursor(reader: string, ordinal: number): void;
  /** Writes minutes, hours and checkpoints, and moves the reader's cursor, all or nothing. Hours that did not change are left alone. */
  commit(change: {
    reader: string;
    ordinal: number;
    minutes?: Iterable<MinuteRollup>;
    hours?: Iterable<MachineHour>;
    /** Minutes and decisions of hours; one that is written again replaces it. */
    bases?: Iterable<HourBase>;
    /** Config snapshots that hours rest on, by their hash. */
    snapshots?: Iterable<{ hash: string; snapshot: ConfigSnapshot }>;
    checkpoints?: Iterable<{ machine: string; hourMs: number; json: string }>;
    /** Checkpoints of the machine at or after this hour are deleted before new ones are written. */
    dropCheckpointsFrom?: Iterable<{ machine: string; hourMs: number }>;
    /** Of the machine's checkpoints before this time, only the first of each day (UTC) is kept. */
    thinCheckpointsBefore?: Iterable<{ machine: string; hourMs: number }>;
    /** Spans of the machine from this time on are deleted, and one that reaches over it is cut, before new ones are written. */
    dropSpansFrom?: Iterable<{ machine: string; fromMs: number }>;
    /** Spans in order, by machine; what is stored of it from the first one's begin on is replaced. */
    spans?: Iterable<{ machine: string; spans: readonly StateSpan[] }>;
    /** Words of programs and parts; one that is there already stays as it is. */
    words?: Iterable<StoredWord>;
    /** Words as their own record tells them; what thinned record `thinnedSeq` of that epoch said of each is taken away, once. */
    retold?: Iterable<{ word: StoredWord; thinnedSeq: number }>;
  }): void;
  /** One minute of a channel as it was last written; a minute that is committed again replaces it. */
  minute(channel: string, minuteMs: number): MinuteRollup | undefined;
  /** Start of the newest minute of a channel that was written, ms since the Unix epoch. */
  newestMinuteMs(channel: string): number | undefined;
  hour(machine: string, hourMs: number): MachineHour | undefined;
  hours(machine: string, fromMs: number, toMs: number): MachineHour[];
  /** Starts of the hours that are kept of [fromMs, toMs), wall ms, in order. */
  hourTimes(machine: string, fromMs: number, toMs: number): number[];
  /**
   * Bases of the hours that begin in [fromMs, toMs), in order, read one by one: a year need not be in memory. Throws an
   * error of class `refuse` (code `damaged-views`) where one cannot be read.
   */
  bases(machine: string, fromMs: number, toMs: number): Iterable<HourBase>;
  /** Minutes of a channel that begin in [fromMs, toMs), in order. */
  minutes(channel: string, fromMs: number, toMs: number): MinuteRollup[];
  /** A config snapshot that some hour rests on. */
  snapshot(hash: string): ConfigSnapshot | undefined;
  /** Start of the machine's first stretch of a state and end of its last, wall ms; undefined before anything was settled. */
  watched(machine: string): { fromMs: number; toMs: number } | undefined;
  /** Stretches of states that reach into [fromMs, toMs), cut to it, in order; at most `limit`. */
  states(machine: string, fromMs: number, toMs: number, limit: number): StateSpan[];
  /** Words of programs and parts in [fromMs, toMs), and of each channel and link the last one before, in order of time. */
  words(machine: string, fromMs: number, toMs: number): StoredWord[];
  /** Hours changed after `version`, ascending; the version of each is its cursor. */
  hoursChangedAfter(version: number, limit: number): { version: number; hour: MachineHour }[];
  /** The latest checkpoint of a machine at or before a wall time, ms. */
  checkpointBefore(machine: string, atMs: number): { hourMs: number; json: string } | undefined;
  series(channel: string, fromMs: number, toMs: number, stepMs: number): SeriesPoint[];
  machines(): string[];
  channels(machine: string): string[];
  close(): void;
}
