import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  simulatedClock,
  simulatedWallMs,
  SteppedClock,
  systemClock,
  type Clock,
} from '../../protocols/clock.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_763_700_000_000;

/** A real clock that a test moves; wall and monotonic time apart, as they are in the world. */
function movableClock(): Clock & { wall: number; monotonic: number } {
  const clock = {
    wall: NOW_MS,
    monotonic: 5_000,
    wallMs: () => clock.wall,
    monotonicMs: () => clock.monotonic,
    speed: () => 1,
  };
  return clock;
}

describe('the system clock', () => {
  it('gives whole ms and does not go back', () => {
    let before = systemClock.monotonicMs();
    for (let read = 0; read < 1000; read++) {
      const now = systemClock.monotonicMs();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(Number.isInteger(before) && Number.isInteger(systemClock.wallMs())).toBe(true);
    expect(systemClock.speed()).toBe(1);
  });
});

describe('simulated time', () => {
  const demo = { originMs: NOW_MS - DAY_MS, startMs: NOW_MS, speed: 600, untilNow: true };

  it('runs fast from its origin until it has caught up, then as real time', () => {
    expect(simulatedWallMs(demo, NOW_MS)).toBe(NOW_MS - DAY_MS);
    expect(simulatedWallMs(demo, NOW_MS + 1000)).toBe(NOW_MS - DAY_MS + 600_000);
    expect(simulatedWallMs(demo, NOW_MS + 200_000)).toBe(NOW_MS + 200_000);
    expect(simulatedWallMs({ ...demo, untilNow: false }, NOW_MS + 200_000)).toBe(
      NOW_MS - DAY_MS + 120_000_000,
    );
  });

  it('never goes back, in whole ms, and is the same map for every process', () => {
    const speeds = fc.double({ min: 0.1, max: 5000, noNaN: true });
    fc.assert(
      fc.property(
        speeds,
        fc.boolean(),
        fc.array(fc.nat(DAY_MS), { minLength: 2 }),
        (speed, untilNow, waits) => {
          const time = { ...demo, speed, untilNow };
          let real = NOW_MS;
          let before = simulatedWallMs(time, real);
          for (const wait of waits) {
            const now = simulatedWallMs(time, (real += wait));
            expect(Number.isInteger(now) && now >= before).toBe(true);
            before = now;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stands at its origin until it is started', () => {
    const real = movableClock();
    const time = { ...demo, startMs: Infinity };
    const clock = simulatedClock(time, real);
    real.monotonic += 60_000;
    expect(clock.wallMs()).toBe(demo.originMs);
    expect(clock.monotonicMs()).toBe(0);
    time.startMs = real.wall + 60_000;
    real.monotonic += 1000;
    expect(clock.wallMs()).toBe(demo.originMs + 600_000);
  });

  it('does not follow a real clock that steps', () => {
    const real = movableClock();
    const clock = simulatedClock(demo, real);
    real.monotonic += 1000;
    real.wall += 3_600_000;
    expect(clock.wallMs()).toBe(NOW_MS - DAY_MS + 600_000);
    expect(clock.monotonicMs()).toBe(600_000);
    real.wall -= 10 * DAY_MS;
    expect(clock.monotonicMs()).toBe(600_000);
  });

  it('tells its speed, and 1 once it has caught up', () => {
    const real = movableClock();
    const clock = simulatedClock(demo, real);
    expect(clock.speed()).toBe(600);
    real.monotonic += 200_000;
    expect(clock.speed()).toBe(1);
    expect(clock.wallMs()).toBe(NOW_MS + 200_000);
  });
});

describe('a stepped clock', () => {
  it('moves only when told, and never back', () => {
    const clock = new SteppedClock(NOW_MS);
    expect([clock.wallMs(), clock.monotonicMs(), clock.speed()]).toEqual([NOW_MS, 0, 0]);
    clock.stepTo(NOW_MS + 250);
    clock.stepTo(NOW_MS + 250);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([NOW_MS + 250, 250]);
    expect(() => clock.stepTo(NOW_MS + 249)).toThrow(RangeError);
  });
});
