import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startAgent } from '../../agent/agent.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { statusChannelId } from '../../protocols/telemetry/channel.ts';
import { systemTimers } from '../../protocols/timers.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { testConfig } from './agent-config.ts';
import { startReceiptingCollector } from './receipting-collector.ts';
import { scriptedDriver } from './scripted-driver.ts';

const LIMIT_BYTES = 8000;
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe.skipIf(requireTool('mosquitto') === undefined)(
  'a mosquitto that takes no large records, over MQTT 3.1.1',
  () => {
    // The first ends the connection, the second says PUBACK and delivers nothing.
    test.each(['max_packet_size', 'message_size_limit'])(
      '%s: all others arrive, the large one waits, and comes when the limit is gone',
      async (setting) => {
        const state = { isLimited: true, laterMs: 0 };
        const broker = await startMosquitto({
          write: ({ port }) =>
            `listener ${port} 127.0.0.1\nallow_anonymous true\n${state.isLimited ? `${setting} ${LIMIT_BYTES}` : ''}`,
        });
        closers.push(() => broker.stop());
        const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-limits-'));
        closers.push(() => rmSync(dataFolder, { recursive: true, force: true }));
        const collector = startReceiptingCollector({ url: broker.url, site: 'pune', agent: 'gw1' });
        closers.push(() => collector.close());
        const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
        const driver = scriptedDriver({ clock, machine: 'mill' });
        const said: string[] = [];
        const agent = await startAgent({
          config: testConfig({ url: broker.url }),
          dataFolder,
          drivers: [driver],
          connect: (link) => connectLink(link, { backOffBaseMs: 20, backOffCapMs: 50 }),
          clock,
          timers: { ...systemTimers, nowMs: () => performance.now() + state.laterMs },
          log: { ...silentLog, warn: (_, message) => said.push(message) },
          version: '0.1.0',
          resendAfterMs: 1000,
        });
        closers.push(() => agent.stop());
        const seal = async () => {
          clock.stepTo(clock.wallMs() + 1000);
          await agent.pollAll();
          agent.sealNow();
        };
        await awaitUntil('both are connected', () => collector.connected() && agent.stats().connected);
        for (let record = 0; record < 20; record++) {
          if (record === 10)
            for (let word = 0; word < 60; word++)
              driver.report(
                statusChannelId('mill', 'control', 'execution'),
                randomBytes(250).toString('base64'),
              );
          await seal();
        }
        await awaitUntil(
          'it is found',
          () => {
            void seal();
            return agent.stats().publisher.apart === 1 && agent.stats().records.pending <= 2;
          },
          40_000,
        );
        await awaitUntil('all others have come', () => agent.stats().records.pending === 1);
        expect(agent.stats().records.rejected).toBe(0);
        expect(said.join('\n')).toMatch(
          setting === 'max_packet_size'
            ? /ends the connection at this record/
            : /not receipted, though later ones are/,
        );
        state.isLimited = false;
        await broker.restart();
        state.laterMs = 3_700_000;
        await awaitUntil('it has come too', () => agent.stats().records.pending === 0, 20_000);
        expect(collector.records.size).toBe(agent.stats().records.sealed);
        const { samples } = agent.stats();
        expect(samples).toMatchObject({ receipted: samples.sampled, dropped: 0 });
      },
      90_000,
    );
  },
);
