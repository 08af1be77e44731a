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
  /** What the last believed reading was a reading of. */
  definition: CounterDefinition;
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
  /** Readings of another counter that came since, which may take over. */
  rival: {
    definition: CounterDefinition;
    firstMs: number;
    firstMwh: MeterReadingMwh;
    lastMwh: MeterReadingMwh;
    count: number;
  } | null;
}

/**
 * What a reading means. Only `rise`, `reset` and `step` carry energy, always a difference of two cumulative values:
 * - `anchor`: the first reading of all; nothing before it is known.
 * - `same` / `rise`: on the track, `mwh` more than before; `glitch` when held readings proved false, `rollover` when it wrapped,
 *   `moved` when it is read in another place, where nobody wrote down a serial number, but fits the track.
 * - `foreign`: a reading of another counter. Only when several of them come in a row is it believed that it took over, so
 *   that two meters on one channel do not undo each other. `restart` when this is the first of them.
 * - `identity`: the other counter has taken over: `mwh` since its first reading, nothing across.
 * - `held`: off the track; nothing is booked until readings agree. `restart` when this is the first of them.
 * - `reset`: it began again at 0 after the last believed reading: `fromZeroMwh` up to the first held reading (estimated:
 *   what it counted before the reset is lost), `mwh` since then.
 * - `step`: it stays off the track and nobody knows why: the jump is never booked; `mwh` since the first held reading.
 * - `missing`: no value that a counter could show.
 */
export type CounterVerdict =
  | { kind: 'anchor' | 'missing' }
  | { kind: 'same' | 'rise'; mwh: MilliwattHours; glitch: boolean; rollover: boolean; moved: boolean }
  | { kind: 'foreign'; restart: boolean }
  | { kind: 'identity'; mwh: MilliwattHours }
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
  if (state === null) return { state: beginEpoch(definition, base, atMs), verdict: { kind: 'anchor' } };
  const moved = state.definition.identity !== definition.identity;
  const value = state.wraps === 0 ? base : (cumulativeMwh(raw, definition, state.wraps) ?? base);
  const fits = (mwh: MilliwattHours, sinceMs: number): boolean => {
    if (mwh < 0) return false;
    if (ratedPowerW === null) return true;
    const bound = (ratedPowerW * BOUND_FACTOR * (atMs - sinceMs + reading.everyMs)) / WATT_MS_PER_MWH;
    return mwh <= bound || mwh <= bound + stepMwh(raw, definition);
  };
  if (moved && !(ratedPowerW !== null && mayBeSame(state.definition, definition)))
    return watchRival(state, definition, base, atMs);
  if (fits(energyBetween(state.mwh, value), state.changedMs)) {
    state.definition = definition;
    return follow(state, value, atMs, { rollover: false, moved });
  }
  if (moved) return watchRival(state, definition, base, atMs);
  state.rival = null;
  if (value < state.mwh && definition.modulus !== null) {
    const wrapped = cumulativeMwh(raw, definition, state.wraps + 1);
    // Without a bound, only a wrap from the last tenth of the range to the first is believed.
    const near = ratedPowerW !== null || isNearWrap(state.mwh, wrapped, definition);
    if (wrapped !== null && near && fits(energyBetween(state.mwh, wrapped), state.changedMs)) {
      state.wraps += 1;
      return follow(state, wrapped, atMs, { rollover: true, moved });
    }
  }
  return { state, verdict: hold(state, base, atMs, fits, ratedPowerW, reading.everyMs) };
}

function beginEpoch(definition: CounterDefinition, mwh: MeterReadingMwh, atMs: number): CounterState {
  return { definition, wraps: 0, mwh, atMs, changedMs: atMs, held: null, rival: null };
}

function follow(
  state: CounterState,
  value: MeterReadingMwh,
  atMs: number,
  how: { rollover: boolean; moved: boolean },
): { state: CounterState; verdict: CounterVerdict } {
  const mwh = energyBetween(state.mwh, value);
  const glitch = state.held !== null;
  state.held = null;
  state.rival = null;
  state.mwh = value;
  state.atMs = atMs;
  if (mwh > 0) state.changedMs = atMs;
  return { state, verdict: { kind: mwh > 0 ? 'rise' : 'same', mwh, glitch, ...how } };
}

function isNearWrap(
  beforeMwh: MeterReadingMwh,
  wrappedMwh: MeterReadingMwh | null,
  definition: CounterDefinition,
): boolean {
  const rangeMwh = cumulativeMwh(definition.modulus ?? 0, definition, 0);
  return wrappedMwh !== null && rangeMwh !== null && wrappedMwh - beforeMwh <= rangeMwh / 10;
}

/** The same scale, and at least one of the two is known by its address only: it may be one meter that moved. */
function mayBeSame(a: CounterDefinition, b: CounterDefinition): boolean {
  return !(a.named && b.named) && a.num === b.num && a.den === b.den && a.modulus === b.modulus;
}

/** Counts readings of another counter; several in a row that do not fall are an epoch of their own. */
function watchRival(
  state: CounterState,
  definition: CounterDefinition,
  base: MeterReadingMwh,
  atMs: number,
): { state: CounterState; verdict: CounterVerdict } {
  const { rival } = state;
  if (rival === null || rival.definition.identity !== definition.identity || base < rival.lastMwh) {
    state.rival = { definition, firstMs: atMs, firstMwh: base, lastMwh: base, count: 1 };
    return { state, verdict: { kind: 'foreign', restart: true } };
  }
  rival.lastMwh = base;
  rival.count++;
  if (rival.count < AGREEING_READINGS) return { state, verdict: { kind: 'foreign', restart: false } };
  const fresh = beginEpoch(definition, base, atMs);
  return { state: fresh, verdict: { kind: 'identity', mwh: energyBetween(rival.firstMwh, base) } };
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
  Object.assign(state, beginEpoch(state.definition, base, atMs));
  const fromZeroMwh = energyBetween(meterReadingMwh(0), firstMwh);
  return isReset ? { kind: 'reset', firstMs, fromZeroMwh, mwh } : { kind: 'step', firstMs, mwh };
}
