import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pauseMs, startDelivery, type EventDelivery } from '../../../collector/pact/deliver-events.ts';
import { EventQueue } from '../../../collector/pact/event-queue.ts';
import { openPactFile } from '../../../collector/pact/pact-file.ts';
import type { PartnerEvents } from '../../../collector/pact/pact-plan.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { AT_PARTNER, startPartner, type PartnerServer } from '../http/pact/pact-partner.ts';

const HOUR_MS = 3_600_000;
let authority: Authority;
let tls: ReturnType<Authority['issue']>;
let partner: PartnerServer;
let folder: string;
let db: DatabaseSync;
let queue: EventQueue;
let delivery: EventDelivery | undefined;
let nowMs: number;
let logged: string[];

beforeAll(() => {
  authority = createAuthority(execFileSync('which', ['openssl'], { encoding: 'utf8' }).trim(), 'partner-ca');
  tls = authority.issue({ names: 'IP:127.0.0.1', commonName: 'oem' });
});
afterAll(() => authority.dispose());
beforeEach(async () => {
  partner = await startPartner(tls);
  folder = mkdtempSync(join(tmpdir(), 'millwatt-events-'));
  db = openPactFile(folder);
  queue = new EventQueue(db);
  nowMs = Date.UTC(2026, 6, 1);
  logged = [];
});
afterEach(async () => {
  await delivery?.stop();
  db.close();
  await partner.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(change: Partial<PartnerEvents> = {}, other?: Partial<PartnerEvents>): EventDelivery {
  const events = {
    url: `${partner.url}/3/events`,
    tokenUrl: `${partner.url}/auth/token`,
    ...AT_PARTNER,
    ca: authority.cert,
  };
  const one = (id: string, more: Partial<PartnerEvents>) => ({
    id,
    secret: 's',
    sees: 'all' as const,
    scopes: ['read' as const],
    events: { ...events, ...more },
  });
  const note = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`);
  delivery = startDelivery({
    queue,
    partners: [one('oem', change), ...(other === undefined ? [] : [one('other', other)])],
    wallMs: () => nowMs,
    random: () => 0.5,
    log: { debug: note, info: note, warn: note, error: note },
  });
  return delivery;
}

const add = (id: string, to = 'oem') =>
  queue.add(to, { id, data: { of: id } } as unknown as Parameters<EventQueue['add']>[1], nowMs);
const taken = () => partner.events.map(({ id }) => id);
/** What is said of an event, from the file. */
const saying = () => (db.prepare('SELECT saying FROM event').get() as { saying: string }).saying;

/** Tries at once, and after each pause, as often as there are pauses. */
async function runFor(hours: number): Promise<number> {
  const untilMs = nowMs + hours * HOUR_MS;
  let tries = 0;
  while (nowMs <= untilMs && queue.counts().waiting > 0) {
    await delivery?.run();
    tries += 1;
    nowMs += 20 * 60_000;
  }
  return tries;
}

describe('events for partners', () => {
  test('are sent in the order of making, with one token', async () => {
    for (const id of ['c', 'a', 'b']) {
      add(id);
      nowMs += 1;
    }
    await start().run();
    expect(taken()).toEqual(['c', 'a', 'b']);
    expect(partner.seen.filter(({ path }) => path === '/auth/token')).toHaveLength(1);
    expect(queue.counts()).toMatchObject({ waiting: 0, delivered: 3 });
  });

  test('are sent in that order too where a try fails in between: the partner is put off, not the event', async () => {
    const running = start();
    // With what is made later first in the order of names and of times: the clock goes back.
    add('z');
    partner.answer({ status: 503 });
    await running.run();
    partner.answer({ status: 200 });
    nowMs -= 1_000;
    add('y');
    await running.run();
    expect(taken()).toEqual([]);
    nowMs += 9_000;
    partner.answerTokens(401);
    partner.setToken('token-of-the-partner-2');
    await running.run();
    partner.answerTokens(200);
    add('a');
    await running.run();
    expect(taken()).toEqual([]);
    nowMs += HOUR_MS;
    await running.run();
    expect(taken()).toEqual(['z', 'y', 'a']);
    // One that is asked for once more comes behind those that wait.
    partner.answer({ status: 429 });
    add('b');
    await running.run();
    add('z');
    partner.answer({ status: 200 });
    nowMs += HOUR_MS;
    await running.run();
    expect(taken()).toEqual(['z', 'y', 'a', 'b', 'z']);
  });

  test('wait for a partner that fails, hangs up or is away, and arrive once it is back', async () => {
    add('e');
    partner.answer({ status: 503 });
    const running = start();
    await running.run();
    expect(queue.counts().waiting).toBe(1);
    expect(saying()).toBe('it answered 503');
    // Not before the pause is over.
    const before = partner.seen.length;
    await running.run();
    expect(partner.seen).toHaveLength(before);
    for (const how of [
      'hang up',
      { status: 302, headers: { location: `${partner.url}/elsewhere` } },
    ] as const) {
      partner.answer(how);
      nowMs += HOUR_MS;
      await running.run();
    }
    expect(partner.seen.map(({ path }) => path)).not.toContain('/elsewhere');
    const { url } = partner;
    await partner.close();
    nowMs += HOUR_MS;
    await running.run();
    expect(saying()).toBe(
      'the token endpoint: no connection (ECONNREFUSED)'.replace('the token endpoint: ', ''),
    );
    partner = await startPartner(tls, Number(new URL(url).port));
    nowMs += HOUR_MS;
    await running.run();
    expect(taken()).toEqual(['e']);
  });

  test('survive a restart, and nothing is sent twice', async () => {
    add('e');
    add('f');
    partner.answer('hang up');
    await start().run();
    await delivery?.stop();
    db.close();
    db = openPactFile(folder);
    queue = new EventQueue(db);
    expect(queue.counts().waiting).toBe(2);
    partner.answer({ status: 200 });
    nowMs += HOUR_MS;
    await start().run();
    await delivery?.stop();
    await start().run();
    expect(taken()).toEqual(['e', 'f']);
  });

  test('that are refused for good are not sent again', async () => {
    add('e');
    partner.answer({ status: 400 });
    await start().run();
    nowMs += HOUR_MS;
    await delivery?.run();
    expect(queue.counts()).toMatchObject({ waiting: 0, refused: 1 });
    expect(partner.seen.filter(({ path }) => path === '/3/events')).toHaveLength(1);
  });

  test('are sent with a new token where the old one is refused', async () => {
    add('e');
    const running = start();
    await running.run();
    partner.setToken('token-of-the-partner-2');
    add('f');
    await running.run();
    expect(taken()).toEqual(['e', 'f']);
    expect(partner.seen.at(-1)?.authorization).toBe('Bearer token-of-the-partner-2');
  });

  test('wait where the partner does not know us, and say so without a secret', async () => {
    add('e');
    const running = start({ clientSecret: 'canary-wrong-secret' });
    await running.run();
    expect(queue.counts().waiting).toBe(1);
    expect(saying()).toBe('the token endpoint answered 401');
    for (const answer of ['not json', '{"access_token":"two\\nlines"}', '[]', '{"access_token":7}']) {
      partner.answerTokens(200, answer);
      nowMs += HOUR_MS;
      await running.run();
      expect(saying()).toBe('the token endpoint answered without a token');
    }
    expect(logged.join('\n')).toContain('"partner":"oem"');
    expect(logged.join('\n')).not.toMatch(/canary|token-of-the-partner/);
  });

  test('are not sent to a server that another authority vouches for', async () => {
    add('e');
    await start({ ca: undefined }).run();
    expect(partner.seen).toEqual([]);
    expect(saying()).toMatch(/no connection \(\w*(VERIFY|SELF_SIGNED|UNABLE)/);
  });

  test('are given up after 72 hours, and not before', async () => {
    add('e');
    partner.answer({ status: 500 });
    start();
    const tries = await runFor(71);
    expect(queue.counts()).toMatchObject({ waiting: 1, expired: 0 });
    expect(tries).toBeGreaterThan(60);
    await runFor(3);
    expect(queue.counts()).toMatchObject({ waiting: 0, expired: 1 });
    expect(logged.at(-1)).toContain('72 hours');
  }, 30_000);

  test('heed how long a partner asks to wait, up to an hour', async () => {
    add('e');
    partner.answer({ status: 429, headers: { 'retry-after': '600' } });
    await start().run();
    nowMs += 599_000;
    await delivery?.run();
    expect(partner.seen.filter(({ path }) => path === '/3/events')).toHaveLength(1);
    partner.answer({ status: 200 });
    nowMs += 2_000;
    await delivery?.run();
    expect(taken()).toEqual(['e']);
  });

  test('of one partner do not wait for another that never answers', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    add('stuck', 'other');
    add('e');
    start({}, { url: `https://127.0.0.1:${port}/`, tokenUrl: `https://127.0.0.1:${port}/` });
    const until = async (delivered: number) => {
      const deadline = performance.now() + 20_000;
      while (queue.counts().delivered < delivered && performance.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(1);
    add('f');
    delivery?.wake();
    await until(2);
    expect(taken()).toEqual(['e', 'f']);
    // Stopping does not wait for it either.
    const startMs = performance.now();
    await delivery?.stop();
    expect(performance.now() - startMs).toBeLessThan(10_000);
    silent.close();
    expect(queue.counts().waiting).toBe(1);
  }, 40_000);

  test('are sent once where the disk takes nothing, and marked once it does again', async () => {
    add('e');
    db.exec('PRAGMA query_only = 1');
    const running = start();
    // Before, each failure was followed by the next try at once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(logged.filter((line) => line.includes('seen to'))).toHaveLength(1);
    nowMs += 61_000;
    await running.run();
    db.exec('PRAGMA query_only = 0');
    nowMs += 61_000;
    await running.run();
    expect(taken()).toEqual(['e']);
    expect(queue.counts()).toMatchObject({ waiting: 0, delivered: 1 });
  });

  test('are due after all where the clock was set back', async () => {
    nowMs += 365 * 24 * HOUR_MS;
    add('e');
    nowMs -= 365 * 24 * HOUR_MS;
    await start().run();
    expect(taken()).toEqual(['e']);
  });

  test('for a partner that is no longer configured are ended', async () => {
    add('e', 'gone');
    await start().run();
    expect(queue.counts()).toMatchObject({ waiting: 0, refused: 1 });
  });

  test('have pauses that grow to an hour, differ by chance, and never are none', () => {
    expect([0, 1, 2, 20].map((tries) => pauseMs(tries, 0))).toEqual([5_000, 10_000, 20_000, 1_800_000]);
    expect(pauseMs(20, 0.999_999)).toBeCloseTo(3_600_000, -1);
    expect(pauseMs(0, 0, 86_400)).toBe(3_600_000);
  });
});
