import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../agent/agent.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { connectLink, type LinkTiming } from '../../protocols/mqtt/mqtt-link.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.ts';
import { testConfig } from './agent-config.ts';
import { checkChain } from './chain-check.ts';
import { startReceiptingCollector } from './receipting-collector.ts';
import { scriptedDriver } from './scripted-driver.ts';

const SEED = Number(process.env['MILLWATT_TEST_SEED'] ?? 7);

/** Records that are sealed while a fault lasts, at least. */
const READS_MIN = 20;

/** Back-off and deadlines in tenths and less of what a plant has, so that CI need not wait for them. */
const QUICK: LinkTiming = {
  backOffBaseMs: 50,
  backOffCapMs: 200,
  connectDeadlineMs: 1000,
  subscribeDeadlineMs: 1000,
  publishDeadlineMs: 1000,
};

interface Case {
  name: string;
  fault: () => Fault;
  /** So long it lasts while the agent seals a record every 25 ms, real ms. */
  forMs?: number;
  /** From when the network is well until all is receipted, real ms at most. */
  withinMs: number;
  /** Before the agent connects, not after it. */
  fromStart?: boolean;
  timing?: LinkTiming;
  /** The same fault again and again: set anew every so many ms. */
  againEveryMs?: number;
}

function stalls(): () => number {
  let state = SEED;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // A lost segment comes again after a timeout of the kernel's, 200 ms at least.
    return state / 2 ** 32 < 0.1 ? 200 : 0;
  };
}

