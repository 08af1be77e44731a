import type { Instant } from '../../../record/footprint-record.ts';
import type { UuidOf } from '../footprint-id.ts';
import type { FootprintHead, ProductFootprint } from '../product-footprint.ts';
import {
  criteriaOf,
  type PublishedEvent,
  type RequestCreatedEvent,
  type RequestFulfilledEvent,
  type RequestRejectedEvent,
} from './cloud-event.ts';
import { createCriteriaFilter } from './footprint-criteria.ts';
import type { PactCaller } from './pact-caller.ts';

/** What our events say of us. */
export interface EventPorts {
  uuidOf: UuidOf;
  /** Our address for events: `https://pact.example.com/3/events`. */
  source: string;
  now: Instant;
}

/** That footprints were made or deprecated. The same ids give the same event, so that one that was sent twice is seen to be. */
export function publishedEvent(
  footprints: readonly Pick<ProductFootprint, 'id' | 'status'>[],
  ports: EventPorts,
): PublishedEvent {
  const states = footprints.map(({ id, status }) => `${id} ${status}`);
  return {
    type: 'org.wbcsd.pact.ProductFootprint.PublishedEvent.3',
    ...frame(`published ${states.join(', ')}`, ports),
    data: { pfIds: footprints.map(({ id }) => id) },
  };
}

/** An answer whose footprints may be heads of them: whoever sends it has the rest. */
type Fulfilled<Footprint> = Omit<RequestFulfilledEvent, 'data'> & {
  data: { requestEventId: string; pfs: Footprint[] };
};

/**
 * The one answer to a request: the footprints that fit and that the caller may see, or that there are none. Ids of answers
 * are made of the request's, so that a second try is the same event.
 */
export function replyTo<Footprint extends FootprintHead>(
  request: RequestCreatedEvent,
  footprints: readonly Footprint[],
  { isGranted }: Pick<PactCaller, 'isGranted'>,
  ports: EventPorts,
): Fulfilled<Footprint> | RequestRejectedEvent {
  const isFitting = createCriteriaFilter(criteriaOf(request));
  const pfs = footprints.filter((footprint) => isGranted(footprint) && isFitting(footprint));
  const about = frame(`answer to ${request.id} of ${request.source}`, ports);
  return pfs.length > 0
    ? {
        type: 'org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3',
        ...about,
        data: { requestEventId: request.id, pfs },
      }
    : {
        type: 'org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3',
        ...about,
        data: {
          requestEventId: request.id,
          error: { code: 'NotFound', message: 'No footprint that is shared with you fits this request.' },
        },
      };
}

function frame(name: string, { uuidOf, source, now }: EventPorts) {
  return { specversion: '1.0' as const, id: uuidOf(`event: ${name}`), source, time: now };
}
