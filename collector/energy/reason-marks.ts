import type { ReasonMark } from './calendar/base-hour.ts';
import { REASONS, type Reason } from './machine-hour.ts';

/** Minutes of an hour as bits: 0 to 29 in the first number, 30 to 59 in the second. Order of marking leaves no trace. */
export type MinuteSet = [early: number, late: number];

/** Minutes of an hour, by the reason why they are not fully measured. */
export type MarkedMinutes = Partial<Record<Reason, MinuteSet>>;

const HALF = 30;

/** Marks minutes [from, to) of an hour, 0..60. */
export function markMinutes(marked: MarkedMinutes, reason: Reason, from: number, to: number): void {
  const minutes = (marked[reason] ??= [0, 0]);
  minutes[0] |= bits(from, to);
  minutes[1] |= bits(from - HALF, to - HALF);
}

/** The stretches of marked minutes, in order of reasons and time. */
export function listMarks(marked: MarkedMinutes): ReasonMark[] {
  const marks: ReasonMark[] = [];
  for (const reason of REASONS) {
    const minutes = marked[reason];
    if (minutes === undefined) continue;
    for (let minute = 0; minute < 2 * HALF; minute++) {
      if (!isMarked(minutes, minute)) continue;
      const last = marks[marks.length - 1];
      if (last?.reason === reason && last.toMinute === minute) last.toMinute = minute + 1;
      else marks.push({ reason, fromMinute: minute, toMinute: minute + 1 });
    }
  }
  return marks;
}

function isMarked(minutes: MinuteSet, minute: number): boolean {
  return ((minutes[minute < HALF ? 0 : 1] >>> (minute % HALF)) & 1) === 1;
}

/** Bits [from, to) of those 0 to 29. */
function bits(from: number, to: number): number {
  const [low, high] = [Math.max(0, from), Math.min(HALF, to)];
  return low >= high ? 0 : 2 ** high - 2 ** low;
}
