import { expect, it } from 'vitest';
import { calibrate } from '../../../../collector/energy/calibration/calibrate.ts';
import { roundBoundary } from '../../../../collector/energy/calibration/round-boundary.ts';

it('rounds to two digits, and never past a level', () => {
  expect(roundBoundary(1163, 300, 4000)).toBe(1200);
  expect(roundBoundary(125.9, 100, 126.5)).toBe(126);
  expect(roundBoundary(113.9, 113, 140)).toBe(114);
});

it('keeps the boundary of two steady levels 25 to 30 % apart between them', () => {
  for (const ratio of [1.25, 1.26, 1.3])
    for (let step = 0; step < 12; step++) {
      const lowW = 100 * 10 ** (step / 12);
      const powersW = Array.from({ length: 2000 }, (_, row) => {
        const levelW = row % 200 < 20 ? 2 : row % 200 < 150 ? lowW : lowW * ratio;
        return levelW * (1 + (((row * 7) % 11) - 5) / 1000);
      });
      const result = calibrate({
        timesMs: powersW.map((_, row) => row * 1000),
        powersW,
        everyMs: powersW.map(() => 1000),
      });
      if ('refusal' in result) throw new Error(result.refusal.message);
      const between = result.proposal.boundaries.slice(1).map(({ powerW }) => powerW);
      expect(between.filter((powerW) => powerW <= lowW * 1.005 || powerW >= lowW * ratio * 0.995)).toEqual(
        [],
      );
    }
});
