import {
  energyBetween,
  milliwattHours,
  type MeterReadingMwh,
  type MilliwattHours,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { boundRise, earliestChangeMs, fitsBound, type RiseBound } from './counter-bound.ts';
import type { Evidence } from './counter-evidence.ts';
import { beginEpoch, type CounterReading, type CounterState, type Judged } from './counter-state.ts';
import { cumulativeMwh, isAmendedAlone, isAtMaximum, type CounterDefinition } from './counter-value.ts';
import type { CounterVerdict, Judgement } from './counter-verdict.ts';
import {
  forgetStretches,
  isAhead,
  isOfSteppedClock,
  dropPassed,
  placeEarlier,
  rescaleStretches,
  riseTo,
  stretchesOf,
  type Earlier,
} from './counter-clock.ts';
import { hold, shownFirst, watchRival } from './counter-waiting.ts';

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
  // A clock that was set back tells a time twice: what was read before what is counted already adds nothing to it.
  const place = placeEarlier(state, reading);
  if (place?.kind === 'repeated') return { state, verdict: { kind: 'repeated' } };
  if (place?.kind === 'earlier') return goBack(state, reading, place);
  if (definition.silent) return { state, verdict: silence(state, reading, base) };
  if (isPlain(state, definition)) {
    const mwh = energyBetween(state.mwh, base);
    if (fitsBound(mwh, ratedPowerW, atMs - state.changedMs, raw, definition))
      return count(state, reading, base);
  }
  const isOther = state.definition.identity !== definition.identity;
  const rescaled = isOther && isAmendedAlone(state.definition, definition) && rescale(state, definition);
  const moved = isOther && !rescaled;
  const judged = { ...reading, base, ratedPowerW, moved, rescaled, rollover: false };
  if (moved && !(ratedPowerW !== null && mayBeSame(state.definition, definition)))
    return watchRival(state, judged);
  const fits = (mwh: MilliwattHours) => fitsBound(mwh, ratedPowerW, atMs - state.changedMs, raw, definition);
  const value = state.wraps === 0 ? base : (cumulativeMwh(raw, definition, state.wraps) ?? base);
  if (state.booked.length > 0) {
    forgetStretches(state, atMs);
    if (!moved && isAhead(state, value)) return { state, verdict: { kind: 'repeated' } };
  }
  if (state.saturated && !moved && isAtMaximum(raw, definition)) return stand(state, reading);
  if (state.saturated && !moved && value >= state.mwh) return resume(state, reading, base);
  if (fits(riseTo(state, value))) return follow(state, judged, value);
  if (moved) return watchRival(state, judged);
  state.rival = null;
  if (value < state.mwh && definition.modulus !== null) {
    const wrapped = cumulativeMwh(raw, definition, state.wraps + 1);
    // Without a bound, only a wrap from the last tenth of the range to the first is believed.
    const near = ratedPowerW !== null || isNearWrap(state.mwh, wrapped, definition);
    if (wrapped !== null && near && fits(riseTo(state, wrapped))) {
      const bound = boundRise(ratedPowerW, atMs - state.changedMs, raw, definition);
      const verdict = follow(state, { ...judged, rollover: true }, wrapped, bound);
      state.wraps += 1;
      return verdict;
    }
  }
  return { state, verdict: hold(state, judged) };
}

/** True where nothing but its value is to be judged: nearly always. */
function isPlain(state: CounterState, { identity, maximum }: CounterDefinition): boolean {
  const { held, rival, wraps, definition, booked } = state;
  return (
    held === null &&
    rival === null &&
    wraps === 0 &&
    booked.every(({ toMwh }) => toMwh <= state.mwh) &&
    maximum === null &&
    !state.saturated &&
    definition.identity === identity
  );
}

