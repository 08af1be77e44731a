/** Slope of the straight line of least squares, units a minute. */
export function slopeAMinute(atMs: readonly number[], values: readonly number[]): number {
  const meanOf = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [meanAt, meanValue] = [meanOf(atMs), meanOf(values)];
  let above = 0;
  let below = 0;
  for (const [i, at] of atMs.entries()) {
    above += (at - meanAt) * ((values[i] ?? 0) - meanValue);
    below += (at - meanAt) ** 2;
  }
  return (above / below) * 60_000;
}
