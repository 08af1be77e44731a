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
  /** By boundary: since when power has been beyond it, ms; null where it is not. */
  beyondMs: (number | null)[];
  /** Told of up to here, ms. */
  fedMs: number;
}

/** A track that begins at a time. */
export function startPowerTrack(startMs: number): PowerTrack {
  return { changes: [], ladder: 0, rung: null, beyondMs: [], fedMs: startMs };
}

/**
 * Says that power was so up to a time, from where it was last told; null where it is not known. A boundary counts as
 * passed when power stayed beyond it, by the hysteresis, for the dwell: it was then passed when power went beyond it.
 * After a time without power, and where another set of bands begins to hold, power is on the rung it lies on.
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
      leave(track);
      continue;
    }
    const endMs = Math.min(toMs, next?.fromMs ?? toMs);
    if (powerW === null) leave(track);
    else stay(track, ladders[track.ladder], powerW, endMs);
    track.fedMs = endMs;
  }
}

/** Up to when the rungs are settled, ms: to where power last passed a boundary, while it has yet to stay there. */
export function rungsSettledTo({ rung, beyondMs, fedMs }: PowerTrack): number {
  if (rung === null) return fedMs;
  return Math.min(fedMs, beyondMs[rung] ?? fedMs, beyondMs[rung - 1] ?? fedMs);
}

function leave(track: PowerTrack): void {
  if (track.rung === null) return;
  track.rung = null;
  track.beyondMs.length = 0;
  put(track, track.fedMs);
}

function stay(track: PowerTrack, ladder: Ladder | undefined, powerW: number, endMs: number): void {
  if (ladder === undefined) return;
  const { upW, downW, dwellMs } = ladder;
  const { rung, beyondMs, fedMs } = track;
  if (rung === null) {
    track.rung = rungAt(ladder, powerW);
    for (let boundary = 0; boundary < upW.length; boundary++) beyondMs[boundary] = null;
    put(track, fedMs);
    return;
  }
  const isUp = powerW >= (upW[rung] ?? Infinity);
  const isDown = powerW < (downW[rung - 1] ?? -Infinity);
  const wasBeyond = (beyondMs[rung] ?? beyondMs[rung - 1] ?? null) !== null;
  // Mostly power stays where it is.
  if (!isUp && !isDown && !wasBeyond) return;
  for (let boundary = 0; boundary < upW.length; boundary++) {
    const isBeyond =
      boundary < rung ? powerW < (downW[boundary] ?? -Infinity) : powerW >= (upW[boundary] ?? Infinity);
    beyondMs[boundary] = isBeyond ? (beyondMs[boundary] ?? fedMs) : null;
  }
  while (pass(track, track.rung ?? 0, 1, endMs - dwellMs));
  while (pass(track, (track.rung ?? 0) - 1, -1, endMs - dwellMs));
}

/** Passes a boundary beyond which power has stayed since a time or longer. */
function pass(track: PowerTrack, boundary: number, step: 1 | -1, sinceMs: number): boolean {
  const beyondMs = track.beyondMs[boundary] ?? null;
  if (beyondMs === null || beyondMs > sinceMs || track.rung === null) return false;
  track.beyondMs[boundary] = null;
  track.rung += step;
  put(track, beyondMs);
  return true;
}

function put({ changes, ladder, rung }: PowerTrack, fromMs: number): void {
  const last = changes[changes.length - 1];
  if (last?.fromMs === fromMs) changes[changes.length - 1] = { fromMs, ladder, rung };
  else changes.push({ fromMs, ladder, rung });
}
