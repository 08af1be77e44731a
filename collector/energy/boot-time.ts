import { compareText } from './compare-text.ts';
import type { FeedClock } from './record-feed.ts';

/** When something was read by time that no clock can step: ms of a boot of an agent. */
export interface BootTime {
  boot: string;
  monoMs: number;
}

/** The time of the boot at a wall time; null where nobody knows by which clock that was told. */
export function bootTimeAt(clock: FeedClock | undefined, atMs: number): BootTime | null {
  return clock === undefined || clock.boot === ''
    ? null
    : { boot: clock.boot, monoMs: atMs - clock.offsetMs };
}

/** Time between two readings of one boot, ms, negative where the later one by label is the earlier one; null of two boots. */
export function bootMsBetween(from: BootTime | null, to: BootTime | null): number | null {
  return from === null || to === null || from.boot !== to.boot ? null : to.monoMs - from.monoMs;
}

/** The place of a clock in a list, in which it is put where it is new. Records that follow each other often share one. */
export function clockOf(clocks: FeedClock[], { boot, offsetMs }: FeedClock): number {
  const known = clocks.findLastIndex((one) => one.boot === boot && one.offsetMs === offsetMs);
  return known >= 0 ? known : clocks.push({ boot, offsetMs }) - 1;
}

/** An order of clocks, so that the order of arrival leaves no trace. */
export function compareClocks(a: FeedClock | undefined, b: FeedClock | undefined): number {
  return compareText(a?.boot ?? '', b?.boot ?? '') || (a?.offsetMs ?? 0) - (b?.offsetMs ?? 0);
}

/** The clocks that readings which wait still name; the readings name them by their new places then. */
export function keepNamedClocks(
  clocks: FeedClock[],
  counters: readonly { clocks: number[] | null }[],
): FeedClock[] {
  const [none] = clocks;
  if (clocks.length < 2 || none === undefined) return clocks;
  const kept = [none];
  const places = new Map<number, number>([[0, 0]]);
  for (const counter of counters)
    for (const [row, clock] of (counter.clocks ?? []).entries()) {
      let place = places.get(clock);
      if (place === undefined) {
        place = kept.push(clocks[clock] ?? none) - 1;
        places.set(clock, place);
      }
      if (counter.clocks !== null) counter.clocks[row] = place;
    }
  return kept;
}
