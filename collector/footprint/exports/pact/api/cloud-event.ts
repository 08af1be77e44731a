import { dateTime, faultAt, list, openObject, text, uuid, type JsonRule } from '../../json-rule.ts';
import type { Instant } from '../../../record/footprint-record.ts';
import type { ProductFootprint } from '../product-footprint.ts';
import {
  CRITERIA,
  criterionTime,
  TIME_CRITERIA,
  VALUES_MOST,
  type Criteria,
  type Criterion,
} from './footprint-criteria.ts';
import type { PactError } from './pact-answer.ts';

/** Media type of events, in and out. */
export const EVENT_MEDIA_TYPE = 'application/cloudevents+json';

/** What all four events of PACT have: CloudEvents 1.0. */
interface EventFrame<Kind extends string, Data> {
  type: `org.wbcsd.pact.ProductFootprint.${Kind}Event.3`;
  specversion: '1.0';
  /** Unlike that of every other event of the source. */
  id: string;
  source: string;
  time: Instant;
  data: Data;
}

/** A provider tells which footprints are new or changed. */
export type PublishedEvent = EventFrame<'Published', { pfIds: string[] }>;
/** A customer asks for footprints, by the criteria of lists. */
export type RequestCreatedEvent = EventFrame<
  'RequestCreated',
  Partial<Record<Exclude<Criterion, 'validOn' | 'validAfter' | 'validBefore'>, string[]>> &
    Partial<Record<'validOn' | 'validAfter' | 'validBefore', string>> & { comment?: string }
>;
/** The footprints that were asked for, at least one. */
export type RequestFulfilledEvent = EventFrame<
  'RequestFulfilled',
  { requestEventId: string; pfs: ProductFootprint[] }
>;
/** Why nothing that was asked for is sent. */
export type RequestRejectedEvent = EventFrame<
  'RequestRejected',
  { requestEventId: string; error: PactError }
>;
/** Any event of PACT. */
export type PactEvent = PublishedEvent | RequestCreatedEvent | RequestFulfilledEvent | RequestRejectedEvent;

const filled = text(/^[^]{1,1000}$/, 'is empty or has more than 1000 characters');
const time: JsonRule = (value, place) =>
  typeof value === 'string' && !Number.isNaN(criterionTime(value))
    ? []
    : [faultAt(place, value, 'is no time such as 2026-06-01T00:00:00Z')];
const values = list(filled, { atLeast: 0, atMost: VALUES_MOST, mayRepeat: true });
/** News of more than a long page: a body of 1 MiB has room for 25,000 ids. */
const IDS_MOST = 30_000;
const ids = list(uuid, { atLeast: 0, atMost: IDS_MOST, mayRepeat: true });

const DATA: Readonly<Record<PactEvent['type'], JsonRule>> = {
  'org.wbcsd.pact.ProductFootprint.PublishedEvent.3': openObject({
    pfIds: ids,
  }),
  'org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3': openObject(
    {},
    {
      ...Object.fromEntries(CRITERIA.map((name) => [name, TIME_CRITERIA.includes(name) ? time : values])),
      comment: text(/^[^]*$/),
    },
  ),
  'org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3': openObject({
    requestEventId: filled,
    pfs: list(openObject({ id: uuid }), { atMost: IDS_MOST, mayRepeat: true }),
  }),
  'org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3': openObject({
    requestEventId: filled,
    error: openObject({ code: filled, message: text() }),
  }),
};

const FRAME = openObject({
  type: text(Object.keys(DATA), 'is no event of PACT version 3'),
  specversion: text(['1.0'], 'is not 1.0'),
  id: filled,
  source: text(/^\S{1,1000}$/, 'is no address'),
  time: dateTime,
  data: openObject({}),
});

/** What is wrong with an event that somebody sent, place by place; empty when it is one of PACT's four. */
export function eventFaults(value: unknown): string[] {
  const faults = FRAME(value, '');
  if (faults.length > 0) return faults;
  const { type, data } = value as PactEvent;
  return DATA[type](data, 'data');
}

/** What a request asks for: the same criteria as those of a list. */
export function criteriaOf({ data }: RequestCreatedEvent): Criteria {
  return Object.fromEntries(
    CRITERIA.map((name) => [name, [data[name] ?? []].flat().filter((value) => value !== '')]),
  );
}
