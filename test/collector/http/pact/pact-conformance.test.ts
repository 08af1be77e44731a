import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProductFootprint } from '../../../../collector/footprint/exports/pact/product-footprint.ts';
import { sampleFootprints } from '../../footprint/exports/pact/api/sample-footprints.ts';
import { hasPactSchema, pactSchemaFaults } from '../../footprint/exports/pact/pact-schema.ts';
import { basicOf, openStage, SECRETS, type PactReply, type PactStage } from './pact-stage.ts';

/*
 * The cases by which WBCSD tells whether a provider conforms to version 3, by their numbers, against the real server over TLS
 * and a partner's server over TLS, both with certificates of an authority made for this test.
 */

const [, vietnam, germany] = sampleFootprints() as [ProductFootprint, ProductFootprint, ProductFootprint];
const PRODUCT = vietnam.productIds[0] ?? '';
let stage: PactStage;
let token: string;

beforeAll(async () => {
  stage = await openStage();
  token = await stage.token();
});
afterAll(() => stage.close());

const list = (query = '') => stage.ask(`/3/footprints${query === '' ? '' : `?${query}`}`, { token });
const bodyOf = ({ text }: PactReply): unknown => JSON.parse(text);
const dataOf = (reply: PactReply) => (bodyOf(reply) as { data: ProductFootprint[] }).data;
const event = (type: string, data: object, id = 'test-run-id-12345') =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: 'https://webhook.example.com',
    time: '2023-05-19T10:30:00Z',
    type: `org.wbcsd.pact.ProductFootprint.${type}Event.3`,
    data,
  });
const post = (body: string, bearer = token) =>
  stage.ask('/3/events', {
    method: 'POST',
    token: bearer,
    headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
    body,
  });
const obtain = (authorization: string, path = '/auth/token') =>
  stage.ask(path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });

function holdsError(reply: PactReply, statuses: number[], code: string): void {
  expect(statuses).toContain(reply.status);
  expect(bodyOf(reply)).toMatchObject({ code });
  expect(bodyOf(reply)).not.toHaveProperty('data');
  if (hasPactSchema) expect(pactSchemaFaults('Error', bodyOf(reply))).toEqual([]);
}
async function holdsList(query: string, fits: (footprint: ProductFootprint) => boolean): Promise<void> {
  const reply = await list(query);
  expect(reply.status).toBe(200);
  expect(dataOf(reply).length).toBeGreaterThan(0);
  expect(dataOf(reply).filter((footprint) => !fits(footprint))).toEqual([]);
  if (hasPactSchema)
    expect(dataOf(reply).flatMap((one) => pactSchemaFaults('ProductFootprint', one))).toEqual([]);
}
async function holdsNothing(query: string): Promise<void> {
  const reply = await list(query);
  expect(reply).toMatchObject({ status: 200, text: '{"data":[]}' });
  expect(reply.headers).not.toHaveProperty('link');
}

/** The same over plain HTTP, to the same port: what comes back, if anything. */
function unencrypted(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port: stage.server.port, path, method, headers, timeout: 5_000 },
      (response) => {
        let text = '';
        response.on('data', (chunk) => (text += String(chunk)));
        response.on('end', () => resolve(text));
      },
    );
    sent.on('error', () => resolve('no connection'));
    sent.on('timeout', () => sent.destroy());
    sent.end();
  });
}

/** The answer to a request, at the partner. */
async function callBack(productId: string, id: string) {
  const reply = await post(
    event('RequestCreated', { productId: [productId], comment: 'Please send PCF data for this year.' }, id),
  );
  expect(reply).toMatchObject({ status: 200, text: '' });
  await stage.host.deliver();
  const answers = stage.partner.events.filter(({ data }) => data['requestEventId'] === id);
  expect(answers).toHaveLength(1);
  return answers[0];
}

type Case = [number: string, name: string, run: () => Promise<void> | void];
const bogus = (number: string, name: string, query: string): Case => [
  number,
  name,
  () => holdsNothing(query),
];

