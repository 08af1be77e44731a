import { ApiError } from './api-error.ts';

/** Marks that may be entered at once, and how fast more become allowed: 86,400 a day fill a disk with some 60 MB at worst. */
const MARKS_AT_ONCE = 20_000;
const MARK_EVERY_MS = 1_000;

/** Bounds what a sender can add to a journal from which nothing is ever taken out. */
export interface MarkAllowance {
  /** Throws an ApiError (429) when so many marks are more than may be entered now. */
  require(count: number): void;
  /** So many were entered. */
  spend(count: number): void;
}

/** @param nowMs wall ms; a clock that is set back allows nothing more meanwhile */
export function createMarkAllowance(nowMs: () => number): MarkAllowance {
  let left = MARKS_AT_ONCE;
  let atMs = nowMs();
  const refill = (): void => {
    const now = nowMs();
    left = Math.min(MARKS_AT_ONCE, left + Math.max(0, now - atMs) / MARK_EVERY_MS);
    atMs = now;
  };
  return {
    require: (count) => {
      refill();
      if (left >= count) return;
      throw new ApiError(
        429,
        `More than ${MARKS_AT_ONCE} marks came in a short time; nothing was entered.`,
        `Send them again in ${Math.ceil(((count - left) * MARK_EVERY_MS) / 60_000)} min, or enter them with \`millwatt jobs import\`.`,
      );
    },
    spend: (count) => {
      left -= count;
    },
  };
}
