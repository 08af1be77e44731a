import { planReads, type PlannedRead, type WantedRegisters } from './read-plan.ts';
import type { ReadLimits } from './profile.ts';

/**
 * The reads to try instead of one that the device refused: cut at the largest hole, since a hole is the likeliest reason,
 * or in the middle where there is none. Empty when a single value was refused: the device does not have it.
 */
export function splitRead<T extends WantedRegisters>(
  read: PlannedRead<T>,
  limits: ReadLimits,
): PlannedRead<T>[] {
  const wanted = read.wanted.toSorted((a, b) => a.address - b.address);
  if (wanted.length < 2) return [];
  let cut = wanted.length >> 1;
  let widest = 0;
  let end = 0;
  for (const [i, value] of wanted.entries()) {
    if (i > 0 && value.address - end > widest) {
      widest = value.address - end;
      cut = i;
    }
    end = Math.max(end, value.address + value.count);
  }
  return [...planReads(wanted.slice(0, cut), limits), ...planReads(wanted.slice(cut), limits)];
}