const CASES: Case[] = [
  { name: 'connections refused', fault: () => ({ refuse: true }), forMs: 1500, withinMs: 5000 },
  { name: 'a black hole without RST', fault: () => ({ blackhole: true }), forMs: 2500, withinMs: 5000 },
  {
    name: 'a reset in the middle of a packet',
    fault: () => ({ resetAfterBytes: 5000 }),
    forMs: 2000,
    withinMs: 5000,
  },
  {
    name: 'half-closed connections',
    fault: () => ({ halfCloseAfterBytes: 5000 }),
    forMs: 2000,
    withinMs: 5000,
  },
  { name: 'one byte a second', fault: () => ({ trickle: true }), forMs: 3000, withinMs: 5000 },
  {
    name: 'a latency of 2 s',
    fault: () => ({ delayMs: () => 1000 }),
    forMs: 3000,
    withinMs: 10_000,
    timing: { connectDeadlineMs: 10_000, subscribeDeadlineMs: 10_000, publishDeadlineMs: 30_000 },
  },
  {
    name: '10 % of segments lost, as stalls',
    fault: () => ({ delayMs: stalls() }),
    forMs: 3000,
    withinMs: 10_000,
  },
  {
    name: 'PUBACK withheld',
    fault: () => ({ fromBroker: (packet) => (packet.cmd === 'puback' ? [] : [packet]) }),
    forMs: 2500,
    withinMs: 5000,
    fromStart: true,
  },
  {
    name: 'PUBACK twice',
    fault: () => ({ fromBroker: (packet) => (packet.cmd === 'puback' ? [packet, packet] : [packet]) }),
    withinMs: 5000,
    fromStart: true,
  },
  {
    name: 'PUBACK with the packet id of another message',
    fault: () => ({
      fromBroker: (packet) =>
        packet.cmd === 'puback'
          ? [{ ...packet, messageId: ((packet.messageId ?? 0) % 60_000) + 7 }]
          : [packet],
    }),
    forMs: 2500,
    withinMs: 5000,
    fromStart: true,
  },
  ...[3, 5].map((returnCode) => ({
    name: `CONNACK refused with code ${returnCode}`,
    fault: (): Fault => ({
      fromBroker: (packet) => (packet.cmd === 'connack' ? [{ ...packet, returnCode }] : [packet]),
    }),
    withinMs: 5000,
    fromStart: true,
  })),
  {
    name: 'sessions lost again and again',
    fault: () => ({ refuse: true }),
    forMs: 2000,
    withinMs: 5000,
    againEveryMs: 150,
  },
  {
    name: 'a broker that takes all and delivers nothing',
    fault: () => ({
      fromClient: (packet, answer) => {
        if (packet.cmd !== 'publish' || packet.qos !== 1) return [packet];
        answer({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        return [];
      },
    }),
    withinMs: 8000,
    fromStart: true,
  },
];

/** Who is behind the proxy. */
describe.each(['agent', 'collector'] as const)('with the %s behind a network of', (side) => {
  // Together: they mostly wait.
  test.concurrent.for(CASES)(
    '$name: nothing is lost, nothing comes twice, and it is back in time',
    { timeout: 30_000 },
    async (
      { fault, forMs = 1500, withinMs, fromStart = false, timing, againEveryMs },
      { onTestFinished },
    ) => {
      const closers: (() => Promise<unknown> | void)[] = [];
      onTestFinished(async () => {
        for (const close of closers.splice(0).reverse()) await close();
      });
      const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
      closers.push(() => broker.close());
      const proxy = await startFaultProxy(broker.port);
      closers.push(() => proxy.close());
      if (fromStart) proxy.set(fault());
      const linkTiming = { ...QUICK, ...timing };
      const through = (at: 'agent' | 'collector') =>
        `mqtt://127.0.0.1:${at === side ? proxy.port : broker.port}`;
      const hashes = new Map<string, string>();
      let changed = 0;
      const collector = startReceiptingCollector({
        url: through('collector'),
        site: 'pune',
        agent: 'gw1',
        timing: linkTiming,
        receipts: ({ frame, hash }) => {
          const name = `${frame.header.epoch}/${frame.header.seq}`;
          if ((hashes.get(name) ?? hash) !== hash) changed += 1;
          hashes.set(name, hash);
          return true;
        },
      });
      closers.push(() => collector.close());
      const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-network-'));
      closers.push(() => rmSync(dataFolder, { recursive: true, force: true }));
      const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
      const agent = await startAgent({
        config: testConfig({ url: through('agent') }),
        dataFolder,
        drivers: [scriptedDriver({ clock, machine: 'mill' })],
        connect: (link) => connectLink(link, linkTiming),
        clock,
        log: silentLog,
        version: '0.1.0',
        // A sixth of it is the time to a probe.
        resendAfterMs: 3000,
      });
      closers.push(() => agent.stop());
      const read = async () => {
        clock.stepTo(clock.wallMs() + 1000);
        await agent.pollAll();
        agent.sealNow();
      };
      if (!fromStart) {
        await awaitUntil('it is connected', () => collector.connected() && agent.stats().connected);
        await read();
      }
      await keepAt(proxy, fault, { forMs, againEveryMs, read });

      proxy.set({});
      const healedMs = performance.now();
      const records = () => agent.stats().records;
      while (records().pending > 0) {
        expect(performance.now() - healedMs, `back within ${withinMs} ms`).toBeLessThan(withinMs);
        await pause(20);
      }
      const { samples } = agent.stats();
      expect(samples.receipted).toBe(samples.sampled);
      expect(changed).toBe(0);
      const headers = checkChain(
        [...collector.records.values()]
          .sort((a, b) => a.frame.header.seq - b.frame.header.seq)
          .map(({ bytes }) => bytes),
      );
      expect(headers).toHaveLength(records().sealed);
      expect(headers.length).toBeGreaterThan(15);
    },
  );
});

async function keepAt(
  proxy: FaultProxy,
  fault: () => Fault,
  options: { forMs: number; againEveryMs: number | undefined; read: () => Promise<void> },
): Promise<void> {
  const { forMs, againEveryMs = Infinity, read } = options;
  proxy.set(fault());
  const beganMs = performance.now();
  let againMs = beganMs + againEveryMs;
  for (let reads = 0; performance.now() - beganMs < forMs || reads < READS_MIN; reads++) {
    if (performance.now() >= againMs) {
      // Let in, and thrown out.
      proxy.set({});
      await pause(againEveryMs / 2);
      proxy.set(fault());
      againMs = performance.now() + againEveryMs;
    }
    await read();
    await pause(25);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
