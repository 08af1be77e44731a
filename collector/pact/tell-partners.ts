import { uuidOf } from '../../protocols/evidence/uuid5.ts';
import type { Log } from '../../protocols/log.ts';
import { publishedEvent, type EventPorts } from '../footprint/exports/pact/api/send-event.ts';
import type { EventQueue } from './event-queue.ts';
import type { BookedFootprint } from './footprint-book.ts';
import { isGrantedTo, type PactPartner } from './pact-plan.ts';

/** Events for one partner that wait at most. */
export const WAITING_MOST = 1_000;

/** What our events say of us. @param url of the host, without a slash at its end */
export function eventPorts(url: string, wallMs: number): EventPorts {
  return { uuidOf, source: `${url}/3/events`, now: new Date(wallMs).toISOString() };
}

/** Whom to tell of what was published or withdrawn. */
export interface TellerOptions {
  url: string;
  /** With `events` that are null where a partner has told no address. */
  partners: readonly (Pick<PactPartner, 'id' | 'sees'> & { events: object | null })[];
  queue: EventQueue;
  wallMs: () => number;
  log: Log;
}

/** Queues news of footprints for each partner that may see them. Gives the ids of the partners that are told. */
export function createTeller({
  url,
  partners,
  queue,
  wallMs,
  log,
}: TellerOptions): (changed: readonly BookedFootprint[]) => string[] {
  return (changed) =>
    partners.flatMap((partner) => {
      const seen = changed.filter((footprint) => isGrantedTo(partner, footprint));
      if (partner.events === null || seen.length === 0) return [];
      if (queue.waitingFor(partner.id) >= WAITING_MOST) {
        log.warn(
          {
            partner: partner.id,
            footprints: seen.length,
            cure: 'Ask the partner to mend its address for events.',
          },
          'So many events wait for a partner that news of footprints is not kept for it: it finds them in the list.',
        );
        return [];
      }
      queue.add(partner.id, publishedEvent(seen, eventPorts(url, wallMs())), wallMs());
      return [partner.id];
    });
}
