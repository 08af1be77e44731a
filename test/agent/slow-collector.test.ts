import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../../agent/agent.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { topicOf } from '../../protocols/telemetry/topics.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { testConfig } from './agent-config.ts';
import { scriptedDriver } from './scripted-driver.ts';

type Closers = (() => Promise<unknown> | void)[];

const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
/** What a batch takes, and after how much silence a connection is given up: in a plant 5 s and 45 s. */
const HANDLING_MS = LONG ? 5000 : 2000;
const KEEPALIVE_S = 3;
const RECORDS = 200;

const BROKERS = [
  {
    name: 'the embedded broker',
    isMissing: false,
    start: async (closers: Closers) => {
      const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
      closers.push(() => broker.close());
      return `mqtt://127.0.0.1:${broker.port}`;
    },
  },
  {
    name: 'mosquitto',
    isMissing: requireTool('mosquitto') === undefined,
    start: async (closers: Closers) => {
      const broker = await startMosquitto();
      closers.push(() => broker.stop());
      return broker.url;
    },
  },
];

// Together: they mostly wait.
test.concurrent.for(BROKERS.filter(({ isMissing }) => !isMissing))(
  'with $name a collector that takes seconds for each batch closes the window of the agent, and loses no connection',
  { timeout: 90_000 },
  async ({ start }, { onTestFinished }) => {
    const closers: Closers = [];
    onTestFinished(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });
    const url = await start(closers);
    const key = generateSigningKey();
    const seen = new Map<number, number>();
    const states: string[] = [];
    let handlingMs = HANDLING_MS;
    const centre = connectLink(
      {
        url,
        clientId: 'collector',
        username: 'collector',
        subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
        onMessage: async ({ payload }) => {
          const frame = parseRecord(Uint8Array.from(payload));
          const { epoch, seq } = frame.header;
          seen.set(seq, (seen.get(seq) ?? 0) + 1);
          await pause(handlingMs);
          const accepted = [{ from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) }];
          const head = { site: 'pune', collector: 'collector', agent: 'gw1', epoch, at: Date.now() };
          const receipt = sealReceipt({ ...head, accepted, rejected: [], requested: [] }, key);
          // Not waited for: the answer may stand behind the messages that wait (see LinkOptions.onMessage).
          void centre.publish(topicOf('pune', 'gw1', 'receipt'), receipt, { qos: 1 }).catch(() => {});
        },
        onState: ({ connected, reason }) => void states.push(connected ? 'up' : reason),
      },
      { keepaliveS: KEEPALIVE_S },
    );
    closers.push(() => centre.close());
    const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-slow-'));
    closers.push(() => rmSync(dataFolder, { recursive: true, force: true }));
    const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
    const agentStates: string[] = [];
    const agent = await startAgent({
      config: testConfig({ url, spool: { durability: 'os' } }),
      dataFolder,
      drivers: [scriptedDriver({ clock, machine: 'mill' })],
      connect: (link) =>
        connectLink(
          {
            ...link,
            onState: (state) => {
              agentStates.push(state.connected ? 'up' : state.reason);
              link.onState(state);
            },
          },
          { keepaliveS: KEEPALIVE_S },
        ),
      clock,
      log: silentLog,
      version: '0.1.0',
    });
    closers.push(() => agent.stop());
    await awaitUntil('both are connected', () => centre.connected() && agent.stats().connected);
    for (let record = 0; record < RECORDS; record++) {
      clock.stepTo(clock.wallMs() + 1000);
      await agent.pollAll();
      agent.sealNow();
      // All of them are in this process: the others must have their turn.
      await pause(0);
    }
    // Three handlings and a half: longer than the silence that either side allows (one and a half keep-alives).
    await pause(3.5 * HANDLING_MS);
    const { inFlight, published, resent } = agent.stats().publisher;
    console.log(
      `T19: ${HANDLING_MS} ms a batch: ${published} of ${RECORDS} published, ${inFlight} in flight, ${resent} again`,
    );
    expect(inFlight).toBeLessThanOrEqual(20);
    // What the broker holds is bounded by the window, however long the backlog.
    expect(published - seen.size).toBeLessThanOrEqual(20);
    expect(published).toBeLessThan(RECORDS);
    expect(states).toEqual(['up']);
    expect(agentStates).toEqual(['up']);

    handlingMs = 0;
    await awaitUntil('all is receipted', () => agent.stats().records.pending === 0, 30_000);
    expect(seen.size).toBe(agent.stats().records.sealed);
    expect(states).toEqual(['up']);
    expect(agentStates).toEqual(['up']);
  },
);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
