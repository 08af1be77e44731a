import type { Status } from '../../protocols/telemetry/quantity.ts';
import type { CounterDefinition, PlainReading } from './counter-value.ts';

/** One column of readings of one component; null is "no value", never 0. */
export interface PowerColumn {
  component: string;
  /** W */
  values: readonly (number | null)[];
}

/** One counter's readings, raw. */
export interface CounterColumn {
  component: string;
  direction: 'import' | 'export';
  definition: CounterDefinition;
  values: readonly (PlainReading | null)[];
}

/**
 * Columns of what is not energy: compressed air and other gases. Flows in Nm3/h (below 0 counts as 0); counters with
 * definitions whose scale leads to Nm3 (`defineCounter` as for Wh: what follows is whole norm litres where it is mWh there).
 */
export interface MediaColumns {
  flows: PowerColumn[];
  counters: Omit<CounterColumn, 'direction'>[];
}

/** A boot of an agent, and wall time minus the monotonic time of that boot, ms, in one record. */
export interface FeedClock {
  boot: string;
  offsetMs: number;
  /** Of a thinned record, the place in the chain of the first original that it stands for. */
  thinnedFrom?: number;
}

/** What one sealed record says of one machine that bears on its energy and states. Times are wall ms. */
export interface RecordFeed {
  record: { agent: string; epoch: string; seq: number; config: string };
  /** True when the agent's wall clock was never set: the hours are flagged. */
  unsynced: boolean;
  /** True where the agent's wall clock was set between these readings and those before: the hours are flagged. */
  stepped?: boolean;
  /** How its times are told from time that no clock can step: absent where nobody knows. */
  clock?: FeedClock;
  rows: {
    source: string;
    everyMs: number;
    timesMs: readonly number[];
    powers: PowerColumn[];
    counters: CounterColumn[];
    /** Of quantity `gasVolume`; absent for none. A group of media alone is a row, too. */
    media?: MediaColumns;
  }[];
  words: {
    channel: string;
    source: string;
    status: Status;
    vocabulary: string;
    timesMs: readonly number[];
    values: readonly (string | number | boolean | null)[];
  }[];
  links: {
    source: string;
    timesMs: readonly number[];
    up: readonly boolean[];
    /** Up again, and all that was said while it was down has been told; absent where none is so. */
    healed?: readonly boolean[];
  }[];
  /**
   * A full spool kept these of more readings, of which the last of all was at `toMs` (wall ms), though it be left out here because
   * its original came: absent for any other record. What lies between them is not known as closely.
   */
  thinned?: { toMs: number };
  /** True for an original that came although a thinned record tells of it: what that told must be taken in anew. */
  replaces?: boolean;
  /** A record that is not as it was admitted, when its readings were taken: what they said is lost. Absent where it is sound. */
  lost?: { fromMs: number; toMs: number };
  /**
   * The agent's sources, and its channels of words of this machine, by the wiring that the record rests on: others are no
   * longer there. Absent where nobody says.
   */
  wiring?: { sources: readonly string[]; channels: readonly string[] };
}

/** The span of readings, words and links in a feed, wall ms, lost ones too; null when it has none. */
export function spanOf(feed: RecordFeed): { fromMs: number; toMs: number } | null {
  let { fromMs, toMs } = feed.lost ?? { fromMs: Infinity, toMs: -Infinity };
  for (const { timesMs } of [...feed.rows, ...feed.words, ...feed.links]) {
    fromMs = Math.min(fromMs, timesMs[0] ?? Infinity);
    toMs = Math.max(toMs, timesMs[timesMs.length - 1] ?? -Infinity);
  }
  return fromMs <= toMs ? { fromMs, toMs } : null;
}
