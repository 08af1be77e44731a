import { describe, expect, it } from 'vitest';
import { EVENT_MEDIA_TYPE } from '../../../../../../collector/footprint/exports/pact/api/cloud-event.ts';
import { getFootprint } from '../../../../../../collector/footprint/exports/pact/api/get-footprint.ts';
import {
  listFootprints,
  PAGE_MOST,
} from '../../../../../../collector/footprint/exports/pact/api/list-footprints.ts';
import type { PactAnswer } from '../../../../../../collector/footprint/exports/pact/api/pact-answer.ts';
import { receiveEvent } from '../../../../../../collector/footprint/exports/pact/api/receive-event.ts';
import {
  publishedEvent,
  replyTo,
} from '../../../../../../collector/footprint/exports/pact/api/send-event.ts';
import type {
  FootprintHead,
  ProductFootprint,
} from '../../../../../../collector/footprint/exports/pact/product-footprint.ts';
import { uuidOf } from '../../../../../../protocols/evidence/uuid5.ts';
import { hasPactSchema, pactSchemaFaults } from '../pact-schema.ts';
import { PARTNER, sampleFootprints } from './sample-footprints.ts';

const footprints = sampleFootprints();
const list = (query: string, of = footprints, caller = PARTNER) =>
  listFootprints({ host: 'api.example.com:8443', path: '/pact/3/footprints', query }, of, caller);
const idsOf = (answer: PactAnswer) => (answer.body as { data: ProductFootprint[] }).data.map(({ id }) => id);
const nextOf = ({ headers }: PactAnswer) =>
  /^<https:\/\/api\.example\.com:8443\/pact\/3\/footprints\?([^>]*)>; rel="next"$/.exec(
    headers['link'] ?? '',
  )?.[1];

/** So many footprints, several of the same time, in no order. */
function many(count: number): ProductFootprint[] {
  const [, sample] = footprints as [ProductFootprint, ProductFootprint];
  return Array.from({ length: count }, (_, at) => ({
    ...sample,
    id: uuidOf(`footprint ${at}`),
    created: `2026-07-${String(3 + (at % 5)).padStart(2, '0')}T08:00:00.000Z`,
  }));
}

/** All ids that following the links gives, and how many pages that were. */
function walk(query: string, of: readonly ProductFootprint[]): { ids: string[]; pages: number } {
  const ids: string[] = [];
  let [next, pages]: [string | undefined, number] = [query, 0];
  while (next !== undefined) {
    const answer: PactAnswer = list(next, [...of]);
    ids.push(...idsOf(answer));
    next = nextOf(answer);
    if (++pages > of.length + 1) throw new Error('the links go round');
  }
  return { ids, pages };
}

