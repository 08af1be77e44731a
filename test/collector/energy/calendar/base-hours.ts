import type { BaseEnergy, BaseHour } from '../../../../collector/energy/calendar/base-hour.ts';
import { STATE_COUNT } from '../../../../collector/energy/hour-account.ts';
import { OPERATING_STATES, type OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';

export const HOUR_MS = 3_600_000;
export const NO_ENERGY: BaseEnergy = { counter: null, integrated: null, bridged: null };

export const NO_BRIDGED: BaseHour['bridgedBy'] = {
  stateMean: milliwattHours(0),
  linear: milliwattHours(0),
  profile: milliwattHours(0),
};

/** The same in each minute of an hour. */
export function everyMinute(value: number): number[] {
  return Array.from({ length: 60 }, () => value);
}

/** A grid with one value in one state of each minute [from, to). */
export function grid(state: OperatingState, value: number, from = 0, to = 60): number[] {
  const cells = Array.from({ length: 60 * STATE_COUNT }, () => 0);
  for (let minute = from; minute < to; minute++)
    cells[minute * STATE_COUNT + OPERATING_STATES.indexOf(state)] = value;
  return cells;
}

/** An hour that was measured and processing throughout, of 100 mWh a minute; what is given differs. */
export function baseHour(hourMs: number, more: Partial<BaseHour> = {}): BaseHour {
  return {
    hourMs,
    timeMs: grid('processing', 60_000),
    measuredMs: everyMinute(60_000),
    components: { supply: { ...NO_ENERGY, counter: grid('processing', 100) } },
    exportMwh: null,
    media: {},
    bridgedBy: NO_BRIDGED,
    closure: null,
    reasons: [],
    quality: 'measured',
    status: 'final',
    finalBy: 'watermark',
    revision: 1,
    ...more,
  };
}
