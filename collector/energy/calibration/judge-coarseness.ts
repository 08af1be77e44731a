import { saySpan } from './power-words.ts';
import type { Reason } from './proposal.ts';
import type { Stay } from './stays.ts';

/** A stay of at most so many intervals hardly was seen: it may have been several, or a moment. */
const SEEN_INTERVALS = 2;
/** Of fewer stays nothing is said. */
const STAYS_MIN = 10;
const COARSE_SHARE = 0.5;

/**
 * Why readings are too far apart for the stays that they show; undefined where they are not. Stays that touch a gap or an
 * end may have been longer, and do not count.
 * @param everyMs interval of the readings in the middle, ms
 */
export function judgeCoarseness(stays: readonly Stay[], everyMs: number): Reason | undefined {
  const whole = stays.filter(({ before, after }) => before !== null && after !== null);
  const brief = whole.filter(({ spanMs }) => spanMs <= SEEN_INTERVALS * everyMs).length;
  const share = brief / Math.max(1, whole.length);
  if (whole.length < STAYS_MIN || share < COARSE_SHARE) return undefined;
  return {
    what: 'interval',
    confidence: 1 - share,
    sentence: `There is a reading every ${saySpan(everyMs)}, and ${share > 0.9 ? 'almost all' : share > 0.6 ? 'most' : 'half'} of the stays are about as long: what is shorter was not seen.`,
  };
}
