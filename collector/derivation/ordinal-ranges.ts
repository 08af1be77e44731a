import type { Ledger } from '../ledger/ledger.ts';

/** A boot that never gets a clock has records without end; its nearest ranges become one when there are more. */
const RANGES_MAX = 1000;
const RECORDS_A_READ = 16;

/** Ordinals of a ledger, both ends inclusive, ascending and apart. */
export type OrdinalRanges = [from: number, to: number][];

/** Adds one, at whatever place; adding it again changes nothing. Where there are too many ranges, others come in between. */
export function addOrdinal(ranges: OrdinalRanges, ordinal: number): void {
  let at = ranges.length;
  while (at > 0 && (ranges[at - 1]?.[0] ?? 0) > ordinal) at--;
  const before = ranges[at - 1];
  const after = ranges[at];
  if (before !== undefined && ordinal <= before[1] + 1) before[1] = Math.max(before[1], ordinal);
  else if (after?.[0] === ordinal + 1) after[0] = ordinal;
  else ranges.splice(at, 0, [ordinal, ordinal]);
  if (before !== undefined && after !== undefined && before[1] + 1 >= after[0]) {
    before[1] = after[1];
    ranges.splice(at, 1);
  }
  if (ranges.length > RANGES_MAX) joinNearest(ranges);
}

/** Ranges as they were saved; from before there were ranges, single ordinals. */
export function rangesOf(saved: readonly (number | [from: number, to: number])[]): OrdinalRanges {
  const ranges: OrdinalRanges = [];
  for (const one of saved) {
    if (typeof one === 'number') addOrdinal(ranges, one);
    else ranges.push([one[0], one[1]]);
  }
  return ranges;
}

/** The records of a boot within ranges whose clock was not set: what is of others in between is left out. */
export function* unsetOrdinals(
  ledger: Pick<Ledger, 'readAfter'>,
  { agent, boot, ordinals }: { agent: string; boot: string; ordinals: OrdinalRanges },
): Iterable<number> {
  for (const [from, to] of ordinals) {
    for (let after = from - 1; after < to;) {
      const records = ledger.readAfter(after, Math.min(RECORDS_A_READ, to - after));
      for (const { header, ordinal } of records)
        if (
          ordinal <= to &&
          header.agent === agent &&
          header.boot === boot &&
          header.clock.state === 'unsynced'
        )
          yield ordinal;
      after = records.at(-1)?.ordinal ?? to;
    }
  }
}

function joinNearest(ranges: OrdinalRanges): void {
  let nearest = 1;
  const gapBefore = (at: number) => (ranges[at]?.[0] ?? Infinity) - (ranges[at - 1]?.[1] ?? 0);
  for (let at = 2; at < ranges.length; at++) if (gapBefore(at) < gapBefore(nearest)) nearest = at;
  const [joined] = ranges.splice(nearest, 1);
  const before = ranges[nearest - 1];
  if (before !== undefined && joined !== undefined) before[1] = joined[1];
}
