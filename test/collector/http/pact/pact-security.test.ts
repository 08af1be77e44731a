import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createGuessAllowance } from '../../../../collector/http/pact/guess-allowance.ts';
import { FootprintBook } from '../../../../collector/pact/footprint-book.ts';
import type { ProductFootprint } from '../../../../collector/footprint/exports/pact/product-footprint.ts';
import type { PactPartner } from '../../../../collector/pact/pact-plan.ts';
import { openTokenBook, TOKEN_SECONDS } from '../../../../collector/pact/token-book.ts';
import { sampleFootprints } from '../../footprint/exports/pact/api/sample-footprints.ts';
import { basicOf, openStage, SECRETS, type PactReply, type PactStage } from './pact-stage.ts';

const open: PactStage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});
async function start(options: Parameters<typeof openStage>[0] = {}): Promise<PactStage> {
  const stage = await openStage(options);
  open.push(stage);
  return stage;
}

const [, machine] = sampleFootprints() as [ProductFootprint, ProductFootprint];
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const EVENT = { 'content-type': 'application/cloudevents+json' };
const GRANT = 'grant_type=client_credentials';
const bodyOf = ({ text }: PactReply) => JSON.parse(text) as Record<string, unknown>;
const idsOf = ({ text }: PactReply) =>
  (JSON.parse(text) as { data: ProductFootprint[] }).data.map(({ id }) => id);
const obtain = (stage: PactStage, authorization: string | undefined, body: string | Buffer = GRANT) =>
  stage.ask('/auth/token', {
    method: 'POST',
    headers: { ...FORM, ...(authorization === undefined ? {} : { authorization }) },
    body,
  });
const request = (id: string) =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: 'https://169.254.169.254/latest',
    time: '2026-07-01T00:00:00Z',
    type: 'org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3',
    data: { status: ['Active'] },
  });
const post = (
  stage: PactStage,
  token: string,
  body: string | Buffer,
  headers: Record<string, string> = EVENT,
) => stage.ask('/3/events', { method: 'POST', token, headers, body });

/** A connection over TLS, and whether and when the server ended it. */
function dial(stage: PactStage, options: Record<string, unknown> = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: stage.server.port,
      ca: stage.authority.cert,
      ...options,
    });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}
const ended = (socket: { once: (name: 'close', act: () => void) => unknown; resume: () => unknown }) =>
  new Promise<number>((resolve) => {
    const startMs = performance.now();
    socket.resume();
    socket.once('close', () => resolve(performance.now() - startMs));
  });

