import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import type { RunningCollector } from '../../collector/collector.ts';
import type { SealedRecord } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { liveTopicOf, topicOf } from '../../protocols/telemetry/topics.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { ChainFeed } from './ledger/chain-feed.ts';
import { makeTempFolder } from './ledger/temp-folder.ts';
import { TestAgent } from './test-agent.ts';
import { startTestCollector } from './test-collector.ts';

const mosquitto = requireTool('mosquitto');
const BROKERS = [
  {
    name: 'the embedded broker',
    present: true,
    start: async () => {
      const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
      return { url: `mqtt://127.0.0.1:${broker.port}`, stop: () => broker.close() };
    },
  },
  {
    name: 'mosquitto',
    present: mosquitto !== undefined,
    start: async () => {
      const broker = await startMosquitto();
      return { url: broker.url, stop: () => broker.stop() };
    },
  },
];
const WAIT = { timeout: 20_000, interval: 20 };

const spoilt = ({ bytes }: SealedRecord, at: number) =>
  bytes.map((byte, index) => (index === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

describe.each(BROKERS)('over $name', ({ present, start }) => {
  async function openBroker() {
    const broker = await start();
    onTestFinished(broker.stop);
    return broker.url;
  }

  async function openAgent(brokerUrl: string, agent = 'gw-1') {
    const one = new TestAgent({ brokerUrl, agent });
    onTestFinished(() => one.link.close());
    await expect.poll(() => one.link.connected(), WAIT).toBe(true);
    return one;
  }

  async function openCollector(brokerUrl: string, dataFolder = makeTempFolder()) {
    const collector = await startTestCollector({ brokerUrl, dataFolder });
    onTestFinished(() => collector.stop());
    await expect.poll(() => collector.stats().broker.connected, WAIT).toBe(true);
    return Object.assign(collector, { dataFolder });
  }

  const isConserved = (collector: RunningCollector) => {
    const { messages, admitted, duplicates, rejected, shed, failed, deciding } = collector.stats().admission;
    const sum = Object.values(rejected).reduce((total, count) => total + count, 0);
    return messages === admitted + duplicates + sum + shed + failed + deciding;
  };

  test.skipIf(!present)(
    'records in order, shuffled and twice are stored once and receipted; after a restart they are known',
    async () => {
      const url = await openBroker();
      const collector = await openCollector(url);
      const agent = await openAgent(url);
      const records = new ChainFeed().take(60);
      const seqs = records.map(({ header }) => header.seq);
      const epoch = 'epoch0000001';
      await agent.send(...records.slice(0, 20));
      const rest = records.slice(20);
      // A fixed shuffle: every seventh, wrapping round.
      const shuffled = rest
        .map((_, index) => rest[(index * 7) % rest.length])
        .filter((one) => one !== undefined);
      await agent.send(...shuffled);
      await expect.poll(() => agent.of(collector.publicKey, epoch), WAIT).toEqual(seqs);
      agent.receipted.clear();
      await agent.send(...records);
      await expect.poll(() => agent.of(collector.publicKey, epoch), WAIT).toEqual(seqs);
      expect(collector.stats()).toMatchObject({
        admission: { messages: 120, admitted: 60, samples: 600, duplicates: 60, rejected: {} },
        ledger: { records: 60, samples: 600, pending: 0, missing: 0, appending: 0 },
      });
      await collector.stop();
      const again = await openCollector(url, collector.dataFolder);
      expect(again.publicKey).toBe(collector.publicKey);
      agent.receipted.clear();
      await agent.send(...records);
      await expect.poll(() => agent.of(again.publicKey, epoch), WAIT).toEqual(seqs);
      expect(again.stats()).toMatchObject({
        admission: { admitted: 0, duplicates: 60 },
        ledger: { records: 60 },
      });
      await again.stop();
      const ledger = await openLedger({ folder: join(collector.dataFolder, 'ledger'), log: silentLog });
      onTestFinished(() => ledger.close());
      const stored = new Map(
        ledger.readAfter(0, 100).map(({ header, bytes }) => [header.seq, Buffer.from(bytes)]),
      );
      expect(records.map(({ header }) => stored.get(header.seq))).toEqual(
        records.map(({ bytes }) => Buffer.from(bytes)),
      );
    },
  );

  test.skipIf(!present)(
    'forks, spoilt and foreign records are told apart; sound ones between them go on',
    async () => {
      const url = await openBroker();
      const collector = await openCollector(url);
      const agent = await openAgent(url);
      const feed = new ChainFeed();
      const [one, two, three] = feed.take(3);
      if (!one || !two || !three) throw new Error('three records');
      const fork = new ChainFeed({ key: feed.key }).next({ machine: 'lathe' });
      const intruder = new ChainFeed();
      intruder.take(3);
      const foreign = intruder.next();
      const stranger = new ChainFeed({ epoch: 'epoch0000002' }).next();
      const ofAnother = new ChainFeed({ agent: 'gw-2', epoch: 'epoch0000003' }).next();
      await agent.send(one);
      await expect.poll(() => agent.of(collector.publicKey, 'epoch0000001'), WAIT).toEqual([1]);
      await agent.send(fork, foreign, stranger);
      await agent.sendBytes(spoilt(two, -1));
      await agent.sendBytes(spoilt(one, -1));
      await agent.sendBytes(Buffer.from('nonsense'));
      await agent.sendBytes(ofAnother.bytes);
      await agent.send(three);
      await expect.poll(() => agent.of(collector.publicKey, 'epoch0000001'), WAIT).toEqual([1, 3]);
      await expect.poll(() => agent.rejections().length, WAIT).toBe(4);
      expect(agent.rejections()).toEqual(
        expect.arrayContaining([
          { seq: 1, hash: fork.hash, reason: 'fork' },
          { seq: 4, hash: foreign.hash, reason: 'fork' },
          { seq: 2, hash: two.hash, reason: 'bad-part-hash' },
          { seq: 1, hash: ofAnother.hash, reason: 'wrong-topic' },
        ]),
      );
      expect(agent.of(collector.publicKey, 'epoch0000002')).toEqual([1]);
      const stats = collector.stats();
      expect(stats).toMatchObject({
        admission: {
          admitted: 3,
          forks: 2,
          rejected: { fork: 2, 'bad-part-hash': 2, 'malformed-record': 1, 'wrong-topic': 1 },
        },
        quarantine: { files: 6, discarded: 0 },
        ledger: { records: 3, pending: 1, missing: 1 },
        findings: 1,
        otherKeys: 1,
      });
      expect(isConserved(collector)).toBe(true);
      await agent.send(two);
      await expect.poll(() => agent.of(collector.publicKey, 'epoch0000001'), WAIT).toEqual([1, 2, 3]);
      expect(collector.stats().ledger).toMatchObject({ records: 4, pending: 0, missing: 0 });
    },
  );

  test.skipIf(!present)(
    'a second collector has its own key and ledger, and pushes nobody off the broker',
    async () => {
      const url = await openBroker();
      const first = await openCollector(url);
      const second = await openCollector(url);
      expect(second.publicKey).not.toBe(first.publicKey);
      const agent = await openAgent(url);
      await agent.send(...new ChainFeed().take(10));
      for (const { publicKey } of [first, second])
        await expect.poll(() => agent.of(publicKey, 'epoch0000001').length, WAIT).toBe(10);
      expect([first.stats().broker.connected, second.stats().broker.connected]).toEqual([true, true]);
      await expect(
        startTestCollector({ brokerUrl: url, dataFolder: first.dataFolder }),
      ).rejects.toMatchObject({ code: 'folder-in-use' });
    },
  );

  test.skipIf(!present)('status, will, health and live values are followed', async () => {
    const url = await openBroker();
    const seen: string[] = [];
    const dataFolder = makeTempFolder();
    let agents: () => { id: string; online: boolean; lastSeenMs: number | null }[] = () => [];
    const collector = await startTestCollector({
      brokerUrl: url,
      dataFolder,
      parts: {
        startHttp: async (surroundings) => {
          agents = surroundings.agents;
          surroundings.live.onLive(({ kind, agent }) => void seen.push(`${kind} of ${agent}`));
          return { port: 4711, stop: async () => {} };
        },
      },
    });
    onTestFinished(() => collector.stop());
    expect(collector.httpPort).toBe(4711);
    const agent = await openAgent(url);
    const status = {
      v: 1,
      online: true,
      version: '0.1.0',
      boot: 'boot00000001',
      epoch: 'epoch0000001',
      seq: 1,
    };
    const live = { v: 1, machine: 'mill', at: 5, values: {}, down: [] };
    await agent.link.publish(topicOf('plant', 'gw-1', 'status'), JSON.stringify(status), {
      qos: 1,
      retain: true,
    });
    await expect
      .poll(async () => {
        await agent.link.publish(liveTopicOf('plant', 'gw-1', 'mill'), JSON.stringify(live), { qos: 0 });
        return seen;
      }, WAIT)
      .toEqual(expect.arrayContaining(['status of gw-1', 'live of gw-1']));
    expect(agents()).toMatchObject([{ id: 'gw-1', online: true }]);
    // The status is retained: it is there when the agent is gone in order.
    const offline = {
      topic: topicOf('plant', 'gw-1', 'status'),
      payload: '{"v":1,"online":false}',
      retain: true,
    };
    await agent.link.close(offline);
    await expect.poll(() => agents()[0]?.online, WAIT).toBe(false);
  });
});
