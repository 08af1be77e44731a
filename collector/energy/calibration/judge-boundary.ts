import type { LevelFacts } from './level-facts.ts';
import type { Reason } from './proposal.ts';
import { sayPower, sayShare } from './power-words.ts';

/** What is known of a boundary when it is judged. */
export interface BoundaryFacts {
  powerW: number;
  /** Density at the bottom of the valley over that of the lower peak, 0..1. */
  valley: number;
  lower: LevelFacts;
  upper: LevelFacts;
  /** Time within the hysteresis of it, and within 10 % at least, ms. */
  nearMs: number;
  /** Where it lies in the two halves of the readings, W; null where a half does not have it. */
  halvesW: readonly (number | null)[];
}

/** What speaks for a boundary and what against it. */
export function judgeBoundary(facts: BoundaryFacts): Reason[] {
  return [judgeSeparation(facts), judgeValley(facts), judgeNear(facts), judgeHalves(facts)];
}

/** Ashman's D on the logarithmic axis: 2 is the least at which two hills are two, 6 is far apart. */
function judgeSeparation({ lower, upper }: BoundaryFacts): Reason {
  const apart = Math.log10(upper.powerW / lower.powerW);
  const widths = Math.hypot(lower.spreadDecades, upper.spreadDecades, 0.005);
  const d = (Math.SQRT2 * apart) / widths;
  const times = upper.powerW / lower.powerW;
  return {
    what: 'separation',
    confidence: clamp((d - 1) / 5),
    sentence: `${sayPower(lower.powerW)} and ${sayPower(upper.powerW)} are ${times >= 10 ? Math.round(times) : Number(times.toPrecision(2))} times apart, ${Number(Math.min(99, d).toPrecision(2))} times their width (2 is the least, 6 is ample).`,
  };
}

function judgeValley({ valley }: BoundaryFacts): Reason {
  return {
    what: 'valley',
    confidence: clamp(1 - valley * 0.8),
    sentence:
      valley >= 0.95
        ? 'There is no valley: the boundary is at the foot of the lower level, and what is above it never stays at one power.'
        : valley < 0.005
          ? 'The valley between them is empty.'
          : `At the bottom of the valley there is still ${sayShare(valley)} of the lower peak.`,
  };
}

function judgeNear({ nearMs, lower, upper }: BoundaryFacts): Reason {
  const share = nearMs / Math.max(1, Math.min(lower.timeMs, upper.timeMs));
  return {
    what: 'near',
    confidence: 1 / (1 + 4 * share),
    sentence: `Power is this close to the boundary for ${sayShare(share)} of the time of the rarer level.`,
  };
}

function judgeHalves({ powerW, halvesW, lower, upper }: BoundaryFacts): Reason {
  const seen = halvesW.filter((halfW) => halfW !== null);
  if (seen.length < halvesW.length)
    return {
      what: 'halves',
      confidence: seen.length === 0 ? 0.3 : 0.7,
      sentence:
        seen.length === 0
          ? 'Neither half of the readings shows this boundary by itself.'
          : 'Only one half of the readings shows this boundary by itself.',
    };
  const apart = Math.log10(upper.powerW / lower.powerW);
  const shift = Math.max(...seen.map((halfW) => Math.abs(Math.log10(halfW / powerW)))) / apart;
  return {
    what: 'halves',
    confidence: clamp(1.1 - shift),
    sentence: `The two halves of the readings put it at ${seen.map(sayPower).join(' and ')}.`,
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