describe('tokens', () => {
  test('are given for the right id and secret only, escaped or not', async () => {
    const stage = await start({
      partners: (events) => [{ id: 'o@m', secret: 'a+b/c%d=:e f', sees: 'all', scopes: ['read'], events }],
    });
    expect((await obtain(stage, basicOf('o@m', 'a+b/c%d=:e f'))).status).toBe(200);
    expect((await obtain(stage, basicOf('o%40m', encodeURIComponent('a+b/c%d=:e f')))).status).toBe(200);
    const wrong = [
      basicOf('o@m', 'a+b/c%d=:e g'),
      basicOf('o@m', ''),
      basicOf('', 'a+b/c%d=:e f'),
      'Basic !!!',
      'Bearer x',
      undefined,
    ];
    for (const header of wrong) {
      const reply = await obtain(stage, header);
      expect(reply.status).toBe(401);
      expect(reply.headers['www-authenticate']).toBe('Basic realm="PACT"');
      expect(bodyOf(reply)).toMatchObject({ error: 'invalid_client' });
    }
  });

  test('are for client credentials and known scopes', async () => {
    const stage = await start();
    const right = basicOf('other', SECRETS.other);
    for (const [body, error] of [
      ['', 'unsupported_grant_type'],
      ['grant_type=password', 'unsupported_grant_type'],
      [`${GRANT}&scope=events`, 'invalid_scope'],
      [`${GRANT}&scope=read+admin`, 'invalid_scope'],
    ] as const)
      expect(
        await obtain(stage, right, body).then((reply) => [reply.status, bodyOf(reply)['error']]),
      ).toEqual([400, error]);
    expect(bodyOf(await obtain(stage, right, `${GRANT}&scope=read`))['scope']).toBe('read');
  });

  test('are given for the right secret whatever others tried, and guessing at one is slow', async () => {
    let nowMs = 0;
    const stage = await start({ address: { nowMs: () => nowMs } });
    const guess = async (times: number, id = 'oem'): Promise<number[]> => {
      const statuses: number[] = [];
      for (let at = 0; at < times; at++)
        statuses.push((await obtain(stage, basicOf(id, `guess ${at}`))).status);
      return statuses;
    };
    // Of one that there is not, and of one that there is: nobody can tell them apart.
    for (const id of ['nobody', 'oem', 'o%65m'])
      expect((await guess(14, id)).filter((status) => status === 401)).toHaveLength(id === 'o%65m' ? 0 : 10);
    for (const id of ['oem', 'other'] as const)
      expect((await obtain(stage, basicOf(id, SECRETS[id]))).status).toBe(200);
    const late = await obtain(stage, basicOf('oem', 'guess'));
    expect([late.status, late.headers['retry-after']]).toEqual([429, '10']);
    nowMs += 2_000;
    expect(await guess(3)).toEqual([401, 401, 429]);
    // A hundred a second are compared, and then not even the right one of this client.
    expect(new Set(await guess(98))).toEqual(new Set([429]));
    expect((await obtain(stage, basicOf('oem', SECRETS.oem))).status).toBe(429);
    expect((await obtain(stage, basicOf('other', SECRETS.other))).status).toBe(200);
    nowMs += 10;
    expect((await obtain(stage, basicOf('oem', SECRETS.oem))).status).toBe(200);
  });

  test('that are wrong are told to be so, however many others come from the same address', async () => {
    // By that answer alone a client knows, after a restart here, that it has to get another.
    const stage = await start({ address: { nowMs: () => 0 } });
    for (let at = 0; at < 12; at++)
      expect((await stage.ask('/3/footprints', { token: `guess-${at}` })).status).toBe(401);
  });

  test('are counted for ten thousand addresses and clients, of which the oldest are forgotten', () => {
    const guesses = createGuessAllowance(() => 0);
    for (let at = 0; at < 10; at++) expect(guesses.spend('a', 'first')).toBe(true);
    expect(guesses.spend('a', 'first')).toBe(false);
    for (let at = 0; at < 9_999; at++) guesses.spend('a', `id ${at}`);
    expect(guesses.spend('a', 'first')).toBe(false);
    for (let at = 0; at < 10_000; at++) guesses.spend('a', `id ${at}`);
    expect(guesses.spend('a', 'first')).toBe(true);
  });

  test('end after an hour, which is told, and with the process', async () => {
    let nowMs = 0;
    const stage = await start({ address: { nowMs: () => nowMs } });
    const token = await stage.token();
    nowMs = TOKEN_SECONDS * 1000 - 1;
    expect((await stage.ask('/3/footprints', { token })).status).toBe(200);
    nowMs += 1;
    const late = await stage.ask('/3/footprints', { token });
    expect(late.status).toBe(401);
    expect(late.headers['www-authenticate']).toBe('Bearer');
    expect(bodyOf(late)).toMatchObject({ code: 'TokenExpired' });
    await stage.restart();
    expect(bodyOf(await stage.ask('/3/footprints', { token }))).toMatchObject({ code: 'BadRequest' });
  });

  test('are for what a partner may do', async () => {
    const stage = await start();
    const reading = await stage.token('oem', 'read');
    expect(bodyOf(await post(stage, reading, request('r')))).toMatchObject({ code: 'AccessDenied' });
    const telling = await stage.token('oem', 'events');
    expect((await stage.ask('/3/footprints', { token: telling })).status).toBe(403);
    expect((await post(stage, telling, request('r'))).status).toBe(200);
  });

  test('of a partner are bounded, its oldest going first; those of others stay', () => {
    let nowMs = 0;
    const partner = (id: string): PactPartner => ({ id, secret: id, sees: 'all', scopes: [], events: null });
    const [one, two] = [partner('one'), partner('two')];
    const book = openTokenBook([one, two], () => nowMs);
    const foreign = book.issue({ partner: two, scopes: [] });
    const all = Array.from({ length: 51 }, () => book.issue({ partner: one, scopes: [] }));
    expect(new Set(all).size).toBe(51);
    expect(book.find(all[0] ?? '')).toBe('invalid');
    for (const token of [...all.slice(1), foreign]) expect(book.find(token)).toMatchObject({ scopes: [] });
    nowMs = 2 * TOKEN_SECONDS * 1000 + 1;
    const last = book.issue({ partner: one, scopes: [] });
    expect(book.find(foreign)).toBe('invalid');
    expect(book.find(last)).toMatchObject({ partner: one });
  });
});

