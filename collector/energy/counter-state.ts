import type { MeterReadingMwh, Watts } from '../../protocols/telemetry/unit.ts';
import type { BootTime } from './boot-time.ts';
import type { RiseBound } from './counter-bound.ts';
import type { CounterDefinition, PlainReading } from './counter-value.ts';

/** One reading of a counter. */
export interface CounterReading {
  /** Wall time, ms. */
  atMs: number;
  /** The same by the time of a boot; absent or null where nobody knows. */
  bootTime?: BootTime | null;
  raw: PlainReading;
  /** Nominal time between two readings, ms. */
  everyMs: number;
  definition: CounterDefinition;
}

/** What a counter counted from one value to another is booked. */
export interface BookedStretch {
  fromMwh: MeterReadingMwh;
  toMwh: MeterReadingMwh;
  /** Up to when that is held against it, wall ms; null for good. */
  untilMs: number | null;
}

/** What is remembered of a counter between two readings: plain data. */
export interface CounterState {
  /** What the last believed reading was a reading of. */
  definition: CounterDefinition;
  wraps: number;
  /** The last believed reading as it was read, its cumulative value, whole mWh, and when it was read. */
  raw: PlainReading;
  mwh: MeterReadingMwh;
  atMs: number;
  bootTime: BootTime | null;
  /** What is booked without a hole up to there begins here. */
  sinceMwh: MeterReadingMwh;
  /** Other stretches that are booked already: a clock that was set gave them earlier labels. */
  booked: BookedStretch[];
  /** The earliest time at which it may have come to show that, ms. */
  changedMs: number;
  /** True once it stands at its largest value, or counts another direction: what is drawn from then on it does not count. */
  saturated: boolean;
  /** Readings off the track, waiting for confirmation; their values are without wraps. */
  held: (Waiting & { bound: RiseBound | null }) | null;
  /** Readings of another counter that came since, which may take over. */
  rival: (Waiting & { definition: CounterDefinition }) | null;
}

/** Readings that agree with each other, from the first to the last. */
export interface Waiting {
  firstMs: number;
  firstBootTime: BootTime | null;
  firstRaw: PlainReading;
  firstMwh: MeterReadingMwh;
  lastMs: number;
  lastRaw: PlainReading;
  lastMwh: MeterReadingMwh;
  changedMs: number;
  count: number;
}

/** A reading as it is judged: its value without wraps and on the track, and how it came to be comparable. */
export interface Judged extends CounterReading {
  base: MeterReadingMwh;
  ratedPowerW: Watts | null;
  moved: boolean;
  rescaled: boolean;
  rollover: boolean;
}

/**
 * A new epoch that begins with a reading.
 *
 * @param changedMs the earliest time at which the counter may have come to show it
 */
export function beginEpoch(
  { definition, raw, atMs, bootTime = null }: CounterReading,
  mwh: MeterReadingMwh,
  changedMs: number,
): CounterState {
  return {
    definition,
    wraps: 0,
    raw,
    mwh,
    atMs,
    bootTime,
    sinceMwh: mwh,
    booked: [],
    changedMs,
    saturated: false,
    held: null,
    rival: null,
  };
}
