import { WATT_MS_PER_MWH } from '../../protocols/telemetry/unit.ts';
import type { MilliwattHours, Watts } from '../../protocols/telemetry/unit.ts';
import { stepMwh, type CounterDefinition, type PlainReading } from './counter-value.ts';

/** A counter rises no faster than this multiple of the rated power. */
export const BOUND_FACTOR = 1.2;
/** A meter that falls back at a power loss has saved its counter no longer ago than this, ms. */
export const STEP_BACK_MS = 300_000;
/**
 * A meter refreshes its counter no more seldom than this, ms, as far as nobody watched: after a silence and at the first
 * reading of all, what it shows may be as old. While it is polled, its refreshes are seen, however seldom they are.
 */
const REFRESH_MS = 60_000;
/** The most that a counter may have risen by, with the terms it comes from. */
export interface RiseBound {
  ratedPowerW: number;
  /** Since its value may have changed last, ms. */
  spanMs: number;
  /** One step of the counter, mWh. */
  stepMwh: number;
  /** ratedPowerW x 1.2 x spanMs / 3600, and one step, whole mWh. */
  mwh: number;
}

/**
 * True where a rise is no more than the machine can draw since the counter's value may have changed last, and one step of
 * the counter. Without a rated power, every rise is.
 */
export function fitsBound(
  mwh: MilliwattHours,
  ratedPowerW: Watts | null,
  spanMs: number,
  raw: PlainReading,
  definition: CounterDefinition,
): boolean {
  if (mwh < 0) return false;
  if (ratedPowerW === null) return true;
  const boundMwh = (ratedPowerW * BOUND_FACTOR * spanMs) / WATT_MS_PER_MWH;
  return mwh <= boundMwh || mwh <= boundMwh + stepMwh(raw, definition);
}

/** The same bound with its terms, for whoever wants to check it; null without a rated power. No `raw`: without the step. */
export function boundRise(
  ratedPowerW: Watts | null,
  spanMs: number,
  raw: PlainReading | null,
  definition: CounterDefinition,
): RiseBound | null {
  if (ratedPowerW === null) return null;
  const step = raw === null ? 0 : stepMwh(raw, definition);
  const mwh = Math.floor((ratedPowerW * BOUND_FACTOR * spanMs) / WATT_MS_PER_MWH + step);
  return { ratedPowerW, spanMs, stepMwh: step, mwh };
}

/**
 * The earliest time at which a counter may have come to show what is read now, ms: after the reading before, but no longer
 * ago than a meter waits with its next refresh; a whole cadence ago at the latest.
 */
export function earliestChangeMs(atMs: number, beforeMs: number, everyMs: number): number {
  return atMs - Math.max(everyMs, Math.min(atMs - beforeMs, REFRESH_MS));
}