describe('pages of a list', () => {
  it.each([1, 2, 3, 7, 22, 23, 24])('of %i hold each footprint once, in order', (limit) => {
    const all = many(23);
    const { ids, pages } = walk(`limit=${limit}&status=active`, all);
    expect(ids).toEqual(idsOf(list('', all)));
    expect(new Set(ids).size).toBe(23);
    expect(pages).toBe(Math.ceil(23 / limit));
  });

  it('are no longer than the most, also when nobody asked for a limit', () => {
    expect(idsOf(list('', many(PAGE_MOST + 1)))).toHaveLength(PAGE_MOST);
    expect(idsOf(list('limit=1000000', many(PAGE_MOST + 1)))).toHaveLength(PAGE_MOST);
    expect(walk('', many(2 * PAGE_MOST + 1))).toMatchObject({ pages: 3 });
  });

  it('go on where they were while footprints come and go, and can be asked for again', () => {
    const all = many(10);
    const order = idsOf(list('', all));
    const next = nextOf(list('limit=4', all)) ?? '';
    const late = { ...(all[0] as ProductFootprint), id: uuidOf('late'), created: '2026-08-01T08:00:00.000Z' };
    const [, , , fourth] = order;
    const changed = [late, ...all.filter(({ id }) => id !== fourth)];
    for (const _again of [1, 2]) expect(idsOf(list(next, changed))).toEqual(order.slice(4, 8));
    expect(walk(next, changed).ids).toEqual([...order.slice(4), late.id]);
  });

  it('keep the question: filters and limit stand in the link, the old cursor does not', () => {
    const query = 'productId=urn:pact:example.com:machine-hour:mill-1&geography=South-eastern%20Asia&limit=2';
    const second = nextOf(list(nextOf(list(query, many(9))) ?? '', many(9))) ?? '';
    const parameters = new URLSearchParams(second);
    expect([...parameters.keys()]).toEqual(['productId', 'geography', 'limit', 'cursor']);
    expect(parameters.get('geography')).toBe('South-eastern Asia');
  });

  it('of nothing are empty and still link what is left', () => {
    const answer = list('limit=0', many(3));
    expect(idsOf(answer)).toEqual([]);
    expect(new URLSearchParams(nextOf(answer)).get('cursor')).toBe('');
  });

  it('are refused to a cursor, a limit or a host of somebody’s making', () => {
    for (const query of ['cursor=2', 'cursor=%F0', 'limit=-1', 'limit=1.5', 'limit=all', 'LIMIT=x'])
      expect(list(query)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    const hostile = { host: 'a>; rel="next", <https://b', path: '/3/footprints', query: 'limit=1' };
    expect(listFootprints(hostile, footprints, PARTNER).status).toBe(400);
  });
});

describe('filters', () => {
  const count = (query: string) => idsOf(list(query)).length;

  it('take letters of any case, in names and in values, and pass over what is empty or not of PACT', () => {
    expect(count('productid=URN:GTIN:4712345060507')).toBe(1);
    expect(count('COMPANYID=urn:LEI:391200fltuxlhqvw6y55')).toBe(1);
    expect(count('geography=&classification=&x-site-line=4&offset=2')).toBe(footprints.length);
  });

  it('take any value of one criterion and all criteria', () => {
    expect(count('geography=DE&geography=VN')).toBe(4);
    expect(count('geography=DE&geography=VN&classification=urn:unspsc:23153100')).toBe(1);
    expect(count('geography=DE&classification=urn:unspsc:23153100')).toBe(0);
    expect(count('status=deprecated')).toBe(1);
  });

  it('find a country in its region and subregion', () => {
    expect(count('geography=Asia')).toBe(3);
    expect(count('geography=south-eastern+asia')).toBe(3);
    expect(count('geography=Western Europe')).toBe(1);
    expect(count('geography=Eastern Asia')).toBe(0);
  });

  it('hold both ends of validity for valid on them, and neither for valid after or before', () => {
    const [start, end] = ['2026-06-30T17:00:00.000Z', '2027-06-30T17:00:00.000Z'];
    expect([count(`validOn=${start}`), count(`validOn=${end}`)]).toEqual([4, 4]);
    expect([count('validOn=2026-06-30T16:59:59.999Z'), count('validOn=2027-06-30T17:00:00.001Z')]).toEqual([
      0, 3,
    ]);
    expect([count(`validAfter=${start}`), count('validAfter=2026-06-30T16:59:59.999Z')]).toEqual([0, 4]);
    expect([count(`validBefore=${end}`), count('validBefore=2027-06-30T17:00:00.001Z')]).toEqual([0, 1]);
  });

  it('take times with offsets, also where the plus sign was not escaped, and without seconds', () => {
    expect(count('validOn=2026-07-01T00:00:00%2B07:00')).toBe(4);
    expect(count('validOn=2026-07-01T00:00:00+07:00')).toBe(4);
    expect(count('validOn=2026-06-30T17:00Z')).toBe(4);
    for (const bad of ['yesterday', '2026-07-01', '2026-13-01T00:00:00Z', '1782838800000'])
      expect(list(`validOn=${bad}`)).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
  });
});

describe('callers', () => {
  const [, shared, , other] = footprints as [
    ProductFootprint,
    ProductFootprint,
    ProductFootprint,
    ProductFootprint,
  ];
  const some = { ...PARTNER, isGranted: ({ id }: FootprintHead) => id === shared.id };

  it('see what is shared with them', () => {
    expect(idsOf(list('', footprints, some))).toEqual([shared.id]);
    expect(getFootprint(shared.id.toUpperCase(), footprints, some).status).toBe(200);
    expect(getFootprint(other.id, footprints, some)).toMatchObject({
      status: 404,
      body: { code: 'NotFound' },
    });
    expect(getFootprint(other.id, footprints, some)).toEqual(getFootprint('none', footprints, some));
  });

  it('are told that a token has expired, and get none of the data', () => {
    const late = { ...PARTNER, token: 'expired' as const };
    expect(list('', footprints, late)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: { code: 'TokenExpired' },
    });
  });

  it('get deprecated footprints by their id too', () => {
    expect(getFootprint(footprints[0]?.id ?? '', footprints, PARTNER)).toMatchObject({
      body: { data: { status: 'Deprecated' } },
    });
  });
});

