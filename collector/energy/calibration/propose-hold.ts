import type { BandSet } from '../band-set.ts';
import { classifyPower } from './classify-power.ts';
import type { LevelFacts } from './level-facts.ts';
import type { WeighedSamples } from './power-samples.ts';
import { listStays, type Stay } from './stays.ts';

const HYSTERESIS_MIN = 0.02;
const HYSTERESIS_MAX = 0.2;
/** Longer stays are states, whatever they look like. */
const DWELL_MAX_MS = 60_000;
/** Fewer flickers than these are no reason for a dwell. */
const FLICKERS_MIN = 3;
/** Passing through a band takes at most so many readings. */
const PASSING_READINGS = 3;

/**
 * The hysteresis that keeps noise from crossing a boundary: twice the step between neighbouring readings that three of
 * four do not exceed, in the noisiest level. At most half the way from a boundary to the outermost percent of the levels
 * beside it, so that whoever arrives has changed; 2 to 20 %, in whole percent.
 */
export function proposeHysteresis(levels: readonly LevelFacts[], boundariesW: readonly number[]): number {
  const noise = Math.max(...levels.map(({ wildStepShare }) => wildStepShare));
  const room = Math.min(
    ...boundariesW.flatMap((boundaryW, index) => [
      1 - (levels[index]?.edgeToW ?? 0) / boundaryW,
      (levels[index + 1]?.edgeFromW ?? Infinity) / boundaryW - 1,
    ]),
  );
  const wanted = Math.min(HYSTERESIS_MAX, Math.max(HYSTERESIS_MIN, Math.min(2 * noise, room / 2)));
  return Math.floor(wanted * 100 + 1e-9) / 100;
}

/** A dwell, and what it rests on. */
export interface Hold {
  dwellMs: number;
  /** Stays that never arrived anywhere: a flicker at a boundary, or power on its way through a band. */
  flickers: number;
  /** Flickers that the dwell takes away, and real stays that it takes away with them. */
  removedFlickers: number;
  removedStays: number;
}

/**
 * The dwell that takes away more of what is no state than of what is one: of all dwells up to a minute, the one with the
 * largest difference between the time of flickers and that of real stays shorter than it; of equals the shortest, so it is
 * 0 where nothing flickers. A stay is real where it reached the powers at which its level spends 90 % of its time, however short it was.
 * @param levels the level of each band; null for a band that is none, where no stay is real
 */
export function proposeDwell(
  samples: WeighedSamples,
  bandSet: BandSet,
  levels: readonly (LevelFacts | null)[],
): Hold {
  const stays = listStays(samples, classifyPower({ ...bandSet, dwellMs: 0 }, samples));
  // What touches a gap may have been longer.
  const short = stays
    .filter((stay) => stay.before !== null && stay.after !== null && stay.spanMs < DWELL_MAX_MS)
    .map((stay) => ({ spanMs: stay.spanMs, isReal: isReal(stay, samples, levels) }))
    .sort((a, b) => a.spanMs - b.spanMs);
  const flickers = short.filter(({ isReal: real }) => !real).length;
  let best: Hold = { dwellMs: 0, flickers, removedFlickers: 0, removedStays: 0 };
  let bestMs = 0;
  let gainMs = 0;
  let removed = 0;
  short.forEach(({ spanMs, isReal: real }, index) => {
    gainMs += real ? -spanMs : spanMs;
    removed += real ? 0 : 1;
    if (short[index + 1]?.spanMs === spanMs || gainMs <= bestMs || removed < FLICKERS_MIN) return;
    bestMs = gainMs;
    best = {
      dwellMs: niceDwell(spanMs),
      flickers,
      removedFlickers: removed,
      removedStays: index + 1 - removed,
    };
  });
  return best;
}

function isReal(stay: Stay, samples: WeighedSamples, levels: readonly (LevelFacts | null)[]): boolean {
  const level = levels[stay.band];
  if (level === undefined) return true;
  if (level === null) return false;
  const isPassing = stay.before !== stay.after;
  if (isPassing && stay.to - stay.from <= PASSING_READINGS) return false;
  const fromBelow = (stay.before ?? -1) < stay.band;
  const toBelow = (stay.after ?? -1) < stay.band;
  for (let row = stay.from; row < stay.to; row++) {
    const powerW = samples.powersW[row]!;
    // Coming from below and going back there it must have risen into the level; from above, fallen into it.
    const isInside = fromBelow === toBelow && (fromBelow ? powerW >= level.lowW : powerW <= level.highW);
    if (isInside || (powerW >= level.lowW && powerW <= level.highW)) return true;
  }
  return false;
}

/** Just above the span that must go: a multiple of 100 ms below a second, of 500 ms above. */
function niceDwell(spanMs: number): number {
  const grainMs = spanMs < 1000 ? 100 : 500;
  return (Math.floor(spanMs / grainMs + 1e-6) + 1) * grainMs;
}
