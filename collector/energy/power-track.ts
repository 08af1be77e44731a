import { rungAt, type Ladder } from './power-ladder.ts';

/** From when supply power was on a rung of a ladder; null where power is not known. */
export interface RungChange {
  fromMs: number;
  ladder: number;
  rung: number | null;
}

/** On which rung supply power is, with hysteresis and dwell: plain data. */
export interface PowerTrack {
  /** In order; the first one holds at the time up to which states are settled. */
  changes: RungChange[];
  /** The ladder in force, and the rung power is on. */
  ladder: number;
  rung: number | null;
  /** By boundary: since when power has been beyond it, ms, and beyond it by the hysteresis; null where it is not. */
  pastMs: (number | null)[];
  leftMs: (number | null)[];
  /** Told of up to here, ms. */
  fedMs: number;
}

/** A track that begins at a time. */
export function startPowerTrack(startMs: number): PowerTrack {
  return { changes: [], ladder: 0, rung: null, pastMs: [], leftMs: [], fedMs: startMs };
}

/**
 * Says that power was so up to a time, from where it was last told; null where it is not known. A rung counts as left
 * when power stayed beyond its boundary, by the hysteresis, for the dwell: it was left when power went there, for the rung
 * on which power lay then and stayed. After a time without power, and where another set of bands begins to hold, power is
 * on the rung it lies on.
 */
export function feedPower(
  track: PowerTrack,
  ladders: readonly Ladder[],
  toMs: number,
  powerW: number | null,
): void {
  while (track.fedMs < toMs) {
    const next = ladders[track.ladder + 1];
    if (next !== undefined && next.fromMs <= track.fedMs) {
      track.ladder++;
      lose(track);
      continue;
    }
    const endMs = Math.min(toMs, next?.fromMs ?? toMs);
    if (powerW === null) lose(track);
    else stay(track, ladders[track.ladder], powerW, endMs);
    track.fedMs = endMs;
  }
}

/** Up to when the rungs are settled, ms: to where power last passed a boundary, while it has yet to stay there. */
export function rungsSettledTo({ rung, leftMs, fedMs }: PowerTrack): number {
  if (rung === null) return fedMs;
  return Math.min(fedMs, leftMs[rung] ?? fedMs, leftMs[rung - 1] ?? fedMs);
}

function lose(track: PowerTrack): void {
  if (track.rung === null) return;
  track.rung = null;
  clear(track, 0);
  put(track, track.fedMs);
}

function stay(track: PowerTrack, ladder: Ladder | undefined, powerW: number, endMs: number): void {
  if (ladder === undefined) return;
  const { boundariesW, upW, downW, dwellMs } = ladder;
  const { rung, leftMs, pastMs, fedMs } = track;
  if (rung === null) {
    track.rung = rungAt(ladder, powerW);
    clear(track, upW.length);
    put(track, fedMs);
    return;
  }
  const isUp = powerW >= (upW[rung] ?? Infinity);
  const isDown = powerW < (downW[rung - 1] ?? -Infinity);
  const wasBeyond = (leftMs[rung] ?? leftMs[rung - 1] ?? null) !== null;
  // Mostly power stays where it is.
  if (!isUp && !isDown && !wasBeyond) return;
  for (const [boundary, boundaryW] of boundariesW.entries()) {
    const isBelow = boundary < rung;
    const isPast = isBelow ? powerW < boundaryW : powerW >= boundaryW;
    const isLeft = isBelow ? powerW < (downW[boundary] ?? 0) : powerW >= (upW[boundary] ?? 0);
    pastMs[boundary] = isPast ? (pastMs[boundary] ?? fedMs) : null;
    leftMs[boundary] = isLeft ? (leftMs[boundary] ?? fedMs) : null;
  }
  const sinceMs = endMs - dwellMs;
  while (leave(track, 1, sinceMs));
  while (leave(track, -1, sinceMs));
}

/** Leaves a rung whose boundary power left behind at a time or before: for the rung on which it then lay and stayed. */
function leave(track: PowerTrack, step: 1 | -1, sinceMs: number): boolean {
  const { rung, leftMs, pastMs } = track;
  if (rung === null) return false;
  let boundary = step > 0 ? rung : rung - 1;
  const atMs = leftMs[boundary] ?? null;
  if (atMs === null || atMs > sinceMs) return false;
  track.rung = rung;
  do {
    leftMs[boundary] = null;
    pastMs[boundary] = null;
    track.rung += step;
    boundary += step;
  } while ((pastMs[boundary] ?? Infinity) <= atMs);
  put(track, atMs);
  return true;
}

function clear(track: PowerTrack, boundaries: number): void {
  track.leftMs = Array.from({ length: boundaries }, () => null);
  track.pastMs = Array.from({ length: boundaries }, () => null);
}

function put({ changes, ladder, rung }: PowerTrack, fromMs: number): void {
  const last = changes[changes.length - 1];
  if (last?.fromMs === fromMs) changes[changes.length - 1] = { fromMs, ladder, rung };
  else changes.push({ fromMs, ladder, rung });
}
