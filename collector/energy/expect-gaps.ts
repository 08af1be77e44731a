import { WATT_MS_PER_MWH } from '../../protocols/telemetry/unit.ts';
import { likeHourPowerOf, meanPowerOf, type Habit } from './habit.ts';
import { HOUR_MS } from './hour-account.ts';
import type { BridgeMethod } from './machine-hour.ts';
import type { Slice } from './slices.ts';

/** Gaps up to this long are filled evenly where the state is not known, longer ones by like hours. */
const LINEAR_MS_MAX = 2 * HOUR_MS;

/** What is expected of a stretch of a gap. */
export interface Expectation {
  method: BridgeMethod;
  /** W */
  powerW: number;
}

/**
 * What is expected of each piece that was not covered by power (rule E10): in a known state its mean power so far; else the
 * mean of the whole in gaps up to 2 h, and in longer ones what like hours of the week drew, where they were measured.
 * Time in which only the counter was read is no gap: there the mean of the whole is as good as anything.
 *
 * @param meanW mean power over all time that was not covered
 */
export function expectGaps(pieces: readonly Slice[], habit: Habit, meanW: number): Expectation[] {
  const linear: Expectation = { method: 'linear', powerW: meanW };
  const expected: Expectation[] = [];
  const lengths = gapLengths(pieces);
  for (const [index, { kind, state, fromMs }] of pieces.entries()) {
    const stateW = kind === 'gap' ? meanPowerOf(habit, state) : null;
    const isLong = kind === 'gap' && (lengths[index] ?? 0) > LINEAR_MS_MAX;
    const likeW = isLong ? likeHourPowerOf(habit, fromMs) : null;
    if (stateW !== null) expected.push({ method: 'stateMean', powerW: stateW });
    else if (likeW !== null) expected.push({ method: 'profile', powerW: likeW });
    else expected.push(linear);
  }
  return expected;
}

/** Of each piece, how long the gap is that it lies in, ms. */
function gapLengths(pieces: readonly Slice[]): number[] {
  const lengths = pieces.map(({ ms }) => ms);
  for (let index = 1; index < pieces.length; index++)
    if (pieces[index]?.kind === pieces[index - 1]?.kind)
      lengths[index] = (lengths[index] ?? 0) + (lengths[index - 1] ?? 0);
  for (let index = pieces.length - 2; index >= 0; index--)
    if (pieces[index]?.kind === pieces[index + 1]?.kind) lengths[index] = lengths[index + 1] ?? 0;
  return lengths;
}

/**
 * Scales what is expected of pieces by one factor, so that it sums to an energy. Where a piece would get more than `boundW`
 * allows, it gets that, and the others the rest; evenly where nothing is expected of them. Returns mWh, not rounded.
 *
 * @param boundW the most that the component can draw; null for no bound
 */
export function scaleToSum(
  pieces: readonly { ms: number; powerW: number }[],
  mwh: number,
  boundW: number | null,
): number[] {
  const shares = pieces.map(() => 0);
  let open = pieces.map((_, index) => index);
  let leftMwh = mwh;
  while (open.length > 0) {
    const openMs = sum(open, (index) => pieces[index]?.ms ?? 0);
    const expectedMs = sum(open, (index) => (pieces[index]?.powerW ?? 0) * (pieces[index]?.ms ?? 0));
    const shareOf = (index: number): number => {
      const { ms, powerW } = pieces[index] ?? { ms: 0, powerW: 0 };
      return expectedMs > 0 ? (leftMwh * powerW * ms) / expectedMs : (leftMwh * ms) / openMs;
    };
    const capOf = (index: number): number =>
      boundW === null ? Infinity : (boundW * (pieces[index]?.ms ?? 0)) / WATT_MS_PER_MWH;
    // Readings are a cadence and a counter's step off: a little more than the bound may have to go somewhere.
    const isTooMuch = boundW !== null && leftMwh * WATT_MS_PER_MWH >= boundW * openMs;
    const over = isTooMuch ? [] : open.filter((index) => shareOf(index) > capOf(index));
    if (over.length === 0) {
      for (const index of open)
        shares[index] = isTooMuch ? (leftMwh * (pieces[index]?.ms ?? 0)) / openMs : shareOf(index);
      return shares;
    }
    for (const index of over) {
      shares[index] = capOf(index);
      leftMwh -= capOf(index);
    }
    const capped = new Set(over);
    open = open.filter((index) => !capped.has(index));
  }
  return shares;
}

function sum(indices: readonly number[], of: (index: number) => number): number {
  let total = 0;
  for (const index of indices) total += of(index);
  return total;
}