const CASES: Case[] = [
  [
    '1',
    'gives a token for valid credentials',
    async () => {
      const reply = await obtain(basicOf('oem', SECRETS.oem));
      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toEqual({
        access_token: expect.stringMatching(/^[\w-]{43}$/),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'read events',
      });
    },
  ],
  [
    '2',
    'gives none for invalid credentials',
    async () => {
      const reply = await obtain(basicOf('oem', 'wrong'));
      expect(reply.status).toBe(401);
      expect(bodyOf(reply)).toMatchObject({ error: 'invalid_client' });
    },
  ],
  [
    '3',
    'gets a footprint by its id',
    async () => {
      const reply = await stage.ask(`/3/footprints/${vietnam.id}`, { token });
      expect(reply.status).toBe(200);
      expect(bodyOf(reply)).toEqual({ data: vietnam });
      if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', vietnam)).toEqual([]);
    },
  ],
  [
    '4',
    'lists all footprints',
    async () => {
      await holdsList('', () => true);
      expect(dataOf(await list())).toHaveLength(4);
    },
  ],
  [
    '5',
    'links further pages at the host that was asked',
    async () => {
      const ids: string[] = [];
      let path = '/3/footprints?limit=1';
      for (;;) {
        const reply = await stage.ask(path, { token });
        expect(dataOf(reply)).toHaveLength(1);
        ids.push(...dataOf(reply).map(({ id }) => id));
        const { link } = reply.headers;
        if (link === undefined) break;
        const [, url = ''] = /^<([^>]+)>; rel="next"$/.exec(link) ?? [];
        expect(new URL(url)).toMatchObject({ host: 'api.example.com', protocol: 'https:' });
        path = new URL(url).pathname + new URL(url).search;
        if (ids.length === 2) {
          // Good for ever: also after a restart.
          await stage.restart();
          token = await stage.token();
        }
      }
      expect(ids).toEqual(dataOf(await list()).map(({ id }) => id));
    },
  ],
  [
    '6',
    'lists nothing with an invalid token',
    async () =>
      holdsError(
        await stage.ask('/3/footprints', { token: 'invalid-access-token' }),
        [400, 401],
        'BadRequest',
      ),
  ],
  [
    '7',
    'gets nothing with an invalid token',
    async () =>
      holdsError(
        await stage.ask(`/3/footprints/${vietnam.id}`, { token: 'invalid-access-token' }),
        [400, 401],
        'BadRequest',
      ),
  ],
  [
    '8',
    'gets no footprint that there is not',
    async () => {
      for (const id of ['00000000-0000-0000-0000-000000000000', 'non-existent-id'])
        holdsError(await stage.ask(`/3/footprints/${id}`, { token }), [400, 404], 'NotFound');
    },
  ],
  [
    '9',
    'gives no token without TLS',
    async () =>
      expect(await unencrypted('/auth/token', 'POST', { authorization: basicOf('oem', SECRETS.oem) })).toBe(
        'no connection',
      ),
  ],
  [
    '10',
    'lists nothing without TLS',
    async () =>
      expect(await unencrypted('/3/footprints', 'GET', { authorization: `Bearer ${token}` })).toBe(
        'no connection',
      ),
  ],
  [
    '11',
    'gets nothing without TLS',
    async () =>
      expect(
        await unencrypted(`/3/footprints/${vietnam.id}`, 'GET', { authorization: `Bearer ${token}` }),
      ).toBe('no connection'),
  ],
  [
    '12',
    'takes a request for footprints',
    async () =>
      expect(await post(event('RequestCreated', { productId: [PRODUCT] }, 'run/12'))).toMatchObject({
        status: 200,
        text: '',
      }),
  ],
  [
    '13',
    'fulfils it by an event, with a token of the partner',
    async () => {
      const answer = await callBack(PRODUCT, 'run/13');
      expect(answer).toMatchObject({
        type: 'org.wbcsd.pact.ProductFootprint.RequestFulfilledEvent.3',
        source: 'https://pact.example.com/3/events',
        data: { pfs: [vietnam] },
      });
      if (hasPactSchema) expect(pactSchemaFaults('RequestFulfilledEvent', answer)).toEqual([]);
      expect(stage.partner.seen.at(-1)).toMatchObject({
        authorization: 'Bearer token-of-the-partner-1',
        contentType: 'application/cloudevents+json; charset=UTF-8',
      });
    },
  ],
  [
    '14.A',
    'takes a request that it will reject',
    async () =>
      expect(await post(event('RequestCreated', { productId: ['urn:null'] }, 'run/14A'))).toMatchObject({
        status: 200,
      }),
  ],
  [
    '14.B',
    'rejects it by an event',
    async () => {
      const answer = await callBack('urn:null', 'run/14B');
      expect(answer).toMatchObject({
        type: 'org.wbcsd.pact.ProductFootprint.RequestRejectedEvent.3',
        data: { error: { code: 'NotFound' } },
      });
      if (hasPactSchema) expect(pactSchemaFaults('RequestRejectedEvent', answer)).toEqual([]);
    },
  ],
  [
    '15',
    'takes news of others',
    async () =>
      expect(
        await post(event('Published', { pfIds: ['3a6c14a7-4deb-498a-b5ea-16ce2535b576'] })),
      ).toMatchObject({ status: 200, text: '' }),
  ],
  [
    '16',
    'takes no event with an invalid token',
    async () =>
      holdsError(
        await post(event('Published', { pfIds: [] }), 'invalid-access-token'),
        [400, 401],
        'BadRequest',
      ),
  ],
  [
    '17',
    'takes no event without TLS',
    async () =>
      expect(await unencrypted('/3/events', 'POST', { authorization: `Bearer ${token}` })).toBe(
        'no connection',
      ),
  ],
  [
    '18',
    'is found by OpenID Connect clients, and gives them a token',
    async () => {
      const document = bodyOf(await stage.ask('/.well-known/openid-configuration')) as {
        token_endpoint: string;
      };
      expect(document.token_endpoint).toBe('https://pact.example.com/auth/token');
      const reply = await obtain(basicOf('oem', SECRETS.oem), new URL(document.token_endpoint).pathname);
      expect(reply.status).toBe(200);
    },
  ],
  [
    '19',
    'gives OpenID Connect clients none for invalid credentials',
    async () => expect([400, 401]).toContain((await obtain(basicOf('nobody', 'wrong'))).status),
  ],
  [
    '20',
    'filters by productId',
    () => holdsList(`productId=${PRODUCT}`, (one) => one.productIds[0] === PRODUCT),
  ],
  [
    '21',
    'filters by companyId',
    () =>
      holdsList(`companyId=${germany.companyIds[0]}`, (one) => one.companyIds[0] === germany.companyIds[0]),
  ],
  ['22', 'filters by geography', () => holdsList('geography=DE', ({ pcf }) => pcf.geographyCountry === 'DE')],
  [
    '23',
    'filters by classification',
    () =>
      holdsList(
        'classification=urn:pact:productclassification:un-cpc:8876',
        ({ productClassifications }) =>
          productClassifications?.includes('urn:pact:productclassification:un-cpc:8876') === true,
      ),
  ],
  ['24', 'filters by validOn', () => holdsList(`validOn=${vietnam.validityPeriodStart}`, () => true)],
  [
    '25',
    'filters by validAfter',
    () =>
      holdsList(
        'validAfter=2026-06-29T17:00:00.000Z',
        ({ validityPeriodStart }) => validityPeriodStart > '2026-06-29T17:00:00.000Z',
      ),
  ],
  [
    '26',
    'filters by validBefore',
    () =>
      holdsList(
        'validBefore=2027-07-01T17:00:00.000Z',
        ({ validityPeriodEnd }) => validityPeriodEnd < '2027-07-01T17:00:00.000Z',
      ),
  ],
  [
    '27',
    'filters by status, Active and Deprecated',
    async () => {
      await holdsList('status=Active', ({ status }) => status === 'Active');
      await holdsList('status=Deprecated', ({ status }) => status === 'Deprecated');
      expect(dataOf(await list('status=Deprecated'))).toHaveLength(1);
    },
  ],
  [
    '28',
    'wants both of two filters to fit',
    () =>
      holdsList(
        'status=Active&productId=urn:pact:example.com:part:housing-7',
        ({ status, productIds }) =>
          status === 'Active' && productIds.includes('urn:pact:example.com:part:housing-7'),
      ),
  ],
  [
    '29',
    'takes any of several values of one filter',
    () =>
      holdsList(`companyId=${germany.companyIds[0]}&companyId=a1b2c3&companyId=urn:uuid:another`, (one) =>
        one.companyIds.includes(germany.companyIds[0] ?? ''),
      ),
  ],
  bogus('30', 'finds no bogus product', 'productId=urn:bogus:product:nonexistent123'),
  bogus('31', 'finds no bogus company', 'companyId=urn:bogus:company:nonexistent456'),
  bogus('32', 'finds no bogus geography', 'geography=XX'),
  bogus('33', 'finds no bogus classification', 'classification=urn:bogus:classification:nonexistent789'),
  bogus('34', 'finds nothing valid in 1900', 'validOn=1900-01-01T00:00:00Z'),
  bogus('35', 'finds nothing valid from 2100', 'validAfter=2099-12-31T23:59:59Z'),
  bogus('36', 'finds nothing valid until 1900', 'validBefore=1900-01-01T00:00:00Z'),
  bogus('37', 'finds nothing of a bogus status', 'status=BogusStatusValue'),
  bogus(
    '38',
    'finds nothing of a bogus company and product',
    'companyId=urn:bogus:company:5FIi8zS3&productId=urn:bogus:product:nonexistent123',
  ),
  bogus(
    '39',
    'finds nothing of three bogus companies',
    'companyId=urn:bogus:company:1&companyId=urn:bogus:company:2&companyId=urn:bogus:company:3',
  ),
  [
    '40',
    'refuses news about an id that is no UUID, and a filter of version 2',
    async () => {
      holdsError(await post(event('Published', { pfIds: ['urn:gtin:4712345060507'] })), [400], 'BadRequest');
      const filter = encodeURIComponent("created ge '2023-01-15T10:15:30Z'");
      holdsError(await list(`$filter=${filter}`), [400], 'BadRequest');
    },
  ],
];

describe('conformance to PACT version 3, of the real server', () => {
  it.each(CASES)('case %s: %s', (_number, _name, run) => run());

  it('is listed for users as it is: every case once, each passed here', () => {
    const page = readFileSync(new URL('../../../../docs/product-footprints.md', import.meta.url), 'utf8');
    const listed = [...page.matchAll(/^\| (\d[\w.]*) \| .* \| (pass|no) \|$/gm)].map(([, number]) => number);
    const passed = [...page.matchAll(/^\| (\d[\w.]*) \| .* \| pass \|$/gm)].map(([, number]) => number);
    const numbers = Array.from({ length: 40 }, (_, before) => String(before + 1));
    expect(listed).toEqual(numbers.flatMap((number) => (number === '14' ? ['14.A', '14.B'] : [number])));
    expect(passed).toEqual(CASES.map(([number]) => number));
  });
});