describe('what a partner may not see', () => {
  test('is not there: neither in lists, by id, by filters, in pages nor in answers to requests', async () => {
    const stage = await start();
    const token = await stage.token('other');
    const listed = await stage.ask('/3/footprints', { token });
    expect(idsOf(listed)).toHaveLength(2);
    expect(listed.text).not.toContain(machine.id);
    const hidden = await stage.ask(`/3/footprints/${machine.id}`, { token });
    const none = await stage.ask('/3/footprints/00000000-0000-0000-0000-000000000000', { token });
    expect(hidden.status).toBe(404);
    expect(hidden.text).toBe(none.text);
    expect(idsOf(await stage.ask(`/3/footprints?productId=${machine.productIds[0]}`, { token }))).toEqual([]);
    expect((await stage.ask('/3/footprints?limit=2', { token })).headers['link']).toBeUndefined();
  });

  test('a partner without an address for events is told so, and nothing waits', async () => {
    const stage = await start({
      partners: () => [{ id: 'oem', secret: SECRETS.oem, sees: 'all', scopes: ['events'], events: null }],
    });
    const reply = await post(stage, await stage.token(), request('r'));
    expect(reply.status).toBe(501);
    expect(bodyOf(reply)).toMatchObject({ code: 'NotImplemented' });
    expect(stage.host.stats().events.waiting).toBe(0);
  });

  test('events go to the configured address, whatever a message names as its source', async () => {
    const stage = await start();
    await post(stage, await stage.token(), request('r-1'));
    await post(stage, await stage.token(), request('r-1'));
    await stage.host.deliver();
    // The one that was asked for again is the same event again.
    expect(
      new Set(stage.partner.events.map(({ id, data }) => `${id} ${String(data['requestEventId'])}`)).size,
    ).toBe(1);
    expect(stage.logged.join()).not.toContain('169.254');
  });

  test('answers that nobody takes hold no footprint on disk, and are sent with those as they are then', async () => {
    const stage = await start();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(stage.dataFolder, 'pact/pact.db'));
    const token = await stage.token();
    stage.partner.answer({ status: 503 });
    for (const id of ['r-0', 'r-1']) expect((await post(stage, token, request(id))).status).toBe(200);
    const { bytes } = db
      .prepare("SELECT sum(length(body)) AS bytes FROM event WHERE state = 'waiting'")
      .get() as { bytes: number };
    expect(bytes / 2).toBeLessThan(600);
    // One that waits since before answers were kept so.
    db.prepare(
      "UPDATE event SET body = json_set(body, '$.data.pfs', json(?)) WHERE rowid = (SELECT max(rowid) FROM event)",
    ).run(`[${stage.host.book.textOf(machine.id)}]`);
    await stage.host.deliver();
    expect(stage.partner.events).toEqual([]);
    db.prepare('UPDATE footprint SET deprecated_ms = 9 WHERE id = ?').run(machine.id);
    db.prepare('UPDATE event SET due_ms = 0').run();
    db.close();
    stage.partner.answer({ status: 200 });
    await stage.restart();
    await stage.host.deliver();
    expect(stage.partner.events).toHaveLength(2);
    const [first, last] = [stage.partner.events[0], stage.partner.events.at(-1)].map(
      (event) => event?.data as { requestEventId: string; pfs: ProductFootprint[] },
    );
    expect(first?.requestEventId).toBe('r-0');
    expect(first?.pfs).toHaveLength(3);
    expect(first?.pfs.find(({ id }) => id === machine.id)).toEqual({ ...machine, status: 'Deprecated' });
    expect(last).toMatchObject({ requestEventId: 'r-1', pfs: [{ ...machine, status: 'Active' }] });
  });

  test('a request that too many fit is rejected, not answered with everything', async () => {
    const stage = await start({ isEmpty: true });
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(stage.dataFolder, 'pact/pact.db'));
    const book = new FootprintBook(db);
    for (let at = 0; at < 101; at++) {
      const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
      book.publish({ subject: id, issue: 1, content: '', footprint: { ...machine, id } }, at, () => {});
    }
    db.close();
    const token = await stage.token();
    await post(stage, token, request('r-many'));
    await stage.host.deliver();
    expect(stage.partner.events).toMatchObject([
      {
        data: {
          requestEventId: 'r-many',
          error: { code: 'BadRequest', message: expect.stringContaining('101') },
        },
      },
    ]);
    const page = await stage.ask('/3/footprints', { token });
    expect(idsOf(page)).toHaveLength(100);
    expect(page.headers['link']).toContain('cursor=');
  });
});

