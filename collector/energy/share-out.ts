import { WATT_MS_PER_MWH, milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { apportion } from './apportion.ts';
import { expectGaps, scaleToSum } from './expect-gaps.ts';
import type { Habit } from './habit.ts';
import { HOUR_MS } from './hour-account.ts';
import type { BridgeMethod } from './machine-hour.ts';
import type { Slice } from './slices.ts';

/** What each piece gets of a difference, and how that was told where power was not measured. */
export interface Share {
  mwh: MilliwattHours;
  method: BridgeMethod;
}

/**
 * Shares a counter difference out over pieces of time. Pieces in which power was measured get what it says, scaled down
 * when that is more than the difference, or up when there is no other time; the rest goes to the others by what is expected
 * of them. What was measured gets the same whatever is expected of the rest.
 *
 * @param boundW the most that the component can draw, W; null where nobody said
 */
export function shareOut(
  mwh: MilliwattHours,
  pieces: readonly Slice[],
  habit: Habit,
  boundW: number | null,
): Share[] {
  const covered = pieces.filter(({ kind }) => kind === 'covered');
  const others = pieces.filter(({ kind }) => kind !== 'covered');
  const measured = covered.map(({ wattMs }) => wattMs / WATT_MS_PER_MWH);
  if (others.length === 0) {
    const isIdle = measured.every((weight) => weight === 0);
    const weights = isIdle ? covered.map(({ ms }) => ms) : measured;
    return shareByHours(mwh, covered, weights).map((share) => ({ mwh: share, method: 'linear' }));
  }
  let measuredMwh = 0;
  for (const weight of measured) measuredMwh += weight;
  const restMwh = Math.max(0, mwh - measuredMwh);
  const [coveredMwh = milliwattHours(0), othersMwh = mwh] =
    covered.length === 0 ? [milliwattHours(0), mwh] : apportion(mwh, [measuredMwh, restMwh]);
  let othersMs = 0;
  for (const { ms } of others) othersMs += ms;
  const expected = expectGaps(pieces, habit, (othersMwh * WATT_MS_PER_MWH) / othersMs);
  const open = pieces.flatMap(({ kind, ms }, index) =>
    kind === 'covered' ? [] : [{ ms, powerW: expected[index]?.powerW ?? 0 }],
  );
  const ofCovered = covered.length === 0 ? [] : shareByHours(coveredMwh, covered, measured);
  const ofOthers = shareByHours(othersMwh, others, scaleToSum(open, othersMwh, boundW));
  let [nextCovered, nextOther] = [0, 0];
  return pieces.map(({ kind }, index) => ({
    mwh: (kind === 'covered' ? ofCovered[nextCovered++] : ofOthers[nextOther++]) ?? milliwattHours(0),
    method: expected[index]?.method ?? 'linear',
  }));
}

/**
 * Over hours first, then over the states of each, then over their minutes: remainders of many minutes must not pile up in
 * one hour or state.
 */
function shareByHours(
  mwh: MilliwattHours,
  pieces: readonly Slice[],
  weights: readonly number[],
): MilliwattHours[] {
  if (pieces.length <= 1) return apportion(mwh, weights);
  const shares = pieces.map(() => milliwattHours(0));
  const all = pieces.map((_, index) => index);
  const hourOf = (index: number) => Math.floor((pieces[index]?.fromMs ?? 0) / HOUR_MS);
  const stateOf = (index: number) => pieces[index]?.state ?? 0;
  for (const hour of shareAmong(mwh, all, hourOf, weights))
    for (const state of shareAmong(hour.mwh, hour.members, stateOf, weights))
      for (const piece of shareAmong(state.mwh, state.members, (index) => index, weights))
        for (const index of piece.members) shares[index] = piece.mwh;
  return shares;
}

/** Shares out among groups of pieces, by the weight of each group. */
function shareAmong(
  mwh: MilliwattHours,
  members: readonly number[],
  keyOf: (index: number) => number,
  weights: readonly number[],
): { mwh: MilliwattHours; members: number[] }[] {
  const groups = new Map<number, { members: number[]; weight: number }>();
  for (const index of members) {
    const key = keyOf(index);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { members: [], weight: 0 }));
    group.members.push(index);
    group.weight += weights[index] ?? 0;
  }
  const own = [...groups.values()];
  const shares = apportion(
    mwh,
    own.map(({ weight }) => weight),
  );
  return own.map((group, index) => ({ mwh: shares[index] ?? milliwattHours(0), members: group.members }));
}
