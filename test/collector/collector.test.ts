import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { openViews } from '../../collector/ledger/sqlite-views.ts';
import type { HttpSurroundings, ReaderSurroundings } from '../../collector/collector.ts';
import { ChainFeed } from './ledger/chain-feed.ts';
import { recordLog } from './ledger/recorded-log.ts';
import { makeTempFolder } from './ledger/temp-folder.ts';
import { TestAgent } from './test-agent.ts';
import { startTestCollector } from './test-collector.ts';

const WAIT = { timeout: 20_000, interval: 20 };

async function openBroker() {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  onTestFinished(() => broker.close());
  return `mqtt://127.0.0.1:${broker.port}`;
}

/** A reader of the ledger that takes everything in when it is woken. */
function startReader(name: string, ended: string[]) {
  return ({ ledger, views }: ReaderSurroundings) => {
    const reader = name === 'derivation' ? 'derive' : 'influx-samples';
    const takeIn = () => {
      for (const { ordinal } of ledger.readAfter(views.cursor(reader), 1000))
        views.setCursor(reader, ordinal);
    };
    return {
      wake: takeIn,
      idle: async () => takeIn(),
      health: () => {},
      stop: () => void ended.push(name),
      stats: () => ({ recordsRead: views.cursor(reader), label: name }),
    };
  };
}

test('new records wake the readers, figures reach the metrics, and everything ends in order', async () => {
  const brokerUrl = await openBroker();
  const ended: string[] = [];
  let http: HttpSurroundings | undefined;
  const collector = await startTestCollector({
    brokerUrl,
    dataFolder: makeTempFolder(),
    parts: {
      startDerivation: startReader('derivation', ended),
      startProjector: startReader('projector', ended),
      startHttp: async (surroundings) => {
        http = surroundings;
        return { port: 1, stop: async () => void ended.push('http') };
      },
    },
  });
  onTestFinished(() => collector.stop());
  const agent = new TestAgent({ brokerUrl });
  onTestFinished(() => agent.link.close());
  await expect.poll(() => agent.link.connected() && collector.stats().broker.connected, WAIT).toBe(true);
  await agent.send(...new ChainFeed().take(12));
  await expect.poll(() => agent.of(collector.publicKey, 'epoch0000001').length, WAIT).toBe(12);
  await collector.idle();
  expect(collector.stats()).toMatchObject({
    lagRecords: { derive: 0, influx: 0 },
    derivation: { recordsRead: 12 },
    influx: { recordsRead: 12 },
  });
  const metrics = new Map(http?.metrics().map(({ name, values }) => [name, values]));
  expect(metrics.get('millwatt_admission_messages_total')).toContainEqual({
    labels: { fate: 'admitted' },
    value: 12,
  });
  expect(metrics.get('millwatt_derivation_records_read')).toEqual([{ value: 12 }]);
  expect(metrics.has('millwatt_derivation_label')).toBe(false);
  expect(http?.ledger()).toMatchObject({ records: 12, samples: 120, lastOrdinal: 12 });
  expect(http?.agents()).toMatchObject([
    { id: 'gw-1', chain: { headSeq: 12, contiguousSeq: 12 }, key: { confirmed: false } },
  ]);
  await collector.stop();
  expect(ended).toEqual(['http', 'projector', 'derivation']);
});

test('what is in the ledger already is read at the start', async () => {
  const brokerUrl = await openBroker();
  const dataFolder = makeTempFolder();
  const first = await startTestCollector({ brokerUrl, dataFolder });
  onTestFinished(() => first.stop());
  const agent = new TestAgent({ brokerUrl });
  onTestFinished(() => agent.link.close());
  await expect.poll(() => agent.link.connected() && first.stats().broker.connected, WAIT).toBe(true);
  await agent.send(...new ChainFeed().take(3));
  await expect.poll(() => first.stats().ledger.records, WAIT).toBe(3);
  await first.stop();
  const parts = { startDerivation: startReader('derivation', []) };
  const second = await startTestCollector({ brokerUrl, dataFolder, parts });
  onTestFinished(() => second.stop());
  expect(second.stats().lagRecords).toEqual({ derive: 0 });
});

test('views that are ahead of the ledger belong to another one: they are computed again', async () => {
  const dataFolder = makeTempFolder();
  const views = openViews({ folder: dataFolder });
  views.setCursor('derive', 99);
  views.close();
  const log = recordLog();
  const collector = await startTestCollector({ brokerUrl: await openBroker(), dataFolder, log });
  onTestFinished(() => collector.stop());
  expect(log.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', message: expect.stringContaining('again') }),
  );
  await collector.stop();
  const again = openViews({ folder: dataFolder });
  onTestFinished(() => again.close());
  expect(again.cursor('derive')).toBe(0);
});

test('a part that refuses to start leaves nothing running and the ledger free', async () => {
  const brokerUrl = await openBroker();
  const dataFolder = makeTempFolder();
  const refusal = new MillwattError('refuse', 'http-port', 'Port 80 is taken.');
  const parts = { startHttp: () => Promise.reject(refusal) };
  await expect(startTestCollector({ brokerUrl, dataFolder, parts })).rejects.toBe(refusal);
  const collector = await startTestCollector({ brokerUrl, dataFolder });
  await collector.stop();
});

test('without a broker the collector runs, says why, and stops', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const collector = await startTestCollector({
    brokerUrl: `mqtt://127.0.0.1:${port}`,
    dataFolder: join(makeTempFolder(), 'new', 'folder'),
  });
  await expect.poll(() => collector.stats().broker.reason, WAIT).not.toBe('not connected yet');
  expect(collector.stats().broker.connected).toBe(false);
  await collector.stop();
});

test('a ledger whose writer broke is told once, nothing is receipted, and a new start goes on', async () => {
  const brokerUrl = await openBroker();
  const dataFolder = makeTempFolder();
  const crashes: MillwattError[] = [];
  const collector = await startTestCollector({
    brokerUrl,
    dataFolder,
    clock: { ...systemClock, wallMs: () => Number.NaN },
    onCrash: (error) => void crashes.push(error),
  });
  onTestFinished(() => collector.stop());
  const agent = new TestAgent({ brokerUrl });
  onTestFinished(() => agent.link.close());
  await expect.poll(() => agent.link.connected() && collector.stats().broker.connected, WAIT).toBe(true);
  const records = new ChainFeed().take(4);
  await agent.send(...records);
  await expect.poll(() => collector.stats().admission.failed, WAIT).toBe(4);
  expect(crashes).toMatchObject([{ remedy: 'crash', code: 'ledger-thread' }]);
  expect(agent.receipts).toEqual([]);
  await collector.stop();
  const again = await startTestCollector({ brokerUrl, dataFolder });
  onTestFinished(() => again.stop());
  await expect.poll(() => again.stats().broker.connected, WAIT).toBe(true);
  await agent.send(...records);
  await expect.poll(() => agent.of(again.publicKey, 'epoch0000001'), WAIT).toEqual([1, 2, 3, 4]);
});
