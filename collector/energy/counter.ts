import {
  energyBetween,
  meterReadingMwh,
  type MeterReadingMwh,
  type MilliwattHours,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { cumulativeMwh, stepMwh, type CounterDefinition, type PlainReading } from './counter-value.ts';

/** A counter rises no faster than this multiple of the rated power. */
const BOUND_FACTOR = 1.2;
/** W x ms per mWh. */
const WATT_MS_PER_MWH = 3600;
/** So many readings must agree before a value off the track is believed. */
const AGREEING_READINGS = 3;

/** One reading of a counter. */
export interface CounterReading {
  /** Wall time, ms. */
  atMs: number;
  raw: PlainReading;
  /** Nominal time between two readings, ms. */
  everyMs: number;
  definition: CounterDefinition;
}

/** What is remembered of a counter between two readings: plain data. */
export interface CounterState {
  identity: string;
  wraps: number;
  /** The last believed cumulative value, whole mWh, and when it was read. */
  mwh: MeterReadingMwh;
  atMs: number;
  /** When the value last changed, ms. */
  changedMs: number;
  /** Readings off the track, waiting for confirmation. */
  held: {
    firstMs: number;
    firstMwh: MeterReadingMwh;
    lastMwh: MeterReadingMwh;
    changedMs: number;
    count: number;
  } | null;
}

/**
 * What a reading means. Only `rise`, `reset` and `step` carry energy, always a difference of two cumulative values:
 * - `anchor`: the first reading of an epoch; nothing before it is known. `identity` the same, after another counter.
 * - `same` / `rise`: on the track, `mwh` more than before; `glitch` when held readings proved false, `rollover` when it wrapped.
 * - `held`: off the track; nothing is booked until readings agree. `restart` when this is the first of them.
 * - `reset`: it began again at 0 after the last believed reading: `fromZeroMwh` up to the first held reading (estimated:
 *   what it counted before the reset is lost), `mwh` since then.
 * - `step`: it stays off the track and nobody knows why: the jump is never booked; `mwh` since the first held reading.
 * - `missing`: no value that a counter could show.
 */
export type CounterVerdict =
  | { kind: 'anchor' | 'identity' | 'missing' }
  | { kind: 'same' | 'rise'; mwh: MilliwattHours; glitch: boolean; rollover: boolean }
  | { kind: 'held'; restart: boolean }
  | { kind: 'reset'; firstMs: number; fromZeroMwh: MilliwattHours; mwh: MilliwattHours }
  | { kind: 'step'; firstMs: number; mwh: MilliwattHours };

/**
 * Judges one reading and moves the state on. Readings come in order of time.
 *
 * @param ratedPowerW the power that bounds it; null leaves increases unbounded, decreases are judged all the same
 */
export function judgeReading(
  state: CounterState | null,
  reading: CounterReading,
  ratedPowerW: Watts | null,
): { state: CounterState | null; verdict: CounterVerdict } {
  const { raw, definition, atMs } = reading;
  const base = cumulativeMwh(raw, definition, 0);
  if (base === null) return { state, verdict: { kind: 'missing' } };
  if (state === null || state.identity !== definition.identity) {
    const fresh = beginEpoch(definition.identity, base, atMs);
    return { state: fresh, verdict: { kind: state === null ? 'anchor' : 'identity' } };
  }
  const value = state.wraps === 0 ? base : (cumulativeMwh(raw, definition, state.wraps) ?? base);
  const fits = (mwh: MilliwattHours, sinceMs: number): boolean => {
    if (mwh < 0) return false;
    if (ratedPowerW === null) return true;
    const bound = (ratedPowerW * BOUND_FACTOR * (atMs - sinceMs + reading.everyMs)) / WATT_MS_PER_MWH;
    return mwh <= bound || mwh <= bound + stepMwh(raw, definition);
  };
  if (fits(energyBetween(state.mwh, value), state.changedMs)) return follow(state, value, atMs, false);
  if (value < state.mwh && definition.modulus !== null) {
    const wrapped = cumulativeMwh(raw, definition, state.wraps + 1);
    // Without a bound, only a wrap from the last tenth of the range to the first is believed.
    const near = ratedPowerW !== null || isNearWrap(state.mwh, wrapped, definition);
    if (wrapped !== null && near && fits(energyBetween(state.mwh, wrapped), state.changedMs)) {
      state.wraps += 1;
      return follow(state, wrapped, atMs, true);
    }
  }
  return { state, verdict: hold(state, base, atMs, fits, ratedPowerW, reading.everyMs) };
}

function beginEpoch(identity: string, mwh: MeterReadingMwh, atMs: number): CounterState {
  return { identity, wraps: 0, mwh, atMs, changedMs: atMs, held: null };
}

function follow(
  state: CounterState,
  value: MeterReadingMwh,
  atMs: number,
  rollover: boolean,
): { state: CounterState; verdict: CounterVerdict } {
  const mwh = energyBetween(state.mwh, value);
  const glitch = state.held !== null;
  state.held = null;
  state.mwh = value;
  state.atMs = atMs;
  if (mwh > 0) state.changedMs = atMs;
  return { state, verdict: { kind: mwh > 0 ? 'rise' : 'same', mwh, glitch, rollover } };
}

function isNearWrap(
  beforeMwh: MeterReadingMwh,
  wrappedMwh: MeterReadingMwh | null,
  definition: CounterDefinition,
): boolean {
  const rangeMwh = cumulativeMwh(definition.modulus ?? 0, definition, 0);
  return wrappedMwh !== null && rangeMwh !== null && wrappedMwh - beforeMwh <= rangeMwh / 10;
}

/** Counts readings off the track that agree with each other; values here are without wraps. */
function hold(
  state: CounterState,
  base: MeterReadingMwh,
  atMs: number,
  fits: (mwh: MilliwattHours, sinceMs: number) => boolean,
  ratedPowerW: Watts | null,
  everyMs: number,
): CounterVerdict {
  const held = state.held;
  // A meter that boots shows 0 for a while: zeros wait, they do not confirm each other.
  const weight = base === 0 ? 0 : 1;
  if (held === null || !fits(energyBetween(held.lastMwh, base), held.changedMs)) {
    state.held = { firstMs: atMs, firstMwh: base, lastMwh: base, changedMs: atMs, count: weight };
    return { kind: 'held', restart: true };
  }
  if (base > held.lastMwh) held.changedMs = atMs;
  held.lastMwh = base;
  held.count += weight;
  if (held.count < AGREEING_READINGS) return { kind: 'held', restart: false };
  const sinceChangeMs = held.firstMs - state.changedMs + everyMs;
  const isReset =
    ratedPowerW !== null &&
    held.firstMwh < state.mwh &&
    held.firstMwh <= (ratedPowerW * BOUND_FACTOR * sinceChangeMs) / WATT_MS_PER_MWH;
  const mwh = energyBetween(held.firstMwh, base);
  const { firstMs, firstMwh } = held;
  Object.assign(state, beginEpoch(state.identity, base, atMs));
  const fromZeroMwh = energyBetween(meterReadingMwh(0), firstMwh);
  return isReset ? { kind: 'reset', firstMs, fromZeroMwh, mwh } : { kind: 'step', firstMs, mwh };
}
