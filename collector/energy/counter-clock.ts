import {
  energyBetween,
  meterReadingMwh,
  type MeterReadingMwh,
  type Watts,
} from '../../protocols/telemetry/unit.ts';
import { bootMsBetween, type BootTime } from './boot-time.ts';
import { fitsBound } from './counter-bound.ts';
import type { BookedStretch, CounterState, Waiting } from './counter-state.ts';
import { cumulativeMwh } from './counter-value.ts';

/** Two clocks of one boot that moved apart by more, ms, were set. */
const STEP_MS = 2000;

/** What a counter counted while the clock was set to another time. */
export interface CountedOn {
  /** What the first reading after it shows on the track, mWh since the epoch began. */
  firstMwh: MeterReadingMwh;
  /** Time since its value may have changed last, ms, by the time of the boot. */
  spanMs: number;
}

/** Of a clock that is set back again and again, no more stretches than these are told apart. */
const STRETCHES_MAX = 32;

/**
 * Where a reading stands by the time of its boot, whatever the clock calls it: `next` after what is counted so far;
 * `repeated` in a stretch that is booked already; `earlier` before all that was counted on from here. Where it has come
 * past stretches that were booked before, the state counts on from their end, and only what lies between is still to be
 * booked.
 */
export function placeInBoot(state: CounterState, bootTime: BootTime | null): 'next' | 'repeated' | 'earlier' {
  const ranMs = bootMsBetween(state.bootTime, bootTime);
  if (ranMs === null || bootTime === null || (ranMs >= 0 && state.ahead.length === 0)) return 'next';
  const { monoMs } = bootTime;
  if (state.ahead.some(({ from, to }) => from.monoMs <= monoMs && monoMs <= to.monoMs)) return 'repeated';
  if (ranMs < 0) return state.since === null || monoMs >= state.since.monoMs ? 'repeated' : 'earlier';
  for (const { from, to } of state.ahead)
    if (to.monoMs < monoMs) state.mwh = meterReadingMwh(state.mwh + energyBetween(from.mwh, to.mwh));
  state.ahead = state.ahead.filter(({ to }) => to.monoMs > monoMs);
  return 'next';
}

/** All that is booked of the boot, as stretches that lie ahead of whoever goes back before them. */
export function aheadOf({ since, bootTime, mwh, ahead }: CounterState): BookedStretch[] {
  const own =
    since === null || bootTime === null ? [] : [{ from: since, to: { monoMs: bootTime.monoMs, mwh } }];
  return [...own, ...ahead].slice(0, STRETCHES_MAX);
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
  const fits = fitsBound(energyBetween(mwh, firstMwh), ratedPowerW, spanMs, waiting.firstRaw, definition);
  return fits ? { firstMwh, spanMs } : null;
}
