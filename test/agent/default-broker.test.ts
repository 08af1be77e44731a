import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { startAgent, type RunningAgent } from '../../agent/agent.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { startMosquitto, type Mosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { testConfig } from './agent-config.ts';
import { checkChain } from './chain-check.ts';
import { startReceiptingCollector, type ReceiptingCollector } from './receipting-collector.ts';
import { scriptedDriver } from './scripted-driver.ts';

const MESSAGES = 3000;
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A listener, and that anyone may use it: nothing else is said, so all the rest is as it comes. */
async function startDefault(): Promise<Mosquitto> {
  const broker = await startMosquitto({
    write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true`,
  });
  closers.push(() => broker.stop());
  return broker;
}

async function start(url: string): Promise<{ agent: RunningAgent; seal: (count: number) => Promise<void> }> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-default-broker-'));
  closers.push(() => rmSync(dataFolder, { recursive: true, force: true }));
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const agent = await startAgent({
    // The disk is not what is tried here.
    config: testConfig({ url, spool: { durability: 'os' } }),
    dataFolder,
    drivers: [scriptedDriver({ clock, machine: 'mill' })],
    connect: (link) => connectLink(link, { backOffBaseMs: 50, backOffCapMs: 200, publishDeadlineMs: 3000 }),
    clock,
    log: silentLog,
    version: '0.1.0',
    resendAfterMs: 3000,
  });
  closers.push(() => agent.stop());
  const seal = async (count: number) => {
    for (let record = 0; record < count; record++) {
      clock.stepTo(clock.wallMs() + 1000);
      await agent.pollAll();
      agent.sealNow();
    }
  };
  return { agent, seal };
}

function expectWhole(agent: RunningAgent, records: ReceiptingCollector['records']): void {
  const { samples, records: counts } = agent.stats();
  expect(samples.receipted).toBe(samples.sampled);
  const chain = checkChain(
    [...records.values()].sort((a, b) => a.frame.header.seq - b.frame.header.seq).map(({ bytes }) => bytes),
  );
  expect(chain).toHaveLength(counts.sealed);
}

/** What the same broker does to plain QoS 1 with a persistent session: the number of messages that arrive. */
async function arrivalsOfPlainQos1(
  broker: Mosquitto,
  count: number,
  between: () => Promise<void>,
): Promise<number> {
  const session = { clientId: 'plain', clean: false, reconnectPeriod: 0 };
  const before = await connectAsync(broker.url, session);
  await before.subscribeAsync('plain', { qos: 1 });
  await before.endAsync();
  const publisher = await connectAsync(broker.url, { reconnectPeriod: 0 });
  await Promise.all(
    Array.from({ length: count }, (_, n) => publisher.publishAsync('plain', `${n}`, { qos: 1 })),
  );
  publisher.on('error', () => {});
  await publisher.endAsync(true);
  await between();
  let arrived = 0;
  const after = await connectAsync(broker.url, { ...session, manualConnect: false });
  after.on('message', () => {
    arrived += 1;
  });
  await after.subscribeAsync('plain', { qos: 1 });
  let last = -1;
  while (arrived !== last) {
    last = arrived;
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
  }
  await after.endAsync(true);
  return arrived;
}

describe.skipIf(requireTool('mosquitto') === undefined)('mosquitto with its default settings', () => {
  test('a collector that is away for 3,000 records misses none', async () => {
    const broker = await startDefault();
    const key = generateSigningKey();
    const first = startReceiptingCollector({ url: broker.url, site: 'pune', agent: 'gw1', key });
    const { agent, seal } = await start(broker.url);
    await awaitUntil('both are connected', () => first.connected() && agent.stats().connected);
    await seal(5);
    await awaitUntil('all is receipted', () => agent.stats().records.pending === 0);
    await first.close();
    await seal(MESSAGES);
    expect(agent.stats().records.pending).toBe(MESSAGES);
    const second = startReceiptingCollector({ url: broker.url, site: 'pune', agent: 'gw1', key });
    closers.push(() => second.close());
    const backMs = performance.now();
    await awaitUntil('all is receipted', () => agent.stats().records.pending === 0, 60_000);
    const drainedMs = performance.now() - backMs;
    expectWhole(agent, new Map([...first.records, ...second.records]));
    const plain = await arrivalsOfPlainQos1(broker, MESSAGES, () => Promise.resolve());
    console.log(
      `T10: collector away for ${MESSAGES} records: 0 lost, drained in ${drainedMs.toFixed(0)} ms, ${second.arrivals()} arrivals; of ${MESSAGES} plain QoS 1 messages the same broker dropped ${MESSAGES - plain}`,
    );
    expect(plain).toBeLessThan(MESSAGES);
  }, 120_000);

  test('a broker killed after its PUBACK loses none', async () => {
    const broker = await startDefault();
    const { agent, seal } = await start(broker.url);
    await awaitUntil('it is connected', () => agent.stats().connected);
    let taken = 0;
    // Nobody listens: what the broker acknowledges is in its memory alone.
    for (let kill = 0; kill < 5; kill++) {
      await seal(100);
      await awaitUntil('the window is full', () => agent.stats().publisher.inFlight > 10);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
      taken += agent.stats().publisher.inFlight;
      await broker.kill9();
      await broker.restart();
      await awaitUntil('it is back', () => agent.stats().connected);
    }
    const collector = startReceiptingCollector({ url: broker.url, site: 'pune', agent: 'gw1' });
    closers.push(() => collector.close());
    for (let kill = 0; kill < 5; kill++) {
      await awaitUntil('some have come', () => collector.records.size > kill * 60);
      await broker.kill9();
      await seal(20);
      await broker.restart();
    }
    await awaitUntil('all is receipted', () => agent.stats().records.pending === 0, 60_000);
    expectWhole(agent, collector.records);
    const plain = await arrivalsOfPlainQos1(broker, 500, async () => {
      await broker.kill9();
      await broker.restart();
    });
    console.log(
      `T10: mosquitto killed 10 times, ${taken} records acknowledged into nothing: 0 of ${agent.stats().records.sealed} lost, ${collector.arrivals()} arrivals; of 500 plain QoS 1 messages it lost ${500 - plain}`,
    );
    expect(plain).toBeLessThan(500);
  }, 120_000);
});
