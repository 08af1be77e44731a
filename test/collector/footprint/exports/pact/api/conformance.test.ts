import { describe, expect, it } from 'vitest';
import type { PactEvent } from '../../../../../../collector/footprint/exports/pact/api/cloud-event.ts';
import { getFootprint } from '../../../../../../collector/footprint/exports/pact/api/get-footprint.ts';
import { listFootprints } from '../../../../../../collector/footprint/exports/pact/api/list-footprints.ts';
import type { PactAnswer } from '../../../../../../collector/footprint/exports/pact/api/pact-answer.ts';
import type { PactCaller } from '../../../../../../collector/footprint/exports/pact/api/pact-caller.ts';
import {
  isRequest,
  receiveEvent,
} from '../../../../../../collector/footprint/exports/pact/api/receive-event.ts';
import { replyTo } from '../../../../../../collector/footprint/exports/pact/api/send-event.ts';
import type { ProductFootprint } from '../../../../../../collector/footprint/exports/pact/product-footprint.ts';
import { uuidOf } from '../../../../../../protocols/evidence/uuid5.ts';
import { hasPactSchema, pactSchemaFaults } from '../pact-schema.ts';
import { PARTNER, sampleFootprints } from './sample-footprints.ts';

/*
 * The cases by which WBCSD tells whether a provider conforms to version 3, by their numbers, as far as they concern what is
 * answered. Cases 1, 2, 9, 18 and 19 are of the token endpoint, which is the server's; 6, 7, 10, 11, 16 and 17 rest on what
 * the server finds out about token and TLS, and are held here with that given. All of them, against the server itself:
 * test/collector/http/pact/pact-conformance.test.ts.
 */

const HOST = 'api.example.com';
const footprints = sampleFootprints();
const [, first] = footprints as [ProductFootprint, ProductFootprint];
const STRANGER: PactCaller = { ...PARTNER, token: 'invalid' };
const UNENCRYPTED: PactCaller = { ...PARTNER, isSecure: false };

const list = (query = '', caller = PARTNER) =>
  listFootprints({ host: HOST, path: '/3/footprints', query }, footprints, caller);
const dataOf = (answer: PactAnswer) => (answer.body as { data: ProductFootprint[] }).data;

const event = (type: string, data: object) =>
  JSON.stringify({
    specversion: '1.0',
    id: 'test-run-id-12345/13',
    source: 'https://webhook.example.com',
    time: '2023-05-19T10:30:00Z',
    type: `org.wbcsd.pact.ProductFootprint.${type}Event.3`,
    data,
  });
const post = (body: string, caller = PARTNER) =>
  receiveEvent({ contentType: 'application/cloudevents+json; charset=UTF-8', body }, caller);
const published = (pfId: string) => event('Published', { pfIds: [pfId] });
const request = (productId: string) =>
  event('RequestCreated', { productId: [productId], comment: 'Please send PCF data for this year.' });

/** The answer that follows a request. */
function callBack(received: { event: PactEvent | null }) {
  if (received.event === null || !isRequest(received.event)) throw new Error('the request was not taken');
  return replyTo(received.event, footprints, PARTNER, {
    uuidOf,
    source: `https://${HOST}/3/events`,
    now: '2026-07-06T08:00:00.000Z',
  });
}

function holdsError(answer: PactAnswer, statuses: number[], code: string): void {
  expect(statuses).toContain(answer.status);
  expect(answer.body).toMatchObject({ code });
  expect(answer.body).not.toHaveProperty('data');
  if (hasPactSchema) expect(pactSchemaFaults('Error', answer.body)).toEqual([]);
}

/** 200, at least one footprint, each as PACT has it and each fitting. */
function holdsList(answer: PactAnswer, fits: (footprint: ProductFootprint) => boolean): void {
  expect(answer.status).toBe(200);
  expect(dataOf(answer).length).toBeGreaterThan(0);
  expect(dataOf(answer).filter((footprint) => !fits(footprint))).toEqual([]);
  if (hasPactSchema)
    expect(dataOf(answer).flatMap((footprint) => pactSchemaFaults('ProductFootprint', footprint))).toEqual(
      [],
    );
}