describe('secrets', () => {
  test('stand in no answer, no log, no event and no file of the host', async () => {
    const stage = await start();
    const token = await stage.token();
    const replies = [
      await stage.ask('/3/footprints', { token }),
      await stage.ask('/3/footprints', { token: `${token}x` }),
      await obtain(stage, basicOf('oem', `${SECRETS.oem}x`)),
      await post(stage, token, request('r')),
      await post(stage, token, '{"broken'),
      await stage.ask('/nothing', { token }),
      await stage.ask('/.well-known/openid-configuration'),
      await stage.ask('/schemas/footprint-record-1.json'),
    ];
    stage.partner.answerTokens(401);
    await stage.host.deliver();
    const folder = join(stage.dataFolder, 'pact');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    const everything = [
      ...replies.map((reply) => reply.text + JSON.stringify(reply.headers)),
      ...stage.logged,
      ...files,
      ...stage.partner.seen.map(({ body }) => body),
    ].join('\n');
    expect(everything).not.toContain('canary');
    expect(everything).not.toContain(token);
    expect(stage.logged.length).toBeGreaterThan(0);
    // The only place is the header that is for it.
    expect(stage.partner.seen.map(({ authorization }) => authorization)).toContain(
      basicOf('plant', 'canary-secret-at-the-partner-0123'),
    );
  });

  test('a fault of ours says nothing of our insides, and is logged without what was asked', async () => {
    const stage = await start();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(stage.dataFolder, 'pact/pact.db'));
    db.exec("DROP TRIGGER footprint_update; UPDATE footprint SET body = replace(body, '0', '1')");
    db.close();
    const token = await stage.token();
    const reply = await stage.ask(`/3/footprints/${machine.id}?secret=canary`, { token });
    expect(reply.status).toBe(500);
    expect(bodyOf(reply)).toMatchObject({ code: 'InternalError' });
    expect(reply.text).not.toMatch(/published|sqlite|pact\.db/);
    expect(stage.logged.join('\n')).toContain('not as it was published');
    expect(stage.logged.join('\n')).not.toContain('canary');
  });
});

