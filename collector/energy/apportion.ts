import type { MilliwattHours } from '../../protocols/telemetry/unit.ts';

/**
 * Divides a whole energy by weights so that the shares are whole and sum to it exactly (largest remainder; ties go to
 * the earlier share). Where every weight is 0, the shares are equal.
 *
 * @param total whole, >= 0
 * @param weights >= 0, at least one
 * @throws RangeError for another total: of a part of a mWh no whole shares add to it
 */
export function apportion(total: MilliwattHours, weights: readonly number[]): MilliwattHours[] {
  if (!Number.isSafeInteger(total) || total < 0)
    throw new RangeError(`${total} mWh cannot be divided into whole shares`);
  if (weights.length === 1) return [total];
  let sum = 0;
  for (const weight of weights) sum += weight;
  const shares: number[] = [];
  const fractions: number[] = [];
  let given = 0;
  for (const weight of weights) {
    const share = sum > 0 ? (total * weight) / sum : total / weights.length;
    const whole = Math.floor(share);
    shares.push(whole);
    fractions.push(share - whole);
    given += whole;
  }
  let left = total - given;
  if (left === 0) return shares as MilliwattHours[];
  const order = fractions.map((_, index) => index);
  order.sort((a, b) => (fractions[b] ?? 0) - (fractions[a] ?? 0) || a - b);
  // Sums of doubles may be off by one in either direction on very large totals; the loop takes back as well as gives.
  for (let turn = 0; left !== 0; turn++) {
    const index = order[turn % order.length] ?? 0;
    const step = left > 0 ? 1 : -1;
    if ((shares[index] ?? 0) + step < 0) continue;
    shares[index] = (shares[index] ?? 0) + step;
    left -= step;
  }
  return shares as MilliwattHours[];
}
