import {
  energyBetween,
  meterReadingMwh,
  milliwattHours,
  type MeterReadingMwh,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { boundRise, earliestChangeMs, fitsBound, STEP_BACK_MS, type RiseBound } from './counter-bound.ts';
import { orderOf } from './boot-time.ts';
import {
  countedOn,
  notBooked,
  riseTo,
  stretchesInDoubt,
  stretchesOf,
  type CountedOn,
} from './counter-clock.ts';
import type { Confirmed, Shown } from './counter-evidence.ts';
import {
  beginEpoch,
  type BookedStretch,
  type CounterState,
  type Judged,
  type Waiting,
} from './counter-state.ts';
import { cumulativeMwh } from './counter-value.ts';
import type { CounterVerdict, Judgement } from './counter-verdict.ts';

/** So many readings must agree before a value off the track is believed. */
const AGREEING_READINGS = 3;

/** Counts readings of another counter; several in a row that rise no faster than can be are an epoch of their own. */
export function watchRival(state: CounterState, reading: Judged): Judgement {
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
  fresh.sinceMwh = rival.firstMwh;
  const evidence = confirm(state, rival, reading, null);
  // While the one before stood at its largest value, power was integrated up to here.
  const mwh = state.saturated ? milliwattHours(0) : energyBetween(rival.firstMwh, base);
  return { state: fresh, verdict: { kind: 'identity', mwh, evidence } };
}

/** Counts readings off the track that agree with each other; values here are without wraps. */
export function hold(state: CounterState, reading: Judged): CounterVerdict {
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
  const counted = countedOn(state, held, ratedPowerW);
  if (counted !== null) return countOn(state, reading, held, counted);
  const backMwh = steppedBackMwh(state, held, ratedPowerW);
  // A meter that lost a little goes on counting: until it does, it may as well be a false value that stays.
  if (backMwh !== null && held.lastMwh === held.firstMwh) return { kind: 'held', restart: false };
  const evidence = confirm(state, held, reading, backMwh);
  if (backMwh !== null) evidence.bound = boundRise(ratedPowerW, STEP_BACK_MS, held.firstRaw, definition);
  const before = { ...state };
  const isReset =
    ratedPowerW !== null &&
    held.firstMwh < before.mwh &&
    held.firstMwh <= (boundRise(ratedPowerW, held.firstMs - before.changedMs, null, definition)?.mwh ?? 0);
  const booked = isReset && backMwh === null ? [] : stillBooked(before, held, reading);
  const mwh = notBooked(booked, held.firstMwh, base);
  const fresh = beginEpoch({ ...reading, definition: state.definition }, base, held.changedMs);
  Object.assign(state, fresh, {
    sinceMwh: isReset ? meterReadingMwh(0) : held.firstMwh,
    booked,
  });
  if (before.saturated) return { kind: 'resumed', evidence };
  if (backMwh !== null) return { kind: 'step-back', mwh, evidence };
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

/**
 * What of a counter's life is booked already where it goes on from elsewhere. Where it fell, and its chain says that it
 * did, it counts those values again, and so is nothing of them; where nobody knows, it may be an earlier reading.
 */
function stillBooked(state: CounterState, held: Waiting, { atMs, bootTime = null }: Judged): BookedStretch[] {
  if (state.wraps > 0) return [];
  if (held.firstMwh >= state.mwh) return stretchesOf(state);
  return orderOf(state.bootTime, bootTime) === 'unknown' ? stretchesInDoubt(state, atMs) : [];
}

/** The clock was set, and it counted on: all that it shows more is booked. */
function countOn(
  state: CounterState,
  reading: Judged,
  held: NonNullable<CounterState['held']>,
  { spanMs }: CountedOn,
): CounterVerdict {
  const { definition, raw, atMs, bootTime = null, everyMs, base, ratedPowerW } = reading;
  const value = cumulativeMwh(raw, state.definition, state.wraps) ?? base;
  const bound = boundRise(ratedPowerW, spanMs, held.firstRaw, definition);
  const evidence = {
    before: { atMs: state.atMs, mwh: state.mwh },
    first: shownFirst(held, held.bound),
    now: { atMs, mwh: value },
    bound,
    readings: held.count,
    meter: definition.meter,
    meterBefore: state.definition.meter,
  };
  const mwh = riseTo(state, value);
  const changedMs = earliestChangeMs(atMs, held.lastMs, everyMs);
  Object.assign(state, { raw, mwh: value, atMs, bootTime, changedMs, definition, held: null, rival: null });
  const plain = { glitch: false, rollover: false, moved: false, rescaled: false };
  return { kind: 'rise', mwh, ...plain, stepped: true, evidence };
}

function startWaiting(
  { atMs, bootTime = null, raw, base }: Judged,
  changedMs: number,
): Omit<Waiting, 'count'> {
  return {
    firstMs: atMs,
    firstBootTime: bootTime,
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

/** What a waiting reading showed first. */
export function shownFirst({ firstMs, firstMwh }: Waiting, bound: RiseBound | null): Shown {
  return { atMs: firstMs, mwh: firstMwh, bound };
}