/** It counted on: moves the state to a value that fits. */
function count(
  state: CounterState,
  { atMs, bootTime = null, raw, everyMs, definition }: CounterReading,
  value: MeterReadingMwh,
): { state: CounterState; verdict: Extract<CounterVerdict, { kind: 'same' | 'rise' }> } {
  const mwh = riseTo(state, value);
  if (value > state.mwh) state.changedMs = earliestChangeMs(atMs, state.atMs, everyMs);
  state.definition = definition;
  state.raw = raw;
  state.mwh = value;
  if (state.booked.length > 0) dropPassed(state);
  state.atMs = atMs;
  state.bootTime = bootTime;
  const kind = mwh > 0 ? 'rise' : 'same';
  const plain = {
    glitch: false,
    rollover: false,
    moved: false,
    rescaled: false,
    stepped: false,
    evidence: null,
  };
  return { state, verdict: { kind, mwh, ...plain } };
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

/** Counts a stretch that came before what was counted: no less, and nothing of that again. */
function goBack(
  state: CounterState,
  reading: CounterReading,
  { mwh, wraps }: Extract<Earlier, { kind: 'earlier' }>,
): Judgement {
  const evidence = plainEvidence(state, reading, mwh);
  const fresh = beginEpoch(reading, mwh, earliestChangeMs(reading.atMs, -Infinity, reading.everyMs));
  Object.assign(fresh, { wraps, booked: stretchesOf(state) });
  return { state: fresh, verdict: { kind: 'earlier', evidence } };
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
  Object.assign(state, {
    held: null,
    rival: null,
    atMs: reading.atMs,
    bootTime: reading.bootTime ?? null,
  });
  return { state, verdict: { kind: 'saturated', mwh: milliwattHours(0), begins: false, evidence } };
}

function resume(state: CounterState, reading: CounterReading, base: MeterReadingMwh): Judgement {
  const { atMs, everyMs } = reading;
  const evidence = plainEvidence(state, reading, base);
  const fresh = beginEpoch(reading, base, earliestChangeMs(atMs, -Infinity, everyMs));
  if (state.wraps === 0) fresh.booked = stretchesOf(state);
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

/** Takes what is known of the counter by another scale; false where that is more than can be told. */
function rescale(state: CounterState, definition: CounterDefinition): boolean {
  const mwh = cumulativeMwh(state.raw, definition, state.wraps);
  if (mwh === null) return false;
  const { held } = state;
  const firstMwh = held === null ? null : cumulativeMwh(held.firstRaw, definition, 0);
  const lastMwh = held === null ? null : cumulativeMwh(held.lastRaw, definition, 0);
  state.held = held === null || firstMwh === null || lastMwh === null ? null : { ...held, firstMwh, lastMwh };
  rescaleStretches(state, definition.mwhPerRaw / state.definition.mwhPerRaw, mwh);
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
  const { atMs, raw, definition, rollover, moved, rescaled, ratedPowerW } = reading;
  const mwh = riseTo(state, value);
  // Readings of another time that the clock calls the same were not false.
  const glitch = state.held !== null && !isOfSteppedClock(state, state.held);
  const isFull = isAtMaximum(raw, definition);
  let evidence: Evidence | null = null;
  if (glitch || rollover || moved || rescaled || isFull)
    evidence = {
      before: { atMs: state.atMs, mwh: state.mwh },
      first: state.held === null || !glitch ? null : shownFirst(state.held, state.held.bound),
      now: { atMs, mwh: value },
      bound: bound ?? boundRise(ratedPowerW, atMs - state.changedMs, raw, definition),
      readings: state.held?.count ?? 1,
      meter: definition.meter,
      meterBefore: state.definition.meter,
    };
  state.held = null;
  state.rival = null;
  const { verdict } = count(state, reading, value);
  if (isFull && evidence !== null) {
    state.saturated = true;
    return { state, verdict: { kind: 'saturated', mwh, begins: true, evidence } };
  }
  return { state, verdict: { ...verdict, glitch, rollover, moved, rescaled, evidence } };
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
