import type { Plant, Reading } from './plant.ts';
import { RATED_W } from './plant.ts';

/*
 * What rules E1 to E18 make of a plant of which everything is known: no judgement of readings, the whole history in memory,
 * one pass a question. It shares no code with the collector and is slow.
 */
const HOUR_MS = 3_600_000;
const WATT_MS_PER_MWH = 3600;
const BOUND_W = RATED_W * 1.2;

type State = Reading['state'];

/** What is expected of an hour, mWh; energies are not rounded but for the sum of all hours. */
export interface ExpectedHour {
  supply: number;
  /** Before closure. */
  states: Record<State, number>;
  bridged: number;
}

/** What is expected of a plant. */
export interface Expected {
  hours: Map<number, ExpectedHour>;
  /** Of all hours together, exactly. */
  totalMwh: bigint;
  /** What is decided about the counter, in order. */
  decisions: string[];
}

/** A stretch between two readings, in one state, with what power says of it. */
interface Piece {
  fromMs: number;
  toMs: number;
  state: State;
  /** Power was measured; else it is a gap, or only the counter was read in time. */
  isCovered: boolean;
  isGap: boolean;
  startW: number;
  endW: number;
}

/** An energy, and the pieces of time in which it was drawn. */
interface Interval {
  mwh: bigint;
  pieces: Piece[];
  isEstimated: boolean;
}

/** Everything that is to be booked of a plant. */
export function expectPlant(plant: Plant): Expected {
  const { intervals, decisions } = findIntervals(plant);
  const hours = new Map<number, ExpectedHour>();
  const learnt: Learnt = { ready: { mwh: 0, ms: 0 }, processing: { mwh: 0, ms: 0 } };
  let totalMwh = 0n;
  for (const interval of intervals) {
    totalMwh += interval.mwh;
    bookInterval(interval, hours, learnt);
  }
  return { hours, totalMwh, decisions };
}

/** Rules E2 to E5 and E15: which differences count, and over which time. */
function findIntervals(plant: Plant): { intervals: Interval[]; decisions: string[] } {
  const { readings } = plant;
  const intervals: Interval[] = [];
  const decisions = ['anchor'];
  const honest = readings.filter(({ isFalse }) => !isFalse);
  let pieces: Piece[] = [];
  // What it counted before it last started again at its largest value, raw.
  let turned = 0n;
  // A new epoch is believed when three readings agree; what they counted meanwhile is one difference.
  let [unconfirmed, waitingMwh] = [0, 0n];
  for (let index = 1; index < honest.length; index++) {
    const before = honest[index - 1]!;
    const now = honest[index]!;
    const between = piecesBetween(plant, before, now);
    if (now.meter !== before.meter) {
      // Nothing is known of the time between the two meters.
      decisions.push('identity');
      pieces = [];
      turned = 0n;
      unconfirmed = 2;
      continue;
    }
    pieces.push(...between);
    const isGlitch = readings.some(({ isFalse, atMs }) => isFalse && atMs > before.atMs && atMs < now.atMs);
    const wraps = !now.isReset && now.raw < before.raw ? 1 : 0;
    if (isGlitch) decisions.push('glitch');
    else if (wraps > 0) decisions.push('rollover');
    else if (now.isReset) decisions.push('reset');
    if (now.isReset) turned = 0n;
    const turnedBefore = turned;
    turned += BigInt(plant.modulus ?? 0) * BigInt(wraps);
    // A scale that was amended: the one that holds just before the end of the interval.
    const toMwh = shownMwh(plant, BigInt(now.raw) + turned, now.atMs - 1);
    const fromMwh = now.isReset ? 0n : shownMwh(plant, BigInt(before.raw) + turnedBefore, now.atMs - 1);
    if (now.isReset) unconfirmed = 2;
    else if (unconfirmed > 0) {
      waitingMwh += toMwh - fromMwh;
      if (--unconfirmed > 0) continue;
    } else waitingMwh = toMwh - fromMwh;
    const mwh = now.isReset ? toMwh : waitingMwh;
    waitingMwh = 0n;
    if (mwh === 0n) continue;
    intervals.push({ mwh, pieces, isEstimated: now.isReset });
    pieces = [];
  }
  return { intervals, decisions };
}

/** Rule E2: the exact value in mWh, rounded half up once. */
function shownMwh({ stepMwh, scales }: Plant, raw: bigint, atMs: number): bigint {
  let num = raw * BigInt(stepMwh);
  let den = 1n;
  for (const scale of scales)
    if (scale.fromMs <= atMs && atMs < scale.toMs) {
      num *= BigInt(scale.num);
      den *= BigInt(scale.den);
    }
  return (2n * num + den) / (2n * den);
}

function scaledPower({ scales }: Plant, powerW: number, atMs: number): number {
  let scaled = powerW;
  for (const { num, den, fromMs, toMs } of scales)
    if (fromMs <= atMs && atMs < toMs) scaled = (scaled * num) / den;
  return scaled;
}