describe('events', () => {
  const frame = {
    specversion: '1.0',
    id: 'e-1',
    source: '//partner.example.com/3/events',
    time: '2026-07-06T08:00:00Z',
  };
  const typed = (kind: string, data: unknown, more: object = {}) => ({
    ...frame,
    type: `org.wbcsd.pact.ProductFootprint.${kind}Event.3`,
    data,
    ...more,
  });
  const post = (event: unknown, contentType = EVENT_MEDIA_TYPE) =>
    receiveEvent({ contentType, body: JSON.stringify(event) }, PARTNER);

  it('of all four kinds are taken, with attributes of others’ making', () => {
    const taken = [
      typed('Published', { pfIds: [footprints[0]?.id] }, { subject: 'news', traceparent: '00-1-2-01' }),
      typed('RequestCreated', { geography: ['DE'], validAfter: '2025-01-01T00:00:00Z', 'x-line': 4 }),
      typed('RequestFulfilled', { requestEventId: 'r-1', pfs: [footprints[1]] }),
      typed('RequestRejected', { requestEventId: 'r-1', error: { code: 'NotFound', message: 'None.' } }),
    ];
    for (const event of taken) {
      const received = post(event);
      expect(received).toEqual({ answer: { status: 200, headers: {}, body: null }, event });
    }
  });

  const refused: [string, unknown][] = [
    [
      'of version 2',
      { ...typed('Published', { pfIds: [] }), type: 'org.wbcsd.pathfinder.ProductFootprint.Published.v1' },
    ],
    ['of another CloudEvents', typed('Published', { pfIds: [] }, { specversion: '0.3' })],
    ['without id', typed('Published', { pfIds: [] }, { id: '' })],
    ['without source', typed('Published', { pfIds: [] }, { source: '' })],
    ['without time', typed('Published', { pfIds: [] }, { time: 'now' })],
    ['without data', typed('Published', null)],
    ['that publishes nothing', typed('Published', {})],
    ['that asks for a product in a text', typed('RequestCreated', { productId: 'urn:a:b' })],
    ['that asks for a time that is none', typed('RequestCreated', { validOn: 'today' })],
    ['that asks for nothing', typed('RequestCreated', { comment: 'anything', productId: [''] })],
    ['that fulfils without footprints', typed('RequestFulfilled', { requestEventId: 'r-1', pfs: [] })],
    ['that rejects without saying why', typed('RequestRejected', { requestEventId: 'r-1' })],
    ['that is no object', ['event']],
    ['that names what objects inherit', { ...typed('Published', { pfIds: [] }), type: 'constructor' }],
  ];
  it.each(refused)('are refused: %s', (_, event) => {
    expect(post(event)).toMatchObject({ answer: { status: 400, body: { code: 'BadRequest' } }, event: null });
  });

  it('are refused that are no JSON or come as something else', () => {
    expect(receiveEvent({ contentType: EVENT_MEDIA_TYPE, body: '{' }, PARTNER).answer.status).toBe(400);
    expect(post(typed('Published', { pfIds: [] }), 'application/json').answer.status).toBe(400);
    expect(
      post(typed('Published', { pfIds: [] }), 'Application/CloudEvents+JSON;charset=utf-8').answer.status,
    ).toBe(200);
  });

  const ports = { uuidOf, source: 'https://api.example.com/3/events', now: '2026-07-06T08:00:00.000Z' };

  it('of ours are the same event when they are sent again, and another when something changed', () => {
    const event = publishedEvent(footprints.slice(1, 3), ports);
    expect(event.data.pfIds).toEqual([footprints[1]?.id, footprints[2]?.id]);
    if (hasPactSchema) expect(pactSchemaFaults('PublishedEvent', event)).toEqual([]);
    expect(publishedEvent(footprints.slice(1, 3), { ...ports, now: '2026-07-07T08:00:00.000Z' }).id).toBe(
      event.id,
    );
    const gone = footprints.slice(1, 3).map((footprint) => ({ ...footprint, status: 'Deprecated' as const }));
    expect(publishedEvent(gone, ports).id).not.toBe(event.id);
  });

  it('answer with what fits and is shared, once for each request', () => {
    const request = typed('RequestCreated', { geography: ['Asia'], status: ['Active'] }) as Parameters<
      typeof replyTo
    >[0];
    const reply = replyTo(request, footprints, PARTNER, ports);
    expect(reply.data).toMatchObject({
      requestEventId: 'e-1',
      pfs: [{ status: 'Active' }, { status: 'Active' }],
    });
    expect(replyTo(request, footprints, PARTNER, ports).id).toBe(reply.id);
    expect(replyTo({ ...request, source: '//else' }, footprints, PARTNER, ports).id).not.toBe(reply.id);
    expect(replyTo(request, footprints, { isGranted: () => false }, ports).type).toContain('RequestRejected');
  });
});

describe('what is asked for', () => {
  const SECURE = { ...PARTNER, isGranted: () => true };
  const post = (data: object) =>
    receiveEvent(
      {
        contentType: EVENT_MEDIA_TYPE,
        body: JSON.stringify({
          type: `org.wbcsd.pact.ProductFootprint.${'pfIds' in data ? 'Published' : 'RequestCreated'}Event.3`,
          specversion: '1.0',
          id: '1',
          source: 'https://oem.example.com',
          time: '2026-07-01T00:00:00Z',
          data,
        }),
      },
      SECURE,
    ).answer;

  it.each(['productId', 'companyId', 'classification', 'status', 'geography'])(
    'has at most 100 values of %s, in events and in lists',
    (name) => {
      const values = Array<string>(100).fill('urn:nothing');
      expect(post({ [name]: values }).status).toBe(200);
      expect(post({ [name]: [...values, 'x'] })).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('has more than 100') },
      });
      const query = values.map((value) => `${name}=${value}`).join('&');
      expect(list(query).status).toBe(200);
      expect(list(`${query}&${name}=x`).status).toBe(400);
    },
  );

  it('is refused without a look at each of half a million values', () => {
    const startMs = performance.now();
    const { status, body } = post({ pfIds: Array<number>(520_000).fill(1) });
    expect(status).toBe(400);
    expect(body).toMatchObject({ message: expect.stringContaining('more than') });
    // Each of them looked at takes ten times as long.
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
