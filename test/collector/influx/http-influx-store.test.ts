import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openInfluxStore, type InfluxConnection } from '../../../collector/influx/http-influx-store.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { requireTool } from '../../support/tools.ts';
import { startFakeInflux, type Step } from './fake-influx.ts';

const nowMs = () => 0;
const LINE = 'power,machine=m1 p_w=1 1000';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function openFake(
  script: Step[],
  options: Partial<InfluxConnection> = {},
  answer?: Parameters<typeof startFakeInflux>[1],
) {
  const fake = await startFakeInflux(script, answer);
  closers.push(() => fake.stop());
  const store = openInfluxStore(
    { url: fake.url, version: 1, database: 'millwatt', timeoutMs: 500, ...options },
    nowMs,
  );
  return { fake, store };
}

describe('against a scripted fake', () => {
  test.each<[string, Step, string]>([
    ['204', { status: 204 }, 'ok'],
    ['400 partial', { status: 400, body: '{"error":"partial write: field type conflict"}' }, 'rejected'],
    ['401', { status: 401, body: '{"error":"authorization failed"}' }, 'halt'],
    ['403', { status: 403 }, 'halt'],
    ['404', { status: 404, body: '{"error":"database not found"}' }, 'halt'],
    ['408', { status: 408 }, 'retry'],
    ['413', { status: 413, body: '{"error":"Request Entity Too Large"}' }, 'too-large'],
    ['422', { status: 422 }, 'rejected'],
    ['500', { status: 500 }, 'retry'],
    ['503', { status: 503 }, 'retry'],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, 'halt'],
    ['silence', 'hang', 'retry'],
    ['a reset', 'reset', 'retry'],
    ['a reset in the body', 'reset-in-body', 'retry'],
  ])('%s', async (_name, step, kind) => {
    const { store, fake } = await openFake([step]);
    expect((await store.write(LINE)).kind).toBe(kind);
    expect(fake.writes).toHaveLength(1);
  });

  test('429 with Retry-After in seconds says how long to wait', async () => {
    const { store } = await openFake([{ status: 429, headers: { 'retry-after': '7' } }]);
    expect(await store.write(LINE)).toMatchObject({ kind: 'retry', afterMs: 7000 });
  });

  test('a point is deleted where the server can: one request of its own time on 2.x, none on 3.x', async () => {
    const point = {
      measurement: 'machine_hour',
      tags: [
        ['site', 'plant'],
        ['machine', 'mill'],
      ],
      timeMs: 3_600_000,
    } as const;
    const two = await openFake([], { version: 2, org: 'my plant', token: 't0' }, () => ({ status: 204 }));
    expect(await two.store.deletePoints([point])).toEqual({ kind: 'ok', expired: 0 });
    expect(two.fake.others).toMatchObject([
      { method: 'POST', url: '/api/v2/delete?bucket=millwatt&org=my%20plant', authorization: 'Token t0' },
    ]);
    expect(JSON.parse(two.fake.others[0]?.body ?? '')).toEqual({
      start: '1970-01-01T01:00:00.000Z',
      stop: '1970-01-01T01:00:00.001Z',
      predicate: '_measurement="machine_hour" AND site="plant" AND machine="mill"',
    });
    const three = await openFake([], { version: 3, token: 't0' });
    expect(await three.store.deletePoints([point])).toEqual({ kind: 'ok', expired: 0 });
    expect(three.fake.others).toEqual([]);
  });

  test('nobody listens', async () => {
    const { store, fake } = await openFake([]);
    await fake.stop();
    closers.length = 0;
    expect(await store.write(LINE)).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await store.health()).toMatchObject({ up: false });
    await expect(store.query('SHOW DATABASES')).rejects.toMatchObject({ remedy: 'retry' });
  });

  test.each<[Partial<InfluxConnection>, string, string]>([
    [{ version: 1, username: 'u', password: 'p' }, '/write?db=millwatt&precision=ms', 'Basic dTpw'],
    [
      { version: 2, org: 'my plant', token: 't0' },
      '/api/v2/write?bucket=millwatt&org=my%20plant&precision=ms',
      'Token t0',
    ],
    [
      { version: 3, token: 't0' },
      '/api/v3/write_lp?db=millwatt&precision=millisecond&accept_partial=true&no_sync=false',
      'Bearer t0',
    ],
  ])('%j writes to %s', async (options, path, authorization) => {
    const { store, fake } = await openFake([], options);
    expect((await store.write(LINE)).kind).toBe('ok');
    expect(fake.writes).toEqual([{ method: 'POST', url: path, authorization, body: LINE }]);
  });

  test('a missing bucket of 2.x is made, one that is there is left alone', async () => {
    let there = false;
    const { store, fake } = await openFake([], { version: 2, org: 'plant', token: 't0' }, (request) => {
      const json = { 'content-type': 'application/json' };
      if (request.url.startsWith('/api/v2/orgs'))
        return { status: 200, headers: json, body: '{"orgs":[{"id":"00aa"}]}' };
      if (request.method === 'POST') {
        there = true;
        return { status: 201, headers: json, body: '{}' };
      }
      return there
        ? { status: 200, headers: json, body: '{"buckets":[{"id":"1"}]}' }
        : { status: 404, headers: json, body: '{"code":"not found"}' };
    });
    expect(await store.ensureDatabase()).toEqual({ empty: true });
    expect(await store.ensureDatabase()).toEqual({ empty: false });
    const made = fake.others.filter(({ method }) => method === 'POST');
    expect(made.map(({ body }) => JSON.parse(body))).toEqual([
      { orgID: '00aa', name: 'millwatt', retentionRules: [] },
    ]);
    expect(fake.others.every(({ authorization }) => authorization === 'Token t0')).toBe(true);
  });

  test('a token that may not make buckets is told so without being shown', async () => {
    const { store } = await openFake([], { version: 2, org: 'plant', token: 'sesame' }, () => ({
      status: 401,
      body: '{"message":"unauthorized"}',
    }));
    const error = await store.ensureDatabase().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ remedy: 'refuse', cure: expect.stringContaining('token') });
    expect(String(error)).not.toContain('sesame');
  });

  test('a database of 3.x that is there already is fine', async () => {
    const { store, fake } = await openFake([], { version: 3, token: 't0' }, () => ({ status: 409 }));
    expect(await store.ensureDatabase()).toEqual({ empty: false });
    expect(fake.others[0]).toMatchObject({ url: '/api/v3/configure/database', body: '{"db":"millwatt"}' });
  });

  test('a database name that would break out of a statement is refused', () => {
    expect(() =>
      openInfluxStore({ url: 'http://127.0.0.1:1', version: 1, database: 'a"; DROP' }, nowMs),
    ).toThrow(/DROP/);
  });
});

