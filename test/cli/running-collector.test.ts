import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { askAlarms, askFullSpools, askRetention, askRunningCollector } from '../../cli/running-collector.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(answers: Readonly<Record<string, string>>, token?: string): Promise<number> {
  const server = createServer((request, response) => {
    const allowed =
      token === undefined ||
      request.url === '/healthz' ||
      request.headers.authorization === `Bearer ${token}`;
    const answer = answers[request.url ?? ''];
    response.statusCode = answer === undefined || !allowed ? 401 : 200;
    response.end(allowed ? answer : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, token?: string) =>
  askRunningCollector({ host: '127.0.0.1', port, token, cert: undefined });
const SITE = '{"site":"plant-1","publicKey":"abc"}';

test('a collector tells its site, with its token where it has one', async () => {
  expect(await ask(await serve({ '/healthz': '{"status":"ok"}', '/api/v1/site': SITE }))).toBe('plant-1');
  const guarded = await serve({ '/healthz': '{"status":"ok"}', '/api/v1/site': SITE }, 'secret');
  expect(await ask(guarded, 'secret')).toBe('plant-1');
  expect(await ask(guarded)).toBeUndefined();
});

test('other programs are no collector', async () => {
  expect(await ask(await serve({ '/healthz': '{"status":"ok"}' }))).toBeUndefined();
  expect(await ask(await serve({ '/healthz': 'ok', '/api/v1/site': SITE }))).toBeUndefined();
  expect(await ask(await serve({ '/healthz': `"${'x'.repeat(20_000)}"` }))).toBeUndefined();
});

test('tells the spools that are full, of agents that told of themselves', async () => {
  const full = { since: 5, until: null, over: false, thinned: 7, dropped: 0 };
  const agents = [
    { id: 'a', health: null },
    { id: 'b', health: { spool: { bytes: 1 } } },
    { id: 'c', health: { spool: { full } } },
  ];
  const port = await serve({ '/api/v1/agents': JSON.stringify({ agents }) });
  expect(await askFullSpools({ host: '127.0.0.1', port, token: undefined, cert: undefined })).toEqual([
    { id: 'c', full },
  ]);
});

test('tells from when on readings are kept, and nothing where all are', async () => {
  const address = { host: '127.0.0.1', token: undefined, cert: undefined };
  const retention = { fullSinceMs: 5, frozenToMs: null, monthsPruned: 1, stuck: '', cure: '' };
  const port = await serve({ '/api/v1/site': JSON.stringify({ site: 'plant-1', retention }) });
  expect(await askRetention({ ...address, port })).toEqual({ fullSinceMs: 5, frozenToMs: null });
  const other = await serve({ '/api/v1/site': SITE });
  expect(await askRetention({ ...address, port: other })).toBeUndefined();
});

test('tells the alarms of one part', async () => {
  const ledger = { reason: 'One record is damaged', cure: 'Put it back.' };
  const alarms = [
    { part: 'influx', reason: 'x', cure: 'y', lagRecords: 3 },
    { part: 'ledger', ...ledger, lagRecords: 0 },
  ];
  const port = await serve({ '/api/v1/alarms': JSON.stringify({ alarms }) });
  const address = { host: '127.0.0.1', port, token: undefined, cert: undefined };
  expect(await askAlarms(address, 'ledger')).toEqual([ledger]);
  expect(await askAlarms(address, 'broker')).toEqual([]);
});
