import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startAgent, type AgentOptions, type RunningAgent } from '../../agent/agent.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import type { Driver } from '../../protocols/driver.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { testConfig } from './agent-config.ts';
import { checkChain } from './chain-check.ts';
import { findingDriver } from './finding-driver.ts';
import { partsOf, startReceiptingCollector } from './receipting-collector.ts';
import { scriptedDriver } from './scripted-driver.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startPlant(clock: SteppedClock, drivers: Driver[], options: Partial<AgentOptions> = {}) {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  closers.push(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const collector = startReceiptingCollector({ url, site: 'pune', agent: 'gw1' });
  closers.push(() => collector.close());
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-agent-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const agent = await startAgent({
    config: testConfig({ url }),
    dataFolder: folder,
    connect: (link) => connectLink(link, { backOffBaseMs: 50, backOffCapMs: 200 }),
    log: silentLog,
    version: '0.1.0',
    clock,
    drivers,
    ...options,
  });
  closers.push(() => agent.stop());
  const records = async () => {
    agent.sealNow();
    await awaitUntil('all is receipted', () => agent.stats().records.pending === 0);
    return [...collector.records.values()].sort((a, b) => a.frame.header.seq - b.frame.header.seq);
  };
  return { agent, collector, records };
}

async function pollAt(agent: RunningAgent, clock: SteppedClock, second: number): Promise<void> {
  clock.stepTo(START_MS + second * 1000);
  await agent.pollAll();
}

test('what a source finds is sealed as a new snapshot, and what was read before stays under the old one', async () => {
  const clock = new SteppedClock(START_MS);
  const control = findingDriver({ clock, machine: 'mill', source: 'cnc' });
  const meter = scriptedDriver({ clock, machine: 'mill' });
  const { agent, collector, records } = await startPlant(clock, [meter, control]);
  for (let second = 0; second < 10; second++) await pollAt(agent, clock, second);
  control.offer({ powers: ['spindle'], words: ['program'] });
  for (let second = 10; second < 20; second++) await pollAt(agent, clock, second);
  control.report('program', 'O1234', 19_000);
  // Its unit is another after an update: the same channel with another scale.
  control.offer({ powers: ['spindle'], words: ['program'], scale: ['1000', '1'] });
  for (let second = 20; second < 30; second++) await pollAt(agent, clock, second);

  const all = await records();
  const headers = checkChain(all.map(({ bytes }) => bytes));
  const configs = all.filter(({ frame }) => frame.header.kind === 'config');
  const snapshots = configs.map(({ frame }) => decodeSnapshot(unfoldPart(frame.parts[0]!)));
  expect(snapshots.map(({ channels }) => channels.length)).toEqual([3, 5, 5]);
  expect(snapshots[2]?.channels.find(({ id }) => id === 'mill.spindle.activePower')).toMatchObject({
    scale: ['1000', '1'],
  });
  // Each record of readings names the snapshot under which all that it holds was read.
  const seconds = new Map<string, number[]>();
  for (const { frame } of all.filter((record) => record.frame.header.kind === 'readings')) {
    for (const { sampled } of partsOf({ frame })) {
      for (const { source, timesMs } of sampled) {
        if (source !== 'cnc') continue;
        const known = seconds.get(frame.header.config) ?? [];
        seconds.set(frame.header.config, [...known, ...timesMs.map((atMs) => atMs / 1000)]);
      }
    }
  }
  expect([...seconds.values()]).toEqual([range(10, 20), range(20, 30)]);
  expect([...new Set(headers.map(({ config }) => config))]).toHaveLength(3);
  // The copy for people follows.
  await awaitUntil('the newest wiring is published', () => {
    const copies = collector.others.filter(({ topic }) => topic.endsWith('/config'));
    return copies.at(-1)?.text.includes('"1000"') === true;
  });
  const healthOf = () =>
    collector.others
      .filter(({ topic }) => topic.endsWith('/health'))
      .flatMap(({ text }) => (JSON.parse(text) as HealthMessage).sources)
      .findLast(({ id }) => id === 'cnc');
  await awaitUntil('health tells of the source', () => healthOf() !== undefined);
  expect(healthOf()).toMatchObject({ insecure: true, remarks: ['It is spoken to without security.'] });
});

test('a found channel that a meter feeds already stays the meter’s', async () => {
  const clock = new SteppedClock(START_MS);
  const told: object[] = [];
  const control = findingDriver({ clock, machine: 'mill', source: 'cnc' });
  const meter = scriptedDriver({ clock, machine: 'mill' });
  const log = { ...silentLog, info: (fields: object) => void told.push(fields) };
  const { agent, records } = await startPlant(clock, [control, meter], { log });
  control.offer({ powers: ['supply', 'spindle'], words: ['execution'] });
  for (let second = 0; second < 5; second++) await pollAt(agent, clock, second);
  control.report('execution', 'ACTIVE', 4000);
  meter.report('mill.control.execution', 'RUN');
  const parts = (await records()).flatMap(({ bytes }) => partsOf({ frame: parseRecord(bytes) }));
  const columns = parts.flatMap(({ sampled }) =>
    sampled.flatMap(({ source, columns: of }) => [...of.keys()].map((channel) => `${source} ${channel}`)),
  );
  expect(new Set(columns)).toEqual(
    new Set([
      'cnc mill.spindle.activePower',
      'mill-meter mill.supply.activePower',
      'mill-meter mill.supply.activeEnergyImport',
    ]),
  );
  expect(parts.flatMap(({ events }) => events.map(({ source, values }) => [source, values]))).toEqual([
    ['mill-meter', ['RUN']],
  ]);
  expect(told).toContainEqual({ source: 'cnc', channel: 'mill.supply.activePower' });
});

test('words of an outage come with their own times: the watermark waits for them, ten minutes at most', async () => {
  const clock = new SteppedClock(START_MS);
  const control = findingDriver({ clock, machine: 'mill', source: 'cnc' });
  const { agent, records } = await startPlant(clock, [control]);
  control.offer({ words: ['execution'] });
  await pollAt(agent, clock, 0);
  control.report('execution', 'READY', 0);
  control.fail('timeout');
  control.tellFrom(1000);
  for (let second = 1; second <= 300; second++) await pollAt(agent, clock, second);
  const before = await records();
  expect(before.at(-1)?.frame.header.sealedTo).toBeLessThanOrEqual(1000);
  control.fail(undefined, true);
  control.report('execution', 'ACTIVE', 100_000);
  control.tellFrom(300_000);
  await pollAt(agent, clock, 301);
  const after = await records();
  const parts = after.flatMap(({ bytes }) => partsOf({ frame: parseRecord(bytes) }));
  expect(parts.flatMap(({ events }) => events.flatMap(({ timesMs }) => timesMs))).toEqual([0, 100_000]);
  expect(parts.flatMap(({ links }) => links.flatMap(({ reasons }) => reasons))).toEqual([
    '',
    'timeout',
    'healed',
  ]);
  // A source that is gone for longer holds nobody's hours open.
  control.fail('timeout');
  for (let second = 302; second <= 1302; second += 10) await pollAt(agent, clock, second);
  const last = (await records()).at(-1)?.frame.header.sealedTo ?? 0;
  expect(last).toBeGreaterThan(600_000);
  expect(last).toBeLessThanOrEqual(1_302_000 - 600_000);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