describe('the server', () => {
  test('has headers that keep answers from caches, frames and sniffing, and says what it serves', async () => {
    const stage = await start();
    const reply = await stage.ask('/3/footprints', { token: await stage.token() });
    expect(reply.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=31536000',
      'content-type': 'application/json',
    });
    const schema = bodyOf(await stage.ask('/schemas/footprint-record-1.json'));
    expect(schema['$id']).toBe('https://pact.example.com/schemas/footprint-record-1.json');
    for (const [method, path] of [
      ['PUT', '/3/footprints'],
      ['DELETE', '/3/footprints/x'],
      ['HEAD', '/3/footprints'],
      ['OPTIONS', '/auth/token'],
      ['GET', '/api/v1/machines'],
      ['GET', '/3/footprints/../../etc/passwd'],
      ['GET', '/metrics'],
    ] as const)
      expect((await stage.ask(path, { method, token: await stage.token() })).status, path).toBe(404);
  });

  test('reads no body of whoever has no token, and none that is too large', async () => {
    const stage = await start();
    const huge = Buffer.alloc(4_000_000, 'a');
    const reply = await stage
      .ask('/3/events', { method: 'POST', token: 'wrong', headers: EVENT, body: huge })
      .catch((error: unknown) => error as Error);
    // Answered before the body is read, or the connection is closed on it.
    if (reply instanceof Error) expect(reply.message).toMatch(/EPIPE|ECONNRESET|socket/);
    else expect(reply.status).toBe(401);
    const token = await stage.token();
    for (const [path, size] of [
      ['/3/events', 1_048_577],
      ['/auth/token', 8_193],
    ] as const) {
      const answer = await stage.ask(path, {
        method: 'POST',
        token,
        headers: EVENT,
        body: Buffer.alloc(size, 'a'),
      });
      expect(answer.status, path).toBe(413);
      expect(bodyOf(answer)).toMatchObject({ code: 'BadRequest' });
    }
  });

  test('takes no hostile JSON, and no polluted prototype comes of it', async () => {
    const stage = await start();
    const token = await stage.token();
    const hostile = [
      '{"__proto__":{"polluted":true}}',
      '[[[['.repeat(100_000),
      `{"data":${'{"a":'.repeat(50_000)}`,
      '"text"',
      'null',
      '{"specversion":"1.0","id":{"toString":1},"source":[],"time":9e999,"type":"constructor","data":[]}',
    ];
    for (const body of hostile) expect((await post(stage, token, body)).status).toBe(400);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((await post(stage, token, request('r'), { 'content-type': 'text/html' })).status).toBe(400);
    expect((await stage.ask('/3/events', { method: 'POST', token })).status).toBe(400);
  });

  test('ends whoever sends headers without end, or slowly, or greets and says nothing', async () => {
    const stage = await start({ address: { requestTimeoutMs: 700 } });
    const slow = await dial(stage);
    slow.on('error', () => {});
    slow.write('GET /3/footprints HTTP/1.1\r\nhost: a\r\n');
    const drip = setInterval(() => slow.write('x: y\r\n'), 100);
    const slowMs = await ended(slow);
    clearInterval(drip);
    expect(slowMs).toBeLessThan(3_000);

    const silent = connectPlain({ host: '127.0.0.1', port: stage.server.port });
    silent.on('error', () => {});
    expect(await ended(silent)).toBeLessThan(3_000);

    const bomb = await dial(stage);
    bomb.on('error', () => {});
    bomb.write(`GET /3/footprints HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);
    expect(await ended(bomb)).toBeLessThan(3_000);

    // A body that never comes.
    const token = await stage.token();
    const waiting = await dial(stage);
    waiting.on('error', () => {});
    waiting.write(
      `POST /3/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: ${EVENT['content-type']}\r\ncontent-length: 100\r\n\r\n{`,
    );
    expect(await ended(waiting)).toBeLessThan(3_000);
    expect((await stage.ask('/3/footprints', { token })).status).toBe(200);
  }, 20_000);

  test('speaks TLS 1.2 and newer, and nothing in the clear', async () => {
    const stage = await start();
    const options = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(dial(stage, options)).rejects.toThrow();
    (await dial(stage, { maxVersion: 'TLSv1.2' })).destroy();
    const plain = connectPlain({ host: '127.0.0.1', port: stage.server.port });
    let got = '';
    plain.on('data', (chunk) => (got += String(chunk)));
    plain.on('error', () => {});
    plain.write(`GET /3/footprints HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x\r\n\r\n`);
    await ended(plain);
    expect(got).not.toMatch(/HTTP|data/);
  });

  test('bounds how much one partner asks, and serves the others', async () => {
    let nowMs = 0;
    const stage = await start({ address: { nowMs: () => nowMs } });
    const [greedy, modest] = [await stage.token('oem'), await stage.token('other')];
    const statuses: number[] = [];
    for (let at = 0; at < 202; at++)
      statuses.push((await stage.ask('/3/footprints/none', { token: greedy })).status);
    expect(statuses.filter((status) => status === 404)).toHaveLength(200);
    expect(statuses.slice(200)).toEqual([429, 429]);
    expect((await stage.ask('/3/footprints/none', { token: modest })).status).toBe(404);
    nowMs += 1_000;
    expect((await stage.ask('/3/footprints/none', { token: greedy })).status).toBe(404);
  }, 30_000);

  test('refuses a port that is taken, with a cure', async () => {
    const stage = await start();
    await expect(start({ address: { port: stage.server.port } })).rejects.toMatchObject({
      code: 'pact-port',
      cure: expect.stringContaining('pact.port'),
    });
  });
});

test('one address holds a part of the places, and leaves the others to others', async () => {
  const stage = await start();
  const connect = (localAddress: string) =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connectPlain({ host: '127.0.0.1', port: stage.server.port, localAddress }, () =>
        resolve(socket),
      );
      socket.once('error', reject);
    });
  const isClosed = (socket: Socket) =>
    new Promise<boolean>((resolve) => {
      socket.once('close', () => resolve(true));
      socket.on('error', () => {});
      setTimeout(() => resolve(false), 500);
    });
  const sockets = await Promise.all(Array.from({ length: 50 }, () => connect('127.0.0.2')));
  const [more, other] = await Promise.all([connect('127.0.0.2'), connect('127.0.0.3')]);
  expect(await Promise.all([more, other, ...sockets.slice(0, 2)].map((one) => isClosed(one)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  sockets[0]?.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await isClosed(await connect('127.0.0.2'))).toBe(false);
  for (const socket of [...sockets, other]) socket?.destroy();
});
