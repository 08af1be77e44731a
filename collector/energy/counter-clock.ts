import {
  energyBetween,
  meterReadingMwh,
  milliwattHours,
  type MeterReadingMwh,
  type MilliwattHours,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { bootMsBetween, orderOf } from './boot-time.ts';
import { fitsBound } from './counter-bound.ts';
import type { BookedStretch, CounterReading, CounterState, Waiting } from './counter-state.ts';
import { cumulativeMwh } from './counter-value.ts';

/*
 * A clock that was set gives readings labels in another order than the one in which they were made. What is booked is
 * remembered by what the counter showed, from and to: a counter shows a value once, whatever a clock says, so that no
 * difference is booked twice, over any number of boots.
 */

/** Two clocks of one boot that moved apart by more, ms, were set. */
const STEP_MS = 2000;

/** What a counter counted while the clock was set to another time. */
export interface CountedOn {
  /** What the first reading after it shows on the track, mWh since the epoch began. */
  firstMwh: MeterReadingMwh;
  /** Time since its value may have changed last, ms, by the time of the boot. */
  spanMs: number;
}

/** Of a clock that is set again and again, no more stretches than these are told apart: those closest to each other are one. */
const STRETCHES_MAX = 32;
/** For so long a fall of which nobody knows whether it is one is held against what was booked, ms of wall time. */
const UNSURE_MS = 7 * 86_400_000;

/** Where a reading stands that was made before the last believed one. */
export type Earlier = { kind: 'repeated' } | { kind: 'earlier'; mwh: MeterReadingMwh; wraps: number };

/**
 * Where a reading that was made before the last believed one stands: `repeated` in what is booked already; `earlier` in
 * what is not. Null for one that is to be judged as it comes: it was made later, or nobody knows, or it is of another boot
 * and shows no less (chains that were copied branch: only a fall bears out what their order says).
 */
export function placeEarlier(state: CounterState, reading: CounterReading): Earlier | null {
  const { bootTime = null, raw, definition } = reading;
  if (orderOf(state.bootTime, bootTime) !== 'before') return null;
  const isOneBoot = state.bootTime?.boot === bootTime?.boot;
  const base = cumulativeMwh(raw, definition, state.wraps);
  if (!isOneBoot && (base === null || base >= state.mwh)) return null;
  if (definition.identity !== state.definition.identity) return { kind: 'repeated' };
  for (const wraps of state.wraps === 0 ? [0] : [state.wraps, state.wraps - 1]) {
    const mwh = cumulativeMwh(raw, definition, wraps);
    if (mwh === null || mwh > state.mwh) continue;
    const isBooked =
      mwh === 0 || stretchesOf(state).some(({ fromMwh, toMwh }) => fromMwh <= mwh && mwh <= toMwh);
    return isBooked ? { kind: 'repeated' } : { kind: 'earlier', mwh, wraps };
  }
  return { kind: 'repeated' };
}

/** True for a value in a stretch that is booked already and lies above what is counted up to now. */
export function isAhead({ booked, mwh }: CounterState, value: MeterReadingMwh): boolean {
  return booked.some(({ fromMwh, toMwh }) => fromMwh >= mwh && fromMwh < value && value < toMwh);
}

/** What a counter shows more than at its last believed reading, less what is booked of it; negative for a fall, mWh. */
export function riseTo(state: CounterState, value: MeterReadingMwh): MilliwattHours {
  return notBooked(state.booked, state.mwh, value);
}

/** What lies between two values of a counter, less what is booked of it; negative for a fall, mWh. */
export function notBooked(
  booked: readonly BookedStretch[],
  from: MeterReadingMwh,
  to: MeterReadingMwh,
): MilliwattHours {
  let mwh = energyBetween(from, to);
  if (mwh > 0)
    for (const { fromMwh, toMwh } of booked)
      mwh = milliwattHours(mwh - Math.max(0, Math.min(toMwh, to) - Math.max(fromMwh, from)));
  return mwh;
}

/**
 * All that is booked of the life of a counter, for a state that counts from elsewhere in it; apart from each other.
 *
 * @param untilMs up to when that is held against it, wall ms; null for good
 */
export function stretchesOf(state: CounterState, untilMs: number | null = null): BookedStretch[] {
  const { sinceMwh, mwh, booked } = state;
  const own = sinceMwh < mwh ? [{ fromMwh: sinceMwh, toMwh: mwh, untilMs }] : [];
  const stretches: BookedStretch[] = [];
  for (const next of [...booked, ...own].sort((a, b) => a.fromMwh - b.fromMwh)) {
    const last = stretches[stretches.length - 1];
    if (last === undefined || next.fromMwh > last.toMwh) stretches.push({ ...next });
    else join(last, next);
  }
  while (stretches.length > STRETCHES_MAX) joinClosest(stretches);
  return stretches;
}

/** What a fall is held against where nobody knows whether the counter fell, or an earlier reading got a later label. */
export function stretchesInDoubt(state: CounterState, atMs: number): BookedStretch[] {
  return stretchesOf(state, atMs + UNSURE_MS);
}

/** Stretches that were come past are part of what is booked without a hole. */
export function dropPassed(state: CounterState): void {
  const { sinceMwh, mwh } = state;
  state.booked = state.booked.filter(({ fromMwh, toMwh }) => fromMwh < sinceMwh || toMwh > mwh);
}

/** Lets go of what is held against a counter no longer. */
export function forgetStretches(state: CounterState, atMs: number): void {
  if (state.booked.some(({ untilMs }) => untilMs !== null && untilMs < atMs))
    state.booked = state.booked.filter(({ untilMs }) => untilMs === null || untilMs >= atMs);
}

/** Takes what is booked by another scale: no less of it. */
export function rescaleStretches(state: CounterState, factor: number, mwh: MeterReadingMwh): void {
  const least = (value: number) => meterReadingMwh(Math.floor(value * factor));
  state.sinceMwh = meterReadingMwh(Math.min(least(state.sinceMwh), mwh));
  state.booked = state.booked.map(({ fromMwh, toMwh, untilMs }) => ({
    fromMwh: least(fromMwh),
    toMwh: meterReadingMwh(Math.ceil(toMwh * factor)),
    untilMs,
  }));
}

/** True where the clock was set between the last believed reading and those that wait. */
export function isOfSteppedClock(state: CounterState, waiting: Waiting): boolean {
  const ranMs = bootMsBetween(state.bootTime, waiting.firstBootTime);
  return ranMs !== null && Math.abs(ranMs - (waiting.firstMs - state.atMs)) > STEP_MS;
}

/**
 * What readings off the track say where they fit it by the time of the boot: the clock was set, and the counter only
 * counted on. Null where they do not fit by that either, or nobody knows that time. They are asked when they agree among
 * themselves, not at the first of them: as long as readings of before the step carry the same labels, those are followed.
 */
export function countedOn(
  state: CounterState,
  waiting: Waiting,
  ratedPowerW: Watts | null,
): CountedOn | null {
  const { definition, wraps, atMs, changedMs, bootTime, saturated, mwh } = state;
  const ranMs = bootMsBetween(bootTime, waiting.firstBootTime);
  if (saturated || ranMs === null || ranMs <= waiting.firstMs - atMs) return null;
  const firstMwh = cumulativeMwh(waiting.firstRaw, definition, wraps);
  const spanMs = ranMs + (atMs - changedMs);
  if (firstMwh === null || firstMwh < mwh) return null;
  const fits = fitsBound(riseTo(state, firstMwh), ratedPowerW, spanMs, waiting.firstRaw, definition);
  return fits ? { firstMwh, spanMs } : null;
}

function join(into: BookedStretch, next: BookedStretch): void {
  if (next.toMwh > into.toMwh) into.toMwh = next.toMwh;
  const isForGood = into.untilMs === null || next.untilMs === null;
  into.untilMs = isForGood ? null : Math.max(into.untilMs ?? 0, next.untilMs ?? 0);
}

function joinClosest(stretches: BookedStretch[]): void {
  const gapAfter = (index: number) =>
    (stretches[index + 1]?.fromMwh ?? Infinity) - (stretches[index]?.toMwh ?? 0);
  let closest = 0;
  for (let index = 1; index + 1 < stretches.length; index++)
    if (gapAfter(index) < gapAfter(closest)) closest = index;
  const [into, next] = [stretches[closest], stretches[closest + 1]];
  if (into === undefined || next === undefined) return;
  join(into, next);
  stretches.splice(closest + 1, 1);
}
