import type { PactEvent } from '../footprint/exports/pact/api/cloud-event.ts';

/** An event as it waits for its partner. */
export interface KeptEvent {
  id: string;
}

/**
 * An event as it waits on disk: an answer only names its footprints, because a partner that takes nothing may have a thousand
 * answers waiting, each of up to a hundred whole records.
 */
export function keepEvent(event: { id: string; data: object }): KeptEvent {
  if (!('pfs' in event.data)) return event;
  const { pfs, ...data } = event.data as { pfs: readonly { id: string }[] };
  const kept = { ...event, data: { ...data, pfs: pfs.map(({ id }) => id) } };
  return kept;
}

/**
 * What is sent of an event that waited: with its footprints as they are now, so that one that was superseded meanwhile says so.
 * Throws as `textOf` does.
 *
 * @param textOf the JSON text of a footprint
 */
export function writeEvent(kept: string, textOf: (id: string) => string): string {
  const { data, ...frame } = JSON.parse(kept) as PactEvent;
  if (!('pfs' in data)) return kept;
  const { pfs, ...about } = data as { pfs: readonly (string | object)[] };
  // Those that waited before answers were kept so have them whole.
  const texts = pfs.map((one) => (typeof one === 'string' ? textOf(one) : JSON.stringify(one)));
  const [begin, middle] = [frame, about].map((part) => JSON.stringify(part).slice(0, -1));
  return `${begin},"data":${middle},"pfs":[${texts.join(',')}]}}`;
}
