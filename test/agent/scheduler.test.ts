import { expect, test } from 'vitest';
import { effectiveEveryMs, msToSlot, startScheduler } from '../../agent/scheduler.ts';
import { SLOT_MS, SlotSchedule } from '../../agent/slot-schedule.ts';
import { simulatedClock, SteppedClock, systemClock } from '../../protocols/clock.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';

function source(everyMs: number, busy: () => boolean = () => false) {
  const begun: number[] = [];
  return { begun, everyMs: () => everyMs, begin: () => (busy() ? false : (begun.push(nowMs), true)) };
}

let nowMs = 0;

/** Runs the schedule as a punctual timer would. */
function run(schedule: SlotSchedule, untilMs: number): void {
  for (nowMs = 0; nowMs < untilMs;) nowMs += Math.max(1, schedule.run(nowMs));
}

test('sources of one cadence are spread over it, and each keeps it', () => {
  const sources = Array.from({ length: 4 }, () => source(1000));
  const fast = source(100);
  run(new SlotSchedule([...sources, fast], 0), 10_000);
  expect(sources.map(({ begun }) => begun[0])).toEqual([0, 250, 500, 750]);
  for (const { begun } of sources) {
    expect(begun).toHaveLength(10);
    for (let turn = 1; turn < begun.length; turn++)
      expect((begun[turn] ?? 0) - (begun[turn - 1] ?? 0)).toBe(1000);
  }
  expect(fast.begun).toHaveLength(100);
});

test('a poll that is still running costs its turn, and is never made up', () => {
  let busy = false;
  const slow = source(100, () => busy);
  const schedule = new SlotSchedule([slow], 0);
  schedule.run((nowMs = 0));
  busy = true;
  for (const at of [100, 200, 300]) schedule.run((nowMs = at));
  busy = false;
  schedule.run((nowMs = 400));
  expect(slow.begun).toEqual([0, 400]);
  expect(schedule.counts()).toEqual({ late: 0, skipped: 3 });
});

test('turns that passed while the process slept are skipped, and the grid stays', () => {
  const one = source(100);
  const schedule = new SlotSchedule([one], 0);
  schedule.run((nowMs = 0));
  expect(schedule.run((nowMs = 1070))).toBe(30);
  schedule.run((nowMs = 1100));
  expect(one.begun).toEqual([0, 1070, 1100]);
  expect(schedule.counts()).toEqual({ late: 1, skipped: 9 });
});

test('when simulated time slows down, sources are polled at the shorter cadence at once and stay spread', () => {
  let everyMs = 60_000;
  const begun: [string, number][] = [];
  const sources = ['a', 'b'].map((name) => ({
    everyMs: () => everyMs,
    begin: () => {
      begun.push([name, nowMs]);
      return true;
    },
  }));
  const schedule = new SlotSchedule(sources, 0);
  expect(schedule.run((nowMs = 0))).toBe(30_000);
  everyMs = 1000;
  for (nowMs = 5000; nowMs < 7000;) nowMs += Math.max(1, schedule.run(nowMs));
  expect(begun).toEqual([
    ['a', 0],
    ['a', 5000],
    ['b', 5500],
    ['a', 6000],
    ['b', 6500],
  ]);
});

test('under fast simulated time a device sees at most ten polls in a real second', async () => {
  const clock = simulatedClock({
    originMs: Date.UTC(2026, 2, 2),
    startMs: Date.now(),
    speed: 600,
    untilNow: false,
  });
  expect(effectiveEveryMs(1000, clock)).toBe(60_000);
  expect(effectiveEveryMs(120_000, clock)).toBe(120_000);
  expect(effectiveEveryMs(20, systemClock)).toBe(20);
  const begun: number[] = [];
  const scheduler = startScheduler(
    [
      {
        everyMs: () => effectiveEveryMs(1000, clock),
        begin: () => {
          begun.push(performance.now());
          return true;
        },
      },
    ],
    clock,
  );
  await awaitUntil('several polls', () => begun.length >= 8);
  scheduler.stop();
  const spanMs = (begun.at(-1) ?? 0) - (begun[0] ?? 0);
  expect(spanMs / (begun.length - 1)).toBeGreaterThan(80);
});

test('a stepped clock is never polled by itself', () => {
  const one = source(10);
  const scheduler = startScheduler([one], new SteppedClock(0));
  expect(one.begun).toEqual([]);
  scheduler.stop();
});

test('polls begin on a fixed grid of slots, however late the timer is', () => {
  expect(msToSlot(1000, 0)).toBe(1);
  expect(msToSlot(1000, 100)).toBe(100);
  expect(msToSlot(1003.4, 100)).toBe(147);
  for (let nowMs = 0; nowMs < 200; nowMs += 0.7) {
    const waitMs = msToSlot(nowMs, 30);
    expect(Number.isInteger(waitMs)).toBe(true);
    expect(waitMs).toBeGreaterThanOrEqual(30);
    expect(waitMs).toBeLessThanOrEqual(30 + SLOT_MS);
    // A timer that is a little late of the grid is of no account; that it drifts would be.
    expect((nowMs + waitMs) % SLOT_MS).toBeLessThan(1);
  }
});
