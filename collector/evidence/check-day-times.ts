import type { CheckLines } from './check-line.ts';
import type { DayEntry } from './days/day-entry.ts';
import { endOfDayMs } from './days/day-run.ts';

/** Clocks are set by seconds, and a stamp's by the accuracy that it admits; what differs by less says nothing. */
const CLOCK_APART_MS = 60_000;

/** A signed day, and when by the collector's clock the last record of the package was taken in on it, wall ms; -Infinity without any. */
export interface ShownDay {
  entry: DayEntry;
  lastMs: number;
}

/** When a day was there by the word of a third party, wall ms. */
export interface StampedDay {
  entry: DayEntry;
  atMs: number;
  authority: string;
}

/**
 * Tells where the times that the collector signed with its days contradict each other: a day that was signed before it ended, before
 * the one before it, or after the package. A clock that was set back does the same, so that proves no forgery, and no time either:
 * it is told and is no fault. Each kind is one line that names its first day.
 *
 * @param madeMs when the package was made, by the same clock, wall ms
 */
export function tellDayTimes(
  days: readonly DayEntry[],
  madeMs: number,
  placeOf: (day: DayEntry) => string,
  lines: CheckLines,
): void {
  const before = (day: DayEntry) => days[day.number - 2]?.madeMs ?? -Infinity;
  const kinds = [
    { what: 'before it ended', apartMs: (day: DayEntry) => endOfDayMs(day.day) - day.madeMs },
    { what: 'before the day before it', apartMs: (day: DayEntry) => before(day) - day.madeMs },
    { what: 'after the package was made', apartMs: (day: DayEntry) => day.madeMs - madeMs },
  ];
  for (const { what, apartMs } of kinds) {
    const own = days.filter((day) => apartMs(day) > CLOCK_APART_MS);
    const [first] = own;
    if (first === undefined) continue;
    const more = own.length === 1 ? '' : ` So it is with ${own.length - 1} more.`;
    lines.unproven(
      'day-roots',
      placeOf(first),
      `By the collector's own clock it was signed ${sayApart(apartMs(first))} ${what}: that clock was set meanwhile, or the times were written so.${more} Of when its records were taken in, only a stamp speaks.`,
    );
  }
}

/**
 * Tells where the collector says that it signed a day, or took in a record of it, after an authority stamped that day, or a later
 * one. What is in a day was there when it was stamped, so these times are wrong: the collector's clock was ahead, or they were
 * written so. The stamp holds all the same, and is the earlier of the two: no fault.
 *
 * @param days every day of the package, in order
 * @param stamps of authorities that the verifier trusts
 */
export function tellStampTimes(
  days: readonly ShownDay[],
  stamps: readonly StampedDay[],
  placeOf: (day: DayEntry) => string,
  lines: CheckLines,
): void {
  let worst: { stamp: StampedDay; apartMs: number } | undefined;
  let saidMs = -Infinity;
  let reached = 0;
  for (const stamp of [...stamps].sort((a, b) => a.entry.number - b.entry.number)) {
    for (; reached < stamp.entry.number; reached++) {
      const day = days[reached];
      if (day !== undefined) saidMs = Math.max(saidMs, day.entry.madeMs, day.lastMs);
    }
    const apartMs = saidMs - stamp.atMs;
    if (apartMs > CLOCK_APART_MS && apartMs > (worst?.apartMs ?? 0)) worst = { stamp, apartMs };
  }
  if (worst === undefined) return;
  const { stamp, apartMs } = worst;
  lines.unproven(
    'time',
    placeOf(stamp.entry),
    `The collector's clock and the authority's differ by ${sayApart(apartMs)} or more: it says that it signed the day, or took in records up to it, until ${new Date(stamp.atMs + apartMs).toISOString()}, and ${stamp.authority} stamped it at ${new Date(stamp.atMs).toISOString()}. The collector's clock was ahead, or its times were written so; all of it was there at the time of the stamp.`,
  );
}

/** `3 min`, `2.5 h`, `40 days`: rounded down. */
function sayApart(ms: number): string {
  if (ms >= 2 * 86_400_000) return `${Math.floor(ms / 86_400_000)} days`;
  return ms >= 3_600_000 ? `${Math.floor(ms / 360_000) / 10} h` : `${Math.floor(ms / 60_000)} min`;
}
