/** At this load, % of the rated current, the ratio error is at most so many % and the phase displacement so many minutes of arc; null: no limit. */
export type TransformerPoint = readonly [
  loadPercent: number,
  ratioPercent: number,
  phaseArcmin: number | null,
];

/**
 * Measuring current transformers after IEC 61869-2 (its predecessor 60044-1 has the same), at 25 to 100 % of the rated
 * burden. Read on two or three pages of makers that agree, not in the standard, which is sold.
 */
export const CURRENT_TRANSFORMERS: ReadonlyMap<string, readonly TransformerPoint[]> = new Map([
  ['0.1', byPoint([5, 0.4, 15], [20, 0.2, 8], [100, 0.1, 5])],
  ['0.2', byPoint([5, 0.75, 30], [20, 0.35, 15], [100, 0.2, 10])],
  ['0.5', byPoint([5, 1.5, 90], [20, 0.75, 45], [100, 0.5, 30])],
  ['1', byPoint([5, 3, 180], [20, 1.5, 90], [100, 1, 60])],
  ['0.2S', byPoint([1, 0.75, 30], [5, 0.35, 15], [20, 0.2, 10], [100, 0.2, 10])],
  ['0.5S', byPoint([1, 1.5, 90], [5, 0.75, 45], [20, 0.5, 30], [100, 0.5, 30])],
  ['3', byPoint([50, 3, null], [100, 3, null])],
  ['5', byPoint([50, 5, null], [100, 5, null])],
]);

/** Inductive voltage transformers after IEC 61869-3, at 80 to 120 % of the rated voltage: ratio error, %, and phase, minutes of arc. Read on one page of a maker. */
export const VOLTAGE_TRANSFORMERS: ReadonlyMap<string, readonly [number, number | null]> = new Map([
  ['0.1', [0.1, 5]],
  ['0.2', [0.2, 10]],
  ['0.5', [0.5, 20]],
  ['1', [1, 40]],
  ['3', [3, null]],
] as [string, [number, number | null]][]);

function byPoint(...points: TransformerPoint[]): readonly TransformerPoint[] {
  return points;
}
