import { describe, expect, test } from 'vitest';
import { compareWithTimer, explainDifference, medianOf, type TimerReading } from './nist-comparison.ts';

/** A timer that is read every second and goes as told, s; its lines are numbered 10, 20, 30 ... */
function timer(steps: readonly number[], startMs = 0): TimerReading[] {
  let seconds = 5000;
  return [0, ...steps].map((step, index) => {
    seconds += step;
    return { atMs: startMs + 1000 * index, seconds, line: 10 * (index + 1) };
  });
}

const runs = (count: number) => Array.from({ length: count }, () => 1);

describe('counted time against a timer', () => {
  test('is compared where the timer is known, whatever was counted around it', () => {
    const comparison = compareWithTimer(
      [
        { fromMs: -50_000, toMs: 3000 },
        { fromMs: 6000, toMs: 6500 },
        { fromMs: 9000, toMs: 99_000 },
      ],
      timer(runs(10)),
    );
    expect(comparison.timerMs).toBe(10_000);
    expect(comparison.countedMs).toBe(3000 + 500 + 1000);
    expect(comparison.ratio).toBeCloseTo(0.45);
    expect(comparison.intervals.map(({ countedMs }) => countedMs / 1000)).toEqual([
      1, 1, 1, 0, 0, 0, 0.5, 0, 0, 1,
    ]);
    expect(comparison.intervals[3]).toMatchObject({ fromLine: 40, toLine: 50, fromMs: 3000, toMs: 4000 });
  });

  test('has no ratio where the timer did not move or is not known', () => {
    expect(compareWithTimer([{ fromMs: 0, toMs: 5000 }], timer([0, 0])).ratio).toBeNull();
    expect(compareWithTimer([{ fromMs: 0, toMs: 5000 }], [])).toMatchObject({
      ratio: null,
      countedMs: 0,
      timerMs: 0,
    });
  });

  test('nothing is named where both agree', () => {
    const comparison = compareWithTimer([{ fromMs: 0, toMs: 99_000 }], timer(runs(100)));
    expect(explainDifference(comparison, 0.02)).toMatchObject({ causes: [], isExplained: true });
  });

  test('the lines are named between which the timer stood, and no others', () => {
    const steps = [...runs(100), ...Array.from({ length: 30 }, () => 0), ...runs(100)];
    const readings = timer(steps);
    // The standing timer is not told: one interval of 31 s in which it moved by 1 s.
    const told = readings.filter(({ atMs }) => atMs <= 100_000 || atMs > 130_000);
    const explanation = explainDifference(compareWithTimer([{ fromMs: 0, toMs: 230_000 }], told), 0.02);
    expect(explanation).toMatchObject({ isExplained: true, countedMs: 199_000, timerMs: 199_000 });
    expect(explanation.causes).toEqual([
      { fromMs: 100_000, toMs: 131_000, fromLine: 1010, toLine: 1320, countedMs: 31_000, timerMs: 1000 },
    ]);
  });

  test('a timer that is set back is named, and what it counted is compared around it', () => {
    const readings = timer([...runs(100), -90, ...runs(100)]);
    const comparison = compareWithTimer([{ fromMs: 0, toMs: 201_000 }], readings);
    expect(comparison.timerMs).toBe(110_000);
    const { causes, isExplained } = explainDifference(comparison, 0.02);
    expect(isExplained).toBe(true);
    expect(causes.map(({ fromLine, toLine }) => [fromLine, toLine])).toEqual([[1010, 1020]]);
  });

  test('a difference that is spread over the whole day is not explained', () => {
    const counted = Array.from({ length: 1000 }, (_, index) => ({
      fromMs: 1000 * index,
      toMs: 1000 * index + 900,
    }));
    const { causes, isExplained } = explainDifference(compareWithTimer(counted, timer(runs(1000))), 0.02);
    expect(isExplained).toBe(false);
    expect(causes).toHaveLength(20);
  });

  test('the middle of an even number lies between two', () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
    expect(medianOf([])).toBeNaN();
  });
});
