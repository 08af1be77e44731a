import type { Reading } from './telemetry/decimal.ts';
import type { Channel } from './telemetry/channel.ts';
import type { Quality } from './telemetry/quantity.ts';
import type { SourceDescription } from './telemetry/snapshot.ts';

/** One raw reading of one channel; null is "the source has no value", never 0. */
export interface ChannelReading {
  channel: string;
  value: Reading | null;
  quality: Quality;
}

/** What one poll of a source gave. */
export interface Poll {
  /** Monotonic ms of the injected clock, taken half-way between request and reply. */
  atMs: number;
  readings: ChannelReading[];
  /** Round trip of the whole poll, real ms. */
  roundTripMs: number;
  /** The first poll after an outage, and every word of the time between was told after all, with its own time. */
  healed?: boolean;
}

/** A status word that a source reported. */
export interface StatusReport {
  channel: string;
  /** Monotonic ms of the injected clock. */
  atMs: number;
  /** As the control wrote it; null when the source has no value. */
  value: string | number | boolean | null;
}

/** One request of the last poll, for people who look into a source. */
export interface RequestTrace {
  /** In the protocol's own words: `fc3 1 +70`. */
  text: string;
  /** Registers, nodes or items asked for. */
  count: number;
  /** Real ms; null when it was not made or got no answer. */
  roundTripMs: number | null;
  /** `ok`, or one short reason: `timeout`, `exception 2`. */
  outcome: string;
}

/** What a source did in its last poll. */
export interface SourceTrace {
  requests: RequestTrace[];
  /** By channel id: the bits as they came, before any meaning; absent where nothing came. */
  raw: ReadonlyMap<string, Uint16Array>;
  /** What keeps a channel from being read, in a few words: `the device has no such register; asked again at ...`. */
  remarks: ReadonlyMap<string, string>;
}

/**
 * What every field protocol implements. A driver never decides what a value means: it hands on what it is sure came
 * from the named point. It never throws into its caller between polls; what fails rejects the poll, with a
 * MillwattError of class `retry` whose code is one short word: `timeout`, `refused`, `closed`, `bad-frame`, `exception`.
 */
export interface Driver {
  /** The source as the config snapshot describes it. */
  readonly description: SourceDescription;
  readonly channels: readonly Channel[];
  /** The machines it speaks of, known before its channels are; absent where those of its channels are all. */
  readonly machines?: readonly string[];
  /** Set where it is spoken to without security that the protocol could give: shown in health. */
  readonly insecure?: boolean;
  /**
   * Where news of the wiring goes, for sources that tell what they offer only when they are connected: `description` and
   * `channels` are another from now on, and are read anew before the callback returns. Called before the first reading or
   * word that rests on them. Set once before the first poll.
   */
  onWiring?(changed: () => void): void;
  /**
   * Monotonic ms of the injected clock from which on words may still be told, where they come later than they happened: a
   * control's own buffer after an outage. Undefined where nothing of the past is to come.
   */
  tellsFromMs?(): number | undefined;
  /** What the operator of a source that works should know: one sentence each, no secrets. At most ten. */
  remarks?(): readonly string[];
  /**
   * Real ms for which polls are rejected at once, because the device is sick and others wait for its line; 0 when it may
   * be polled. Absent where the driver keeps no pauses: then its caller does.
   */
  pausedMs?(): number;
  /**
   * Connects when needed and reads every polled channel once. Has its own deadline, and settles within it.
   * Calls do not overlap. Status channels that are polled are reported through `onStatus` when their value changes.
   */
  poll(): Promise<Poll>;
  /** Where status words go; set once before the first poll. */
  onStatus(report: (status: StatusReport) => void): void;
  /** The requests of the last poll and what came back, where the protocol has such a thing. */
  trace?(): SourceTrace;
  /** Ends connections; resolves within 2 s. */
  close(): Promise<void>;
}
