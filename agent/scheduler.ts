import type { Clock } from '../protocols/clock.ts';
import { systemTimers, type Cancel, type Timers } from '../protocols/timers.ts';
import { SLOT_MS, SlotSchedule, type Pollable } from './slot-schedule.ts';

/** A device sees at most ten polls in a real second, however fast simulated time runs. */
const REAL_INTERVAL_MS_MIN = 100;
/** Simulated time may change its speed while we wait, real ms. */
const LOOK_AGAIN_MS = 200;

/** The cadence in effect under the clock's speed, clock ms. */
export function effectiveEveryMs(everyMs: number, clock: Clock): number {
  const speed = clock.speed();
  return speed === 1 ? everyMs : Math.max(everyMs, Math.ceil(REAL_INTERVAL_MS_MIN * speed));
}

/**
 * How long to wait for the first slot that is `waitMs` away or more, whole ms. What is due within one slot is polled in
 * one turn of the event loop; slots lie on a fixed grid of `nowMs`, so that a cadence of whole slots stays even.
 */
export function msToSlot(nowMs: number, waitMs: number): number {
  const slotMs = Math.ceil((nowMs + waitMs) / SLOT_MS) * SLOT_MS;
  return Math.max(1, Math.ceil(slotMs - nowMs));
}

/** A running scheduler. */
export interface Scheduler {
  /** Polls that began late, and turns that were skipped because the poll before was still running or time had passed. */
  counts(): { late: number; skipped: number };
  /** No poll begins any more. */
  stop(): void;
}

/** Polls the sources on the clock's time with one timer. On a stepped clock (speed 0) nothing is polled. */
export function startScheduler(
  sources: readonly Pollable[],
  clock: Clock,
  timers: Pick<Timers, 'nowMs' | 'after'> = systemTimers,
): Scheduler {
  if (clock.speed() === 0) return { counts: () => ({ late: 0, skipped: 0 }), stop: () => {} };
  const schedule = new SlotSchedule(sources, clock.monotonicMs());
  let cancel: Cancel = () => {};
  const tick = () => {
    const waitMs = schedule.run(clock.monotonicMs());
    const realMs = Math.min(LOOK_AGAIN_MS, waitMs / Math.max(clock.speed(), 1e-3));
    cancel = timers.after(msToSlot(timers.nowMs(), realMs), tick);
  };
  tick();
  return { counts: () => schedule.counts(), stop: () => cancel() };
}
