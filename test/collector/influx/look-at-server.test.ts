import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openInfluxStore } from '../../../collector/influx/http-influx-store.ts';
import { createPatientWriter } from '../../../collector/influx/patient-writer.ts';
import { startProjector } from '../../../collector/influx/projector.ts';
import { silentLog } from '../../../protocols/log.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { startFakeInflux } from './fake-influx.ts';
import { createMemoryLedger } from './memory-ledger.ts';

test('a server that is not reached shows before anything has to be written, for how long, and that it is back', async () => {
  let aheadMs = 0;
  let url = `http://127.0.0.1:${await closedPort()}`;
  const open = () => openInfluxStore({ url, version: 1, database: 'millwatt', timeoutMs: 2000 }, () => 0);
  const writer = createPatientWriter({
    store: { ...open(), health: () => open().health() },
    quarantine: { add: () => {} },
    log: silentLog,
    waits: { retryMs: 1, retryMaxMs: 1, haltMs: 1 },
    random: () => 0,
    timers: { ...systemTimers, nowMs: () => aheadMs },
    onEmpty: () => {},
  });
  expect(writer.stats()).toMatchObject({ state: 'ok', failingSeconds: 0 });
  await writer.look();
  aheadMs = 700_000;
  expect(writer.stats()).toMatchObject({ state: 'retry', failingSeconds: 700 });
  expect(writer.stats().reason).toContain(url);

  const fake = await startFakeInflux([]);
  onTestFinished(() => fake.stop());
  ({ url } = fake);
  await vi.waitFor(async () => {
    await writer.look();
    expect(writer.stats()).toMatchObject({ state: 'ok', reason: '', failingSeconds: 0 });
  });
});

test('a collector that starts while InfluxDB is not reached says so with nothing to write', async () => {
  const { ledger, views } = createMemoryLedger();
  const url = `http://127.0.0.1:${await closedPort()}`;
  const projector = startProjector({
    ledger,
    views,
    store: openInfluxStore({ url, version: 1, database: 'millwatt', timeoutMs: 2000 }, () => 0),
    quarantine: { add: () => {} },
    site: 'plant',
    clock: { wallMs: () => 0 },
    log: silentLog,
  });
  onTestFinished(() => projector.stop());
  await vi.waitFor(() => {
    expect(projector.stats()).toMatchObject({ state: 'retry', requests: 0 });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
