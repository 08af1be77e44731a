import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startPlantServer, type PlantServer } from './plant-server.ts';

const NOW_MS = Date.UTC(2026, 2, 3, 12, 30);
const TOKEN = 'correct-horse-battery-staple-9';
const MARKS_TOKEN = 'the-mes-of-line-3-and-nobody-else';
const running: PlantServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(
  address: { token?: string; marksToken?: string | undefined } = {},
  nowMs = () => NOW_MS,
): Promise<PlantServer> {
  const server = await startPlantServer({ nowMs, address: { marksToken: MARKS_TOKEN, ...address } });
  running.push(server);
  return server;
}

interface Answer {
  status: number;
  text: string;
  body: {
    error?: { message: string; cure: string; marks?: { index: number; field?: string; id?: string }[] };
    accepted?: number;
    known?: number;
    withdrawn?: number;
    marks?: { mark: { id: string; job: string }; by: string; withdrawn: object | null }[];
  };
}

/** A request over a real socket. */
function send(
  server: PlantServer,
  body: unknown,
  change: { headers?: Record<string, string>; path?: string; method?: string } = {},
): Promise<Answer> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        agent: false,
        port: server.port,
        path: change.path ?? '/api/v1/machines/mill/job-marks',
        method: change.method ?? 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${MARKS_TOKEN}`,
          ...change.headers,
        },
      },
      (response) => {
        let told = '';
        response.on('data', (chunk) => (told += String(chunk)));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: told,
            body: told.startsWith('{') ? (JSON.parse(told) as Answer['body']) : {},
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

/** What the server says to a request that announces a body, before any of it was sent. */
function announce(server: PlantServer, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(
        `POST /api/v1/machines/mill/job-marks HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${MARKS_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
      ),
    );
    socket.once('data', (chunk) => {
      resolve(String(chunk));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

const list = (server: PlantServer) =>
  send(server, undefined, {
    method: 'GET',
    path: '/api/v1/machines/mill/job-marks?from=2026-03-01&to=2026-03-04',
  });

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const BEGIN = {
  id: '4711/10-b',
  kind: 'begin',
  at: '2026-03-03T07:00:00+01:00',
  job: '4711/10',
  order: '4711',
};
const END = {
  id: '4711/10-e',
  kind: 'end',
  at: '2026-03-03T09:00:00+01:00',
  job: '4711/10',
  goodParts: 12,
  scrapParts: 1,
};

describe('marks of an MES', () => {
  test('are entered once, however often they are sent', async () => {
    const server = await start();
    expect((await send(server, [BEGIN, END])).body).toMatchObject({ accepted: 2, known: 0, withdrawn: 0 });
    expect((await send(server, { marks: [END], by: 'Tisch 4' })).body).toMatchObject({
      accepted: 0,
      known: 1,
    });
    expect((await send(server, { ...BEGIN, at: Date.UTC(2026, 2, 3, 6) })).body).toMatchObject({
      accepted: 0,
      known: 1,
    });
    const { body } = await list(server);
    expect(body.marks?.map(({ mark, by, withdrawn }) => [mark.id, by, withdrawn])).toEqual([
      ['4711/10-b', 'MES', null],
      ['4711/10-e', 'MES', null],
    ]);
  });

  test('are taken back, never changed, and both stay in the list', async () => {
    const server = await start();
    await send(server, [BEGIN, END]);
    const changed = await send(server, { ...END, goodParts: 13 });
    expect(changed.status).toBe(409);
    expect(changed.body.error?.cure).toContain('withdraw');
    expect(
      (
        await send(server, [
          { kind: 'withdraw', id: END.id },
          { ...END, id: '4711/10-e2', goodParts: 13 },
        ])
      ).body,
    ).toMatchObject({
      accepted: 1,
      withdrawn: 1,
    });
    // An MES that repeats itself brings nothing back.
    expect((await send(server, END)).body).toMatchObject({ accepted: 0, known: 1 });
    expect((await send(server, { kind: 'withdraw', id: END.id })).body).toMatchObject({
      known: 1,
      withdrawn: 0,
    });
    const { body } = await list(server);
    expect(body.marks?.map(({ mark, withdrawn }) => [mark.id, withdrawn !== null])).toEqual([
      ['4711/10-b', false],
      ['4711/10-e', true],
      ['4711/10-e2', false],
    ]);
    expect((await send(server, { kind: 'withdraw', id: 'never-sent' })).status).toBe(409);
  });

  test('all or none: one that is wrong lets nothing in, and every wrong one is named', async () => {
    const server = await start();
    const answer = await send(server, [
      BEGIN,
      { ...END, goodParts: -1, massKg: 'a lot' },
      { id: 'x', kind: 'begin', at: '2026-02-30T07:00:00Z', job: '1' },
      'mark',
    ]);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.marks?.map(({ index, field }) => [index, field])).toEqual([
      [1, 'goodParts'],
      [1, 'massKg'],
      [2, 'at'],
      [3, ''],
    ]);
    expect((await list(server)).body.marks).toEqual([]);
  });

  test.each([
    ['no id', { ...BEGIN, id: undefined }],
    ['an id that is a path', { ...BEGIN, id: '../../etc/passwd' }],
    ['an id with a line break', { ...BEGIN, id: 'a\nb' }],
    ['an id that is too long', { ...BEGIN, id: 'a'.repeat(101) }],
    ['a job of another type', { ...BEGIN, job: { $gt: '' } }],
    ['a job with a terminal command', { ...BEGIN, job: '\u001b[2J' }],
    ['a job that is half a character', { ...BEGIN, job: 'a\ud800b' }],
    ['a sender who is half a character', { marks: [BEGIN], by: 'line 3\ud800' }],
    ['a job that is nested without end', `{"id":"a","kind":"begin","at":1,"job":${nested(200_000)}}`],
    ['a sender that is nested without end', `{"marks":[],"by":${nested(200_000)}}`],
    ['marks that are nested without end', nested(200_000)],
    [
      'a mark of thirty thousand keys',
      Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [`k${n}`, n])),
    ],
    ['a path that is none', { ...BEGIN, channel: '../1' }],
    ['a key nobody knows', { ...BEGIN, energyMwh: 5 }],
    ['figures at a begin', { ...BEGIN, goodParts: 5 }],
    ['a time without a zone', { ...BEGIN, at: '2026-03-03T07:00:00' }],
    ['a time that is far ahead', { ...BEGIN, at: '2026-04-01T00:00:00Z' }],
    ['half a part', { ...END, goodParts: 0.5 }],
    ['a number beyond all', { ...END, massKg: 1e300 }],
    ['nothing', []],
    ['too many', Array.from({ length: 1001 }, (_, n) => ({ ...BEGIN, id: `m${n}` }))],
  ])('%s is refused', async (_name, body) => {
    const server = await start();
    const answer = await send(server, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.cure).not.toBe('');
    expect((await list(server)).body.marks).toEqual([]);
  });

  test('a thousand at once', async () => {
    const server = await start();
    const marks = Array.from({ length: 1000 }, (_, n) => ({ ...BEGIN, id: `m${n}`, job: `${n}` }));
    expect((await send(server, marks)).body).toMatchObject({ accepted: 1000 });
    expect((await send(server, marks)).body).toMatchObject({ accepted: 0, known: 1000 });
  });
});

