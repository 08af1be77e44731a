import { describe, expect, it } from 'vitest';
import { LinePauses, type DevicePause } from '../../../../protocols/modbus/device/device-pause.ts';

/**
 * Lives through `spanMs`: asks the device whenever it may be asked, and its neighbours all the time, which are well;
 * `answers` decides; gives what happened.
 */
function live(
  pause: DevicePause,
  options: {
    spanMs: number;
    costMs: number;
    everyMs: number;
    answers: () => boolean;
    neighbours?: readonly DevicePause[];
  },
) {
  const { spanMs, costMs, everyMs, answers, neighbours = [] } = options;
  const asked: number[] = [];
  let wastedMs = 0;
  for (let nowMs = 0; nowMs < spanMs;) {
    for (const neighbour of neighbours) neighbour.answered(nowMs);
    if (pause.leftMs(nowMs) > 0) {
      nowMs += Math.min(everyMs, pause.leftMs(nowMs));
      continue;
    }
    asked.push(nowMs);
    if (answers()) {
      pause.answered(nowMs);
      nowMs += everyMs;
    } else {
      nowMs += costMs;
      wastedMs += costMs;
      pause.failed(nowMs, costMs);
    }
  }
  return { asked, wastedMs };
}

const HOUR_MS = 3_600_000;

