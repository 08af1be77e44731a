import { WATT_MS_PER_MWH } from '../../protocols/telemetry/unit.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { zeros } from './cells.ts';
import { HOUR_MS } from './hour-account.ts';

const WEEK_HOURS = 168;
/** 1970-01-01 was a Thursday: weeks of the profile begin on Monday, 00:00 UTC. */
const MONDAY_HOURS = 3 * 24;
/** Of a state, about so much is remembered (100 h): with more, what was before counts half. */
const REMEMBERED_MS = 100 * HOUR_MS;
/** An hour of which less was measured says nothing of its like. */
const PROFILE_MS_MIN = HOUR_MS / 2;
const UNKNOWN = OPERATING_STATES.indexOf('unknown');

/** What a component usually draws, learnt from what was measured of it, in order of time: plain data that does not grow. */
export interface Habit {
  /** By state: measured energy, mWh, and the time it took, ms; whole numbers. */
  mwh: number[];
  ms: number[];
  /** What was measured of the latest hour so far. */
  hour: { hourMs: number; mwh: number; ms: number };
  /** By hour of the week (UTC, 0 is Monday 00:00): mean power when it was last measured, W. */
  profileW: Record<string, number>;
}

/** The habit of a component of which nothing was measured. */
export function emptyHabit(): Habit {
  return {
    mwh: zeros(),
    ms: zeros(),
    hour: { hourMs: 0, mwh: 0, ms: 0 },
    profileW: {},
  };
}

/** Takes in measured energy of a time that does not cross an hour. Times come in order. */
export function learn(habit: Habit, fromMs: number, ms: number, state: number, mwh: number): void {
  let stateMs = (habit.ms[state] ?? 0) + ms;
  let stateMwh = (habit.mwh[state] ?? 0) + mwh;
  if (stateMs > REMEMBERED_MS) {
    stateMs = Math.floor(stateMs / 2);
    stateMwh = Math.floor(stateMwh / 2);
  }
  habit.ms[state] = stateMs;
  habit.mwh[state] = stateMwh;
  const { hour } = habit;
  if (fromMs >= hour.hourMs + HOUR_MS) {
    if (hour.ms >= PROFILE_MS_MIN) {
      const meanW = (hour.mwh * WATT_MS_PER_MWH) / hour.ms;
      habit.profileW[hourOfWeek(hour.hourMs)] = Math.round(meanW * 10) / 10;
    }
    habit.hour = { hourMs: Math.floor(fromMs / HOUR_MS) * HOUR_MS, mwh, ms };
  } else {
    hour.mwh += mwh;
    hour.ms += ms;
  }
}

/** The mean power of a known state so far, W; null for `unknown`, and where it was never measured. */
export function meanPowerOf({ mwh, ms }: Habit, state: number): number | null {
  const stateMs = ms[state] ?? 0;
  if (state === UNKNOWN || stateMs === 0) return null;
  return ((mwh[state] ?? 0) * WATT_MS_PER_MWH) / stateMs;
}

/** Mean power in the like hour of the week when it was last measured, W; null where it never was. */
export function likeHourPowerOf({ profileW }: Habit, atMs: number): number | null {
  return profileW[hourOfWeek(atMs)] ?? null;
}

function hourOfWeek(atMs: number): number {
  return (Math.floor(atMs / HOUR_MS) + MONDAY_HOURS) % WEEK_HOURS;
}
