import {
  energyBetween,
  meterReadingMwh,
  milliwattHours,
  type MeterReadingMwh,
  type MilliwattHours,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { boundRise, earliestChangeMs, fitsBound, STEP_BACK_MS, type RiseBound } from './counter-bound.ts';
import type { Confirmed, Evidence, Shown } from './counter-evidence.ts';
import {
  cumulativeMwh,
  isAmendedAlone,
  isAtMaximum,
  type CounterDefinition,
  type PlainReading,
} from './counter-value.ts';

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
  /** The last believed reading as it was read, its cumulative value, whole mWh, and when it was read. */
  raw: PlainReading;
  mwh: MeterReadingMwh;
  atMs: number;
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
interface Waiting {
  firstMs: number;
  firstRaw: PlainReading;
  firstMwh: MeterReadingMwh;
  lastMs: number;
  lastRaw: PlainReading;
  lastMwh: MeterReadingMwh;
  changedMs: number;
  count: number;
}

/**
 * What a reading means. Only `rise`, `saturated`, `reset`, `step`, `step-back` and `identity` carry energy, always a
 * difference of two cumulative values:
 * - `anchor`: the first reading of all; nothing before it is known.
 * - `same` / `rise`: on the track, `mwh` more than before; `glitch` when held readings proved false, `rollover` when it wrapped,
 *   `moved` when it is read in another place, where nobody wrote down a serial number, but fits the track; `rescaled` where
 *   an amendment of its scale begins or ends: both readings are taken by the scale of the later one.
 * - `foreign`: a reading of another counter. Only when several of them come in a row is it believed that it took over, so
 *   that two meters on one channel do not undo each other. `restart` when this is the first of them.
 * - `identity`: the other counter has taken over: `mwh` since its first reading, nothing across.
 * - `held`: off the track; nothing is booked until readings agree. `restart` when this is the first of them.
 * - `reset`: it began again at 0 after the last believed reading: `fromZeroMwh` up to the first held reading (estimated:
 *   what it counted before the reset is lost), `mwh` since then.
 * - `step`: it stays off the track and nobody knows why: the jump is never booked; `mwh` since the first held reading.
 * - `step-back`: a power loss took a little of what it had counted: it goes on from there, `mwh` since the first held reading.
 * - `saturated`: it stands at its largest value, `mwh` more than before; `begins` when it has just come there.
 * - `silent`: an amendment turned its direction, and nothing counts the other way; `begins` at the first such reading.
 * - `resumed`: it was saturated or silent and counts again; what was drawn meanwhile, up to this reading, it never counted.
 * - `missing`: no value that a counter could show.
 *
 * `evidence` is there wherever something other than "it counted on" was decided.
 */
export type CounterVerdict =
  | { kind: 'missing' }
  | { kind: 'anchor' | 'resumed'; evidence: Evidence }
  | {
      kind: 'same' | 'rise';
      mwh: MilliwattHours;
      glitch: boolean;
      rollover: boolean;
      moved: boolean;
      rescaled: boolean;
      evidence: Evidence | null;
    }
  | { kind: 'foreign' | 'held'; restart: boolean }
  | { kind: 'silent'; begins: boolean; evidence: Evidence }
  | { kind: 'saturated'; mwh: MilliwattHours; begins: boolean; evidence: Evidence }
  | { kind: 'identity' | 'step' | 'step-back'; mwh: MilliwattHours; evidence: Confirmed }
  | { kind: 'reset'; fromZeroMwh: MilliwattHours; mwh: MilliwattHours; evidence: Confirmed };

/** A reading as it is judged: its value without wraps and on the track, and how it came to be comparable. */
interface Judged extends CounterReading {
  base: MeterReadingMwh;
  ratedPowerW: Watts | null;
  moved: boolean;
  rescaled: boolean;
  rollover: boolean;
}

interface Judgement {
  state: CounterState;
  verdict: CounterVerdict;
}

/**
 * Judges one reading and moves the state on. Readings come in order of time.
 *
 * @param ratedPowerW the power that bounds it; null leaves increases unbounded: a jump upwards is believed, a fall that is
 *   no wrap near the end of the range is a step, and neither resets nor steps back can be told
 */
export function judgeReading(
  state: CounterState | null,
  reading: CounterReading,
  ratedPowerW: Watts | null,
): { state: CounterState | null; verdict: CounterVerdict } {
  const { raw, definition, atMs } = reading;
  const base = cumulativeMwh(raw, definition, 0);
  if (base === null) return { state, verdict: { kind: 'missing' } };
  if (state === null) return anchor(reading, base);
  if (definition.silent) return { state, verdict: silence(state, reading, base) };
  const isOther = state.definition.identity !== definition.identity;
  const rescaled = isOther && isAmendedAlone(state.definition, definition) && rescale(state, definition);
  const moved = isOther && !rescaled;
  const judged = { ...reading, base, ratedPowerW, moved, rescaled, rollover: false };
  if (moved && !(ratedPowerW !== null && mayBeSame(state.definition, definition)))
    return watchRival(state, judged);
  const fits = (mwh: MilliwattHours) => fitsBound(mwh, ratedPowerW, atMs - state.changedMs, raw, definition);
  const value = state.wraps === 0 ? base : (cumulativeMwh(raw, definition, state.wraps) ?? base);
  if (state.saturated && !moved && isAtMaximum(raw, definition)) return stand(state, reading);
  if (state.saturated && !moved && value >= state.mwh) return resume(state, reading, base);
  if (fits(energyBetween(state.mwh, value))) return follow(state, judged, value);
  if (moved) return watchRival(state, judged);
  state.rival = null;
  if (value < state.mwh && definition.modulus !== null) {
    const wrapped = cumulativeMwh(raw, definition, state.wraps + 1);
    // Without a bound, only a wrap from the last tenth of the range to the first is believed.
    const near = ratedPowerW !== null || isNearWrap(state.mwh, wrapped, definition);
    if (wrapped !== null && near && fits(energyBetween(state.mwh, wrapped))) {
      const bound = boundRise(ratedPowerW, atMs - state.changedMs, raw, definition);
      const verdict = follow(state, { ...judged, rollover: true }, wrapped, bound);
      state.wraps += 1;
      return verdict;
    }
  }
  return { state, verdict: hold(state, judged) };
}

function anchor(reading: CounterReading, base: MeterReadingMwh): Judgement {
  const { atMs, definition, raw } = reading;
  const state = beginEpoch(reading, base, earliestChangeMs(atMs, -Infinity, reading.everyMs));
  if (definition.silent) return { state, verdict: silence(state, reading, base) };
  const evidence = plainEvidence(null, reading, base);
  if (!isAtMaximum(raw, definition)) return { state, verdict: { kind: 'anchor', evidence } };
  state.saturated = true;
  return { state, verdict: { kind: 'saturated', mwh: milliwattHours(0), begins: true, evidence } };
}

/** It tells nothing until it counts this direction again. */
function silence(state: CounterState, reading: CounterReading, base: MeterReadingMwh): CounterVerdict {
  const evidence = plainEvidence(state, reading, base);
  const begins = !state.saturated;
  Object.assign(state, { saturated: true, held: null, rival: null });
  return { kind: 'silent', begins, evidence };
}

/** It still stands at its largest value, whatever is shown beyond it. */
function stand(state: CounterState, reading: CounterReading): Judgement {
  const evidence = plainEvidence(state, reading, state.mwh);
  Object.assign(state, { held: null, rival: null, atMs: reading.atMs });
  return { state, verdict: { kind: 'saturated', mwh: milliwattHours(0), begins: false, evidence } };
}

function resume(state: CounterState, reading: CounterReading, base: MeterReadingMwh): Judgement {
  const { atMs, everyMs } = reading;
  const evidence = plainEvidence(state, reading, base);
  const fresh = beginEpoch(reading, base, earliestChangeMs(atMs, -Infinity, everyMs));
  return { state: fresh, verdict: { kind: 'resumed', evidence } };
}

function plainEvidence(
  state: CounterState | null,
  { atMs, definition }: CounterReading,
  mwh: MeterReadingMwh,
): Evidence {
  return {
    before: state === null ? null : { atMs: state.atMs, mwh: state.mwh },
    first: null,
    now: { atMs, mwh },
    bound: null,
    readings: 1,
    meter: definition.meter,
    meterBefore: state?.definition.meter ?? null,
  };
}

function beginEpoch(
  { definition, raw, atMs }: CounterReading,
  mwh: MeterReadingMwh,
  changedMs: number,
): CounterState {
  return { definition, wraps: 0, raw, mwh, atMs, changedMs, saturated: false, held: null, rival: null };
}

/** Takes what is known of the counter by another scale; false where that is more than can be told. */
function rescale(state: CounterState, definition: CounterDefinition): boolean {
  const mwh = cumulativeMwh(state.raw, definition, state.wraps);
  if (mwh === null) return false;
  const { held } = state;
  const firstMwh = held === null ? null : cumulativeMwh(held.firstRaw, definition, 0);
  const lastMwh = held === null ? null : cumulativeMwh(held.lastRaw, definition, 0);
  state.held = held === null || firstMwh === null || lastMwh === null ? null : { ...held, firstMwh, lastMwh };
  state.mwh = mwh;
  state.definition = definition;
  return true;
}

function follow(
  state: CounterState,
  reading: Judged,
  value: MeterReadingMwh,
  bound?: RiseBound | null,
): Judgement {
  const { atMs, raw, everyMs, definition, rollover, moved, rescaled, ratedPowerW } = reading;
  const mwh = energyBetween(state.mwh, value);
  const glitch = state.held !== null;
  const isFull = isAtMaximum(raw, definition);
  let evidence: Evidence | null = null;
  if (glitch || rollover || moved || rescaled || isFull)
    evidence = {
      before: { atMs: state.atMs, mwh: state.mwh },
      first: state.held === null ? null : shownFirst(state.held, state.held.bound),
      now: { atMs, mwh: value },
      bound: bound ?? boundRise(ratedPowerW, atMs - state.changedMs, raw, definition),
      readings: state.held?.count ?? 1,
      meter: definition.meter,
      meterBefore: state.definition.meter,
    };
  state.definition = definition;
  state.held = null;
  state.rival = null;
  if (mwh > 0) state.changedMs = earliestChangeMs(atMs, state.atMs, everyMs);
  state.raw = raw;
  state.mwh = value;
  state.atMs = atMs;
  if (isFull && evidence !== null) {
    state.saturated = true;
    return { state, verdict: { kind: 'saturated', mwh, begins: true, evidence } };
  }
  const kind = mwh > 0 ? 'rise' : 'same';
  return { state, verdict: { kind, mwh, glitch, rollover, moved, rescaled, evidence } };
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

/** Counts readings of another counter; several in a row that rise no faster than can be are an epoch of their own. */
function watchRival(state: CounterState, reading: Judged): Judgement {
  const { definition, atMs, raw, base, everyMs, ratedPowerW } = reading;
  const { rival } = state;
  const agrees =
    // An amendment of the scale that begins meanwhile makes the same readings other values: they are counted anew.
    rival?.definition.identity === definition.identity &&
    fitsBound(energyBetween(rival.lastMwh, base), ratedPowerW, atMs - rival.changedMs, raw, definition);
  if (rival === null || !agrees) {
    const waiting = startWaiting(reading, earliestChangeMs(atMs, -Infinity, everyMs));
    state.rival = { ...waiting, definition, count: 1 };
    return { state, verdict: { kind: 'foreign', restart: true } };
  }
  extendWaiting(rival, reading);
  rival.count++;
  if (rival.count < AGREEING_READINGS) return { state, verdict: { kind: 'foreign', restart: false } };
  const fresh = beginEpoch(reading, base, rival.changedMs);
  const evidence = confirm(state, rival, reading, null);
  // While the one before stood at its largest value, power was integrated up to here.
  const mwh = state.saturated ? milliwattHours(0) : energyBetween(rival.firstMwh, base);
  return { state: fresh, verdict: { kind: 'identity', mwh, evidence } };
}

/** Counts readings off the track that agree with each other; values here are without wraps. */
function hold(state: CounterState, reading: Judged): CounterVerdict {
  const { base, atMs, raw, everyMs, definition, ratedPowerW } = reading;
  // A meter that boots shows 0 for a while: zeros wait, they do not confirm each other.
  const weight = base === 0 ? 0 : 1;
  const { held } = state;
  const agrees =
    held !== null &&
    fitsBound(energyBetween(held.lastMwh, base), ratedPowerW, atMs - held.changedMs, raw, definition);
  if (held === null || !agrees) {
    const bound = boundRise(ratedPowerW, atMs - state.changedMs, raw, definition);
    const waiting = startWaiting(reading, earliestChangeMs(atMs, state.atMs, everyMs));
    state.held = { ...waiting, count: weight, bound };
    return { kind: 'held', restart: true };
  }
  extendWaiting(held, reading);
  held.count += weight;
  if (held.count < AGREEING_READINGS) return { kind: 'held', restart: false };
  const backMwh = steppedBackMwh(state, held, ratedPowerW);
  // A meter that lost a little goes on counting: until it does, it may as well be a false value that stays.
  if (backMwh !== null && held.lastMwh === held.firstMwh) return { kind: 'held', restart: false };
  const evidence = confirm(state, held, reading, backMwh);
  if (backMwh !== null) evidence.bound = boundRise(ratedPowerW, STEP_BACK_MS, held.firstRaw, definition);
  const before = { ...state };
  const mwh = energyBetween(held.firstMwh, base);
  Object.assign(state, beginEpoch({ ...reading, definition: state.definition }, base, held.changedMs));
  if (before.saturated) return { kind: 'resumed', evidence };
  if (backMwh !== null) return { kind: 'step-back', mwh, evidence };
  const isReset =
    ratedPowerW !== null &&
    held.firstMwh < before.mwh &&
    held.firstMwh <= (boundRise(ratedPowerW, held.firstMs - before.changedMs, null, definition)?.mwh ?? 0);
  if (!isReset) return { kind: 'step', mwh, evidence };
  return { kind: 'reset', fromZeroMwh: energyBetween(meterReadingMwh(0), held.firstMwh), mwh, evidence };
}

/** What the first held reading shows on the track, where that is as little below it as a power loss explains; else null. */
function steppedBackMwh(
  state: CounterState,
  held: Waiting,
  ratedPowerW: Watts | null,
): MeterReadingMwh | null {
  const { definition, wraps } = state;
  if (!definition.stepsBack || ratedPowerW === null || state.saturated) return null;
  for (const turns of wraps === 0 ? [0] : [wraps, wraps - 1]) {
    const shown = cumulativeMwh(held.firstRaw, definition, turns);
    if (shown === null || shown >= state.mwh) continue;
    return fitsBound(energyBetween(shown, state.mwh), ratedPowerW, STEP_BACK_MS, held.firstRaw, definition)
      ? shown
      : null;
  }
  return null;
}

function startWaiting({ atMs, raw, base }: Judged, changedMs: number): Omit<Waiting, 'count'> {
  return {
    firstMs: atMs,
    firstRaw: raw,
    firstMwh: base,
    lastMs: atMs,
    lastRaw: raw,
    lastMwh: base,
    changedMs,
  };
}

function extendWaiting(waiting: Waiting, { atMs, raw, base, everyMs }: Judged): void {
  if (base > waiting.lastMwh) waiting.changedMs = earliestChangeMs(atMs, waiting.lastMs, everyMs);
  waiting.lastMs = atMs;
  waiting.lastRaw = raw;
  waiting.lastMwh = base;
}

function confirm(
  state: CounterState,
  waiting: Waiting & { bound?: RiseBound | null },
  { atMs, base, definition }: Judged,
  shownMwh: MeterReadingMwh | null,
): Confirmed {
  const { wraps, raw, mwh } = state;
  const bound = waiting.bound ?? null;
  const first = shownFirst(waiting, bound);
  const onTrackMwh = cumulativeMwh(waiting.firstRaw, state.definition, wraps);
  const unwrappedMwh = cumulativeMwh(raw, state.definition, 0);
  return {
    before: { atMs: state.atMs, mwh },
    first: shownMwh === null ? first : { ...first, mwh: shownMwh },
    now: { atMs, mwh: base },
    bound,
    readings: waiting.count,
    meter: definition.meter,
    meterBefore: state.definition.meter,
    jumpMwh: energyBetween(mwh, onTrackMwh ?? first.mwh),
    wrapsMwh: energyBetween(unwrappedMwh ?? mwh, mwh),
  };
}

function shownFirst({ firstMs, firstMwh }: Waiting, bound: RiseBound | null): Shown {
  return { atMs: firstMs, mwh: firstMwh, bound };
}