describe('the pauses of a line', () => {
  it('leave a device that answers in peace not at all', () => {
    const pause = new LinePauses().join();
    expect(pause.leftMs(0)).toBe(0);
    pause.answered(1);
    expect(pause.leftMs(5)).toBe(0);
  });

  it('are short at first, and for a device alone never longer than 5 s', () => {
    const pause = new LinePauses().join();
    const { asked } = live(pause, { spanMs: 60_000, costMs: 1000, everyMs: 1000, answers: () => false });
    expect(asked.slice(0, 7)).toEqual([0, 1250, 2750, 4750, 7750, 12_750, 18_750]);
    for (let i = 6; i < asked.length; i++) expect((asked[i] ?? 0) - (asked[i - 1] ?? 0)).toBe(6000);
  });

  it('let one dead device waste 2.5 % of a shared line, and ask it every 40 s', () => {
    const pauses = new LinePauses();
    const dead = pauses.join();
    const { asked, wastedMs } = live(dead, {
      neighbours: Array.from({ length: 19 }, () => pauses.join()),
      spanMs: HOUR_MS,
      costMs: 1000,
      everyMs: 1000,
      answers: () => false,
    });
    expect(wastedMs).toBeLessThan(HOUR_MS * 0.025 + 3000);
    expect(asked.slice(0, 3)).toEqual([0, 1250, 2750]);
    const gaps = asked.slice(4).map((at, i) => at - (asked[i + 3] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(41_001);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(39_999);
  });

  it('let all the sick of a line waste 4 % together', () => {
    const pauses = new LinePauses();
    const dead = [pauses.join(), pauses.join(), pauses.join()];
    const well = Array.from({ length: 17 }, () => pauses.join());
    let wastedMs = 0;
    let longestMs = 0;
    const askedAtMs = dead.map(() => 0);
    for (let nowMs = 0; nowMs < HOUR_MS; nowMs += 100) {
      for (const pause of well) pause.answered(nowMs);
      for (const [i, pause] of dead.entries()) {
        if (pause.leftMs(nowMs) > 0) continue;
        longestMs = Math.max(longestMs, nowMs - (askedAtMs[i] ?? 0));
        askedAtMs[i] = nowMs;
        nowMs += 1000;
        wastedMs += 1000;
        pause.failed(nowMs, 1000);
      }
    }
    expect(wastedMs).toBeLessThan(HOUR_MS * 0.04 + 3 * 3000);
    expect(wastedMs).toBeGreaterThan(HOUR_MS * 0.03);
    expect(longestMs).toBeLessThan(80_000);
  });

  it('end with the first good answer', () => {
    const pauses = new LinePauses();
    pauses.join().answered(0);
    const pause = pauses.join();
    for (let i = 0; i < 9; i++) pause.failed(i * 10, 1000);
    // However often it failed: what one failure takes to pay is the longest.
    expect(pause.leftMs(100)).toBeGreaterThan(30_000);
    expect(pause.leftMs(100)).toBeLessThanOrEqual(40_000);
    pause.answered(100);
    expect(pause.leftMs(100)).toBe(0);
  });

  it('hold a device that answers every second time to its share too', () => {
    const pauses = new LinePauses();
    const moody = pauses.join();
    let turn = 0;
    const { asked, wastedMs } = live(moody, {
      neighbours: [pauses.join()],
      spanMs: HOUR_MS,
      costMs: 1000,
      everyMs: 1000,
      answers: () => turn++ % 2 === 0,
    });
    expect(wastedMs).toBeLessThan(HOUR_MS * 0.025 + 3000);
    expect(asked.length).toBeGreaterThan(2 * 80);
  });

  it('forgive a reply that is lost now and then', () => {
    const pauses = new LinePauses();
    const pause = pauses.join();
    let turn = 0;
    const { asked } = live(pause, {
      neighbours: [pauses.join()],
      spanMs: HOUR_MS,
      costMs: 1000,
      everyMs: 1000,
      answers: () => ++turn % 100 !== 0,
    });
    expect(asked.length).toBeGreaterThan(3600 * 0.98);
  });

  it('protect nobody where all are dead, and protect again when one comes back', () => {
    const pauses = new LinePauses();
    const two = [pauses.join(), pauses.join()];
    for (let i = 1; i <= 20; i++) for (const pause of two) pause.failed(i * 1000, 1000);
    expect(two.map((pause) => pause.leftMs(20_000))).toEqual([5000, 5000]);
    for (let i = 0; i < 16; i++) two[0]?.answered(20_000);
    for (let i = 21; i <= 24; i++) two[1]?.failed(i * 1000, 1000);
    expect(two[1]?.leftMs(24_000)).toBeGreaterThan(5000);
    two[0]?.leave();
    expect(two[1]?.leftMs(24_000)).toBe(5000);
  });

  it('are short where nobody waited, however long the line was held', () => {
    const pauses = new LinePauses();
    const neighbour = pauses.join();
    const pause = pauses.join();
    neighbour.answered(9000);
    for (let i = 1; i <= 9; i++) pause.failed(i * 1000, 1000, 50);
    expect(pause.leftMs(9000)).toBe(5000);
    for (let i = 10; i <= 15; i++) pause.failed(i * 1000, 1000, 600);
    expect(pause.leftMs(15_000)).toBeGreaterThan(30_000);
  });

  it('cost a device that answers garbage at once hardly anything but 5 s', () => {
    const pauses = new LinePauses();
    const garbled = pauses.join();
    const neighbours = [pauses.join()];
    const { asked } = live(garbled, {
      neighbours,
      spanMs: HOUR_MS,
      costMs: 20,
      everyMs: 1000,
      answers: () => false,
    });
    expect(asked.length).toBeGreaterThan(600);
  });

  it.each([
    { outage: 'short', lengthMs: 5000, withinMs: 10_000 },
    { outage: 'long', lengthMs: 90_000, withinMs: 5000 },
  ])(
    'are soon over when a line is back after a $outage outage, though one that is seldom asked has not noticed it',
    ({ lengthMs, withinMs }) => {
      const pauses = new LinePauses();
      const seldom = pauses.join();
      const often = Array.from({ length: 19 }, () => pauses.join());
      seldom.answered(0);
      for (const pause of often) pause.answered(0);
      const backAtMs = new Map<DevicePause, number>();
      for (let nowMs = 1; nowMs < lengthMs + 60_000; nowMs += 20)
        for (const pause of often) {
          if (pause.leftMs(nowMs) > 0) continue;
          if (nowMs < lengthMs) pause.failed((nowMs += 1000), 1000);
          else {
            pause.answered((nowMs += 20));
            if (!backAtMs.has(pause)) backAtMs.set(pause, nowMs);
          }
        }
      expect(backAtMs.size).toBe(19);
      expect(Math.max(...backAtMs.values()) - lengthMs).toBeLessThan(withinMs + 1000);
    },
  );
});
