import { compareText } from './compare-text.ts';
import type { FeedClock, RecordFeed } from './record-feed.ts';

/** When something was read by time that no clock can step: ms of a boot of an agent, and its place in the agent's chain. */
export interface BootTime {
  agent: string;
  boot: string;
  epoch: string;
  seq: number;
  monoMs: number;
}

/** The clock of a record, and the chain that the record stands in. */
export interface ChainClock extends FeedClock {
  agent: string;
  epoch: string;
}

/** Which of two readings was made first: a boot and a chain know it, wall time does not; two chains know it of each other no more. */
export type ReadingOrder = 'after' | 'before' | 'unknown';

/** The time of the boot at a wall time; null where nobody knows by which clock that was told. */
export function bootTimeAt(clock: ChainClock | undefined, atMs: number, seq: number): BootTime | null {
  if (clock === undefined || clock.boot === '') return null;
  const { agent, boot, epoch, thinnedFrom = seq, offsetMs } = clock;
  return { agent, boot, epoch, seq: thinnedFrom, monoMs: atMs - offsetMs };
}

/** Time between two readings of one boot, ms, negative where the later one by label is the earlier one; null of two boots. */
export function bootMsBetween(from: BootTime | null, to: BootTime | null): number | null {
  return from === null || to === null || from.boot !== to.boot ? null : to.monoMs - from.monoMs;
}

/** When a reading was made, as against one before it by label. The label is believed between agents, and where nothing else is known. */
export function orderOf(from: BootTime | null, to: BootTime | null): ReadingOrder {
  if (from === null || to === null) return 'after';
  if (from.boot === to.boot) return to.monoMs < from.monoMs ? 'before' : 'after';
  if (from.agent !== to.agent) return 'after';
  if (from.epoch !== to.epoch) return 'unknown';
  return to.seq < from.seq ? 'before' : 'after';
}

/** The place of a record's clock in a list, in which it is put where it is new. Records that follow each other often share one. */
export function clockOf(
  clocks: ChainClock[],
  { record: { agent, epoch }, clock }: Pick<RecordFeed, 'record' | 'clock'>,
): number {
  if (clock === undefined) return 0;
  const { boot, offsetMs, thinnedFrom } = clock;
  const known = clocks.findLastIndex(
    (one) =>
      one.boot === boot &&
      one.offsetMs === offsetMs &&
      one.epoch === epoch &&
      one.agent === agent &&
      one.thinnedFrom === thinnedFrom,
  );
  return known >= 0 ? known : clocks.push({ ...clock, agent, epoch }) - 1;
}

/** An order of clocks, so that the order of arrival leaves no trace. */
export function compareClocks(a: ChainClock | undefined, b: ChainClock | undefined): number {
  return (
    compareText(a?.boot ?? '', b?.boot ?? '') ||
    (a?.offsetMs ?? 0) - (b?.offsetMs ?? 0) ||
    compareText(a?.epoch ?? '', b?.epoch ?? '') ||
    (a?.thinnedFrom ?? 0) - (b?.thinnedFrom ?? 0)
  );
}

/** The clocks that readings which wait still name; the readings name them by their new places then. */
export function keepNamedClocks(
  clocks: ChainClock[],
  counters: readonly { clocks: number[] | null }[],
): ChainClock[] {
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