/** The time between two honest readings, cut where a false one lies: power is not false. */
function piecesBetween(plant: Plant, before: Reading, now: Reading): Piece[] {
  const { readings, everyMs } = plant;
  const own = readings.filter(({ atMs }) => atMs >= before.atMs && atMs <= now.atMs);
  const pieces: Piece[] = [];
  for (let index = 1; index < own.length; index++) {
    const [a, b] = [own[index - 1]!, own[index]!];
    const isGap = b.atMs - a.atMs > 2 * everyMs;
    const isCovered = !isGap && a.powerW !== null && b.powerW !== null;
    const endW = scaledPower(plant, b.powerW ?? 0, b.atMs - 1);
    const startW = scaledPower(plant, a.powerW ?? 0, a.atMs);
    // Each reading tells the state from its time on.
    pieces.push({ fromMs: a.atMs, toMs: b.atMs, state: a.state, isCovered, isGap, startW, endW });
  }
  return pieces;
}

type Learnt = Record<'ready' | 'processing', { mwh: number; ms: number }>;

/** Rules E1, E10 and E15a: power only splits the difference, and gaps get the rest by what is expected of them. */
function bookInterval(
  { mwh, pieces, isEstimated }: Interval,
  hours: Map<number, ExpectedHour>,
  learnt: Learnt,
): void {
  const total = Number(mwh);
  const integral = (piece: Piece) => integrate(piece, piece.fromMs, piece.toMs);
  const covered = pieces.filter(({ isCovered }) => isCovered);
  const others = pieces.filter(({ isCovered }) => !isCovered);
  const coveredMwh = sum(covered.map(integral));
  const shares = new Map<Piece, number>();
  const toCovered = others.length === 0 ? total : Math.min(total, coveredMwh);
  for (const piece of covered) shares.set(piece, (toCovered * integral(piece)) / coveredMwh);
  const openMs = sum(others.map(lengthOf));
  const meanW = ((total - toCovered) * WATT_MS_PER_MWH) / openMs;
  const weights = others.map((piece) => expectPower(piece, learnt, meanW) * lengthOf(piece));
  const given = fillUp(total - toCovered, weights, others.map(lengthOf));
  for (const [index, piece] of others.entries()) shares.set(piece, given[index] ?? 0);
  for (const piece of pieces) {
    const share = shares.get(piece) ?? 0;
    const whole = integral(piece);
    const isBridged = isEstimated || piece.isGap;
    for (let at = piece.fromMs; at < piece.toMs;) {
      const end = Math.min(piece.toMs, (Math.floor(at / HOUR_MS) + 1) * HOUR_MS);
      const part = piece.isCovered
        ? (share * integrate(piece, at, end)) / whole
        : (share * (end - at)) / lengthOf(piece);
      const hourMs = Math.floor(at / HOUR_MS) * HOUR_MS;
      let hour = hours.get(hourMs);
      if (hour === undefined)
        hours.set(
          hourMs,
          (hour = { supply: 0, states: { ready: 0, processing: 0, unknown: 0 }, bridged: 0 }),
        );
      hour.supply += part;
      hour.states[piece.state] += part;
      if (isBridged) hour.bridged += part;
      at = end;
    }
    if (!isBridged && piece.state !== 'unknown') {
      learnt[piece.state].mwh += share;
      learnt[piece.state].ms += lengthOf(piece);
    }
  }
}

/** What is expected of a piece without power, W. */
function expectPower(piece: Piece, learnt: Learnt, meanW: number): number {
  if (!piece.isGap) return meanW;
  if (piece.state !== 'unknown' && learnt[piece.state].ms > 0)
    return (learnt[piece.state].mwh * WATT_MS_PER_MWH) / learnt[piece.state].ms;
  // Up to two hours evenly; and no plant lasts a week: there is no like hour that could tell of a longer gap.
  return meanW;
}

/** Shares by weight, but none above the bound of its time: found by trying factors. */
function fillUp(total: number, weights: readonly number[], lengths: readonly number[]): number[] {
  const caps = lengths.map((ms) => (BOUND_W * ms) / WATT_MS_PER_MWH);
  if (total >= sum(caps)) return lengths.map((ms) => (total * ms) / sum(lengths));
  const at = (factor: number) => weights.map((weight, index) => Math.min(caps[index]!, factor * weight));
  let [low, high] = [0, 1];
  while (sum(at(high)) < total) high *= 2;
  for (let turn = 0; turn < 200; turn++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  return at(high);
}

function integrate({ fromMs, toMs, startW, endW }: Piece, at: number, end: number): number {
  const power = (ms: number) => startW + ((endW - startW) * (ms - fromMs)) / (toMs - fromMs);
  return ((power(at) + power(end)) / 2) * ((end - at) / WATT_MS_PER_MWH);
}

function lengthOf({ fromMs, toMs }: Piece): number {
  return toMs - fromMs;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