function holdsNothing(answer: PactAnswer): void {
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ data: [] });
  expect(answer.headers).not.toHaveProperty('link');
}

const CASES: [number: string, name: string, run: () => void][] = [
  [
    '3',
    'gets a footprint by its id',
    () => {
      const answer = getFootprint(first.id, footprints, PARTNER);
      expect(answer).toMatchObject({ status: 200, body: { data: { id: first.id } } });
      if (hasPactSchema)
        expect(pactSchemaFaults('ProductFootprint', (answer.body as { data: object }).data)).toEqual([]);
    },
  ],
  [
    '4',
    'lists all footprints',
    () => {
      holdsList(list(), () => true);
      expect(dataOf(list())).toHaveLength(footprints.length);
    },
  ],
  [
    '5',
    'links the next page, absolute and at the same host',
    () => {
      const answer = list('limit=1');
      expect(dataOf(answer)).toHaveLength(1);
      const [, link = ''] = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '') ?? [];
      const { host, protocol, pathname, search } = new URL(link);
      expect({ host, protocol, pathname }).toEqual({
        host: HOST,
        protocol: 'https:',
        pathname: '/3/footprints',
      });
      holdsList(list(search.slice(1)), ({ id }) => id === first.id);
    },
  ],
  [
    '6',
    'lists nothing with an invalid token',
    () => holdsError(list('', STRANGER), [400, 401], 'BadRequest'),
  ],
  [
    '7',
    'gets nothing with an invalid token',
    () => holdsError(getFootprint(first.id, footprints, STRANGER), [400, 401], 'BadRequest'),
  ],
  [
    '8',
    'gets no footprint that there is not',
    () => {
      for (const id of ['00000000-0000-0000-0000-000000000000', 'non-existent-id'])
        holdsError(getFootprint(id, footprints, PARTNER), [400, 404], 'NotFound');
    },
  ],
  ['10', 'lists nothing without TLS', () => holdsError(list('', UNENCRYPTED), [403], 'AccessDenied')],
  [
    '11',
    'gets nothing without TLS',
    () => holdsError(getFootprint(first.id, footprints, UNENCRYPTED), [403], 'AccessDenied'),
  ],
  [
    '12',
    'takes a request for footprints',
    () => expect(post(request(first.productIds[0] ?? '')).answer).toMatchObject({ status: 200, body: null }),
  ],
  [
    '13',
    'fulfils it with footprints of the products that were asked for',
    () => {
      const reply = callBack(post(request(first.productIds[0] ?? '')));
      expect(reply).toMatchObject({
        type: 'org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3',
        data: { requestEventId: 'test-run-id-12345/13', pfs: [{ id: first.id }] },
      });
      if (hasPactSchema) expect(pactSchemaFaults('RequestFulfilledEvent', reply)).toEqual([]);
    },
  ],
  [
    '14.A',
    'takes a request that it will reject',
    () => {
      for (const none of ['urn:null', 'urn:pact:null']) expect(post(request(none)).answer.status).toBe(200);
    },
  ],
  [
    '14.B',
    'rejects it with an event',
    () => {
      const reply = callBack(post(request('urn:pact:null')));
      expect(reply).toMatchObject({
        type: 'org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3',
        data: { requestEventId: 'test-run-id-12345/13', error: { code: 'NotFound' } },
      });
      if (hasPactSchema) expect(pactSchemaFaults('RequestRejectedEvent', reply)).toEqual([]);
    },
  ],
  [
    '15',
    'takes the news that others have published',
    () =>
      expect(post(published('3a6c14a7-4deb-498a-b5ea-16ce2535b576')).answer).toMatchObject({
        status: 200,
        body: null,
      }),
  ],
  [
    '16',
    'takes no event with an invalid token',
    () => {
      const { answer, event: taken } = post(published('3a6c14a7-4deb-498a-b5ea-16ce2535b576'), STRANGER);
      holdsError(answer, [400, 401], 'BadRequest');
      expect(taken).toBeNull();
    },
  ],
  [
    '17',
    'takes no event without TLS',
    () =>
      holdsError(
        post(published('3a6c14a7-4deb-498a-b5ea-16ce2535b576'), UNENCRYPTED).answer,
        [403],
        'AccessDenied',
      ),
  ],
  [
    '20',
    'filters by productId',
    () =>
      holdsList(list(`productId=${first.productIds[0]}`), (one) => one.productIds[0] === first.productIds[0]),
  ],
  [
    '21',
    'filters by companyId',
    () =>
      holdsList(list(`companyId=${first.companyIds[0]}`), (one) => one.companyIds[0] === first.companyIds[0]),
  ],
  [
    '22',
    'filters by geography',
    () => holdsList(list('geography=DE'), ({ pcf }) => pcf.geographyCountry === 'DE'),
  ],
  [
    '23',
    'filters by classification',
    () =>
      holdsList(
        list('classification=urn:unspsc:23153100'),
        ({ productClassifications }) => productClassifications?.[0] === 'urn:unspsc:23153100',
      ),
  ],
  [
    '24',
    'filters by validOn, its start included',
    () => holdsList(list(`validOn=${first.validityPeriodStart}`), () => true),
  ],
  ['25', 'filters by validAfter', () => holdsList(list('validAfter=2026-06-29T17:00:00.000Z'), () => true)],
  [
    '26',
    'filters by validBefore',
    () =>
      holdsList(
        list('validBefore=2027-07-01T17:00:00.000Z'),
        ({ validityPeriodEnd }) => validityPeriodEnd < '2027-07-01T17:00:00.000Z',
      ),
  ],
  ['27', 'filters by status', () => holdsList(list('status=Active'), ({ status }) => status === 'Active')],
  [
    '28',
    'filters by status and productId',
    () =>
      holdsList(
        list('status=Active&productId=urn:pact:example.com:part:housing-7'),
        ({ status, productIds }) =>
          status === 'Active' && productIds.includes('urn:pact:example.com:part:housing-7'),
      ),
  ],
  [
    '29',
    'takes any of several companies',
    () =>
      holdsList(list(`companyId=${first.companyIds[0]}&companyId=a1b2c3&companyId=urn:uuid:another`), (one) =>
        one.companyIds.includes(first.companyIds[0] ?? ''),
      ),
  ],
  ['30', 'finds no bogus product', () => holdsNothing(list('productId=urn:bogus:product:nonexistent123'))],
  ['31', 'finds no bogus company', () => holdsNothing(list('companyId=urn:bogus:company:nonexistent456'))],
  ['32', 'finds no bogus geography', () => holdsNothing(list('geography=XX'))],
  [
    '33',
    'finds no bogus classification',
    () => holdsNothing(list('classification=urn:bogus:classification:nonexistent789')),
  ],
  ['34', 'finds nothing valid in 1900', () => holdsNothing(list('validOn=1900-01-01T00:00:00Z'))],
  ['35', 'finds nothing valid from 2100', () => holdsNothing(list('validAfter=2099-12-31T23:59:59Z'))],
  ['36', 'finds nothing valid until 1900', () => holdsNothing(list('validBefore=1900-01-01T00:00:00Z'))],
  ['37', 'finds nothing of a bogus status', () => holdsNothing(list('status=BogusStatusValue'))],
  [
    '38',
    'finds nothing of a bogus company and product',
    () =>
      holdsNothing(list('companyId=urn:bogus:company:5FIi8zS3&productId=urn:bogus:product:nonexistent123')),
  ],
  [
    '39',
    'finds nothing of three bogus companies',
    () =>
      holdsNothing(
        list('companyId=urn:bogus:company:1&companyId=urn:bogus:company:2&companyId=urn:bogus:company:3'),
      ),
  ],
  [
    '40',
    'refuses news about an id that is no UUID, and a filter of version 2',
    () => {
      const { answer, event: taken } = post(published('urn:gtin:4712345060507'));
      holdsError(answer, [400], 'BadRequest');
      expect(taken).toBeNull();
      holdsError(list("$filter=created ge '2023-01-15T10:15:30Z'"), [400], 'BadRequest');
    },
  ],
];

describe('conformance to PACT version 3', () => {
  it.each(CASES)('case %s: %s', (_number, _name, run) => run());
});