const influxdPath = requireTool('influxd');
describe.skipIf(influxdPath === undefined)('against a real InfluxDB 1.x', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(async () => {
    await influxd?.stop();
  });

  test('makes its database, writes, asks, and names what is refused', async () => {
    const store = openInfluxStore({ url: influxd.url, version: 1, database: 'plant.one' }, nowMs);
    expect(await store.health()).toMatchObject({ up: true, version: expect.stringMatching(/^1\./) });
    expect(await store.write(LINE)).toMatchObject({
      kind: 'halt',
      cure: expect.stringContaining('database'),
    });
    expect(await store.ensureDatabase()).toEqual({ empty: true });
    expect(await store.ensureDatabase()).toEqual({ empty: true });
    expect(await store.write(`${LINE}\npower,machine=m1 p_w=2 2000`)).toEqual({ kind: 'ok', expired: 0 });
    expect(await store.write('power,machine=m1 p_w="text" 3000')).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('type conflict'),
    });
    expect(await store.query('SELECT p_w FROM power')).toEqual([
      {
        name: 'power',
        tags: {},
        columns: ['time', 'p_w'],
        rows: [
          [1000, 1],
          [2000, 2],
        ],
      },
    ]);
    expect(await store.ensureDatabase()).toEqual({ empty: false });
    await expect(store.query('SELECT nothing')).rejects.toMatchObject({ remedy: 'refuse' });
  });

  test('more than the server takes at once is too large', async () => {
    const store = openInfluxStore({ url: influxd.url, version: 1, database: 'plant.one' }, nowMs);
    expect(await store.write(`${LINE}\n`.repeat(1_000_000))).toMatchObject({ kind: 'too-large' });
  });
});