describe('who may tell of jobs', () => {
  const by = (authorization: string) => ({ headers: { authorization } });

  test('nobody, where there is no token for marks', async () => {
    for (const server of [
      await start({ marksToken: undefined }),
      await start({ marksToken: undefined, token: TOKEN }),
    ])
      for (const authorization of ['', `Bearer ${TOKEN}`, 'Bearer undefined', 'Bearer ']) {
        const answer = await send(server, BEGIN, by(authorization));
        expect(answer.status, authorization).toBe(403);
        expect(answer.body.error?.cure).toContain('http.marksToken');
      }
  });

  test('only who has the token for marks: that of the page reads, this one writes, neither does both', async () => {
    const server = await start({ token: TOKEN });
    for (const wrong of ['', `Bearer ${TOKEN}`, `Basic ${MARKS_TOKEN}`, `Bearer ${MARKS_TOKEN}x`])
      expect((await send(server, BEGIN, by(wrong))).status, wrong).toBe(401);
    expect((await send(server, BEGIN)).body.accepted).toBe(1);
    const path = '/api/v1/machines/mill/job-marks?from=2026-03-01&to=2026-03-04';
    expect((await send(server, undefined, { method: 'GET', path })).status).toBe(401);
    const read = await send(server, undefined, { method: 'GET', path, ...by(`Bearer ${TOKEN}`) });
    expect(read.body.marks).toHaveLength(1);
  });

  test('guesses are slowed down', async () => {
    const server = await start();
    const statuses: number[] = [];
    for (let guess = 0; guess < 14; guess++)
      statuses.push((await send(server, BEGIN, by(`Bearer guess-${guess}-of-a-token-for-marks`))).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses).toContain(429);
  });

  test('a token that is short, or that of the page, refuses the start', async () => {
    await expect(start({ marksToken: 'short' })).rejects.toThrow(/token for marks is too short/);
    await expect(start({ token: TOKEN, marksToken: TOKEN })).rejects.toThrow(/is that of the page/);
  });

  test('a sender without end fills no disk: 20,000 at once, and 3,600 an hour', async () => {
    let nowMs = NOW_MS;
    const server = await start({}, () => nowMs);
    const sendThousand = (lot: number) =>
      send(
        server,
        Array.from({ length: 1000 }, (_, n) => ({ ...BEGIN, id: `m${lot}-${n}` })),
      );
    for (let lot = 0; lot < 20; lot++) expect((await sendThousand(lot)).status).toBe(200);
    const refused = await sendThousand(20);
    expect(refused.status).toBe(429);
    // 1000 of them at one a second: 16.7 min.
    expect(refused.body.error?.cure).toContain('in 17 min');
    nowMs += 999_000;
    expect((await sendThousand(20)).status).toBe(429);
    nowMs += 1_000;
    expect((await sendThousand(20)).body.accepted).toBe(1000);
    // What is known already costs nothing.
    nowMs += 1_000_000;
    for (let again = 0; again < 3; again++) expect((await sendThousand(20)).body.known).toBe(1000);
  }, 30_000);

  test('no page of another origin, and no form', async () => {
    const server = await start();
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${server.port}`])
      expect((await send(server, BEGIN, { headers: { origin } })).status, origin).toBe(403);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
    ])
      expect((await send(server, BEGIN, { headers: { 'content-type': type } })).status, type).toBe(415);
    expect((await send(server, BEGIN, { headers: { host: 'evil.example' } })).status).toBe(421);
    const own = `http://127.0.0.1:${server.port}`;
    expect(
      (
        await send(server, BEGIN, {
          headers: { origin: own, 'content-type': 'application/json; charset=utf-8' },
        })
      ).body.accepted,
    ).toBe(1);
  });

  test('what is too large, or no JSON, or of no machine, is refused before anything is done', async () => {
    const server = await start();
    expect(await announce(server, 600_000)).toMatch(/^HTTP\/1.1 413 /);
    expect((await send(server, '{"id": ')).status).toBe(400);
    expect((await send(server, '{"__proto__": {"kind": "begin"}}')).status).toBe(400);
    expect((await send(server, BEGIN, { path: '/api/v1/machines/other/job-marks' })).status).toBe(404);
    expect((await send(server, BEGIN, { path: '/api/v1/machines/..%2Fmill/job-marks' })).status).toBe(400);
    expect((await send(server, BEGIN, { path: '/api/v1/machines/mill/job-marks?force=1' })).status).toBe(400);
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect([400, 404], method).toContain((await send(server, BEGIN, { method })).status);
    expect((await list(server)).body.marks).toEqual([]);
  });
});

describe('the report of jobs', () => {
  test.each([
    ['group=machine', 'group'],
    ['rule=luck', 'rule'],
    ['shared=maybe', 'shared'],
    ['format=xml', 'format'],
    ['from=2020-01-01&to=2026-01-01', 'from'],
    ['limit=5', 'limit'],
  ])('%s is refused by its name', async (query, name) => {
    const server = await start();
    const answer = await send(server, undefined, {
      method: 'GET',
      path: `/api/v1/machines/mill/jobs?${query}`,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error?.message).toContain(name);
  });
});
