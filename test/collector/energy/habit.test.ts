import { describe, expect, it } from 'vitest';
import {
  emptyHabit,
  learn,
  likeHourPowerOf,
  meanPowerOf,
  type Habit,
} from '../../../collector/energy/habit.ts';
import { HOUR_MS } from '../../../collector/energy/hour-account.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';

const MONDAY_MS = Date.UTC(2026, 2, 2);
const [READY, UNKNOWN] = [OPERATING_STATES.indexOf('ready'), OPERATING_STATES.indexOf('unknown')];

/** Hours of one power each, from a Monday on. */
function live(habit: Habit, hours: number, powerW: number, fromHour = 0): void {
  for (let hour = fromHour; hour < fromHour + hours; hour++)
    learn(habit, MONDAY_MS + hour * HOUR_MS, HOUR_MS, READY, powerW * 1000);
}

describe('a habit', () => {
  it('knows the mean power of states that were measured, and of `unknown` none', () => {
    const habit = emptyHabit();
    expect(meanPowerOf(habit, READY)).toBeNull();
    learn(habit, MONDAY_MS, 600_000, READY, 200_000);
    learn(habit, MONDAY_MS + 600_000, 1_200_000, READY, 700_000);
    learn(habit, MONDAY_MS + 1_800_000, 600_000, UNKNOWN, 500_000);
    // 900 Wh in half an hour.
    expect(meanPowerOf(habit, READY)).toBe(1800);
    expect(meanPowerOf(habit, UNKNOWN)).toBeNull();
  });

  it('forgets slowly: after 100 h, what was before counts half', () => {
    const habit = emptyHabit();
    live(habit, 101, 1000);
    live(habit, 50, 3000, 101);
    // 101 h of 1000 W became 50.5 h; with 50 h of 3000 W they are over 100 h: half of both is kept.
    expect(meanPowerOf(habit, READY)).toBeCloseTo((50.5 * 1000 + 50 * 3000) / 100.5, 6);
    live(habit, 1000, 3000, 151);
    expect(meanPowerOf(habit, READY)).toBeCloseTo(3000, -1);
  });

  it('keeps what an hour of the week drew when it was last measured, in UTC', () => {
    const habit = emptyHabit();
    live(habit, 9, 1000);
    live(habit, 1, 6000, 9);
    expect(likeHourPowerOf(habit, MONDAY_MS + (7 * 24 + 8) * HOUR_MS)).toBe(1000);
    // The tenth hour is not over: nothing after it was told.
    expect(likeHourPowerOf(habit, MONDAY_MS + (7 * 24 + 9) * HOUR_MS)).toBeNull();
    live(habit, 1, 1000, 10);
    expect(likeHourPowerOf(habit, MONDAY_MS + (7 * 24 + 9) * HOUR_MS)).toBe(6000);
    expect(likeHourPowerOf(habit, MONDAY_MS + (7 * 24 + 33) * HOUR_MS)).toBeNull();
    live(habit, 2, 2000, 7 * 24 + 9);
    expect(likeHourPowerOf(habit, MONDAY_MS + (14 * 24 + 9) * HOUR_MS)).toBe(2000);
  });

  it('learns nothing of an hour that was measured for less than half', () => {
    const habit = emptyHabit();
    learn(habit, MONDAY_MS, HOUR_MS / 2 - 1, READY, 500_000);
    live(habit, 1, 1000, 1);
    expect(likeHourPowerOf(habit, MONDAY_MS)).toBeNull();
  });

  it('does not grow with the years', () => {
    const habit = emptyHabit();
    live(habit, 1000, 1234);
    const length = JSON.stringify(habit).length;
    live(habit, 5000, 1234, 1000);
    expect(JSON.stringify(habit).length).toBeLessThan(length + 40);
    expect(length).toBeLessThan(4000);
  });
});
