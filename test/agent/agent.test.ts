import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { startAgent, type AgentOptions, type RunningAgent } from '../../agent/agent.ts';
import { simulatedClock, SteppedClock, systemClock } from '../../protocols/clock.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { rangeDigest } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { startEmbeddedBroker } from '../../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { testConfig } from './agent-config.ts';
import { checkChain } from './chain-check.ts';
import { partsOf, startReceiptingCollector, type ReceiptingCollector } from './receipting-collector.ts';
import { scriptedDriver } from './scripted-driver.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millwatt-agent-'));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function start(
  options: Partial<AgentOptions> & Pick<AgentOptions, 'drivers' | 'clock'>,
): Promise<RunningAgent> {
  const agent = await startAgent({
    config: testConfig(),
    dataFolder: folder(),
    connect: (link) => connectLink(link, { backOffBaseMs: 50, backOffCapMs: 200 }),
    log: silentLog,
    version: '0.1.0',
    ...options,
  });
  closers.push(() => agent.stop());
  return agent;
}

async function startEmbedded(): Promise<string> {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  closers.push(() => broker.close());
  return `mqtt://127.0.0.1:${broker.port}`;
}

async function startReal(): Promise<string> {
  const broker = await startMosquitto();
  closers.push(() => broker.stop());
  return broker.url;
}

function collect(
  url: string,
  options: Partial<Parameters<typeof startReceiptingCollector>[0]> = {},
): ReceiptingCollector {
  const collector = startReceiptingCollector({ url, site: 'pune', agent: 'gw1', ...options });
  closers.push(() => collector.close());
  return collector;
}

function chainOf(collector: ReceiptingCollector): Uint8Array[] {
  return [...collector.records.values()]
    .sort((a, b) => a.frame.header.seq - b.frame.header.seq)
    .map(({ bytes }) => bytes);
}

function holds(agent: RunningAgent): boolean {
  const { sampled, receipted, pending, rejected = 0, dropped } = agent.stats().samples;
  return sampled === receipted + pending + rejected + dropped;
}

const mosquitto = requireTool('mosquitto');

describe.each([
  { name: 'the embedded broker', startBroker: startEmbedded, missing: false },
  { name: 'mosquitto', startBroker: startReal, missing: mosquitto === undefined },
])('through $name', ({ startBroker, missing }) => {
  test.skipIf(missing)(
    'every reading of a stepped day reaches the collector once, and is receipted',
    async () => {
      const url = await startBroker();
      const collector = collect(url);
      const clock = new SteppedClock(START_MS);
      const mill = scriptedDriver({ clock, machine: 'mill' });
      const lathe = scriptedDriver({ clock, machine: 'lathe' });
      const agent = await start({ config: testConfig({ url }), clock, drivers: [mill, lathe] });
      for (let step = 0; step < 900; step++) {
        clock.stepTo(START_MS + step * 1000);
        if (step === 300) mill.report('mill.control.execution', 'ACTIVE');
        if (step === 400) lathe.fail('timeout');
        if (step === 500) lathe.fail(undefined);
        await agent.pollAll();
      }
      agent.sealNow();
      await awaitUntil('all is receipted', () => agent.stats().records.pending === 0);
      expect(holds(agent)).toBe(true);
      expect(agent.stats().samples).toMatchObject({
        sampled: 900 * 2 + 800 * 2 + 1,
        receipted: 900 * 2 + 800 * 2 + 1,
      });

      const headers = checkChain(chainOf(collector));
      expect(headers[0]?.kind).toBe('config');
      const parts = chainOf(collector).flatMap((bytes) => partsOf({ frame: parseRecord(bytes) }));
      const times = parts
        .filter(({ machine }) => machine === 'mill')
        .flatMap(({ sampled }) => sampled.flatMap(({ timesMs }) => timesMs));
      expect(times).toEqual(Array.from({ length: 900 }, (_, step) => step * 1000));
      expect(parts.flatMap(({ events }) => events)).toEqual([
        { channel: 'mill.control.execution', source: 'mill-meter', timesMs: [300_000], values: ['ACTIVE'] },
      ]);
      const links = parts.filter(({ machine }) => machine === 'lathe').flatMap((part) => part.links);
      expect(
        links.flatMap((link) => link.timesMs.map((time, row) => [time, link.up[row], link.reasons[row]])),
      ).toEqual([
        [0, true, ''],
        [400_000, false, 'timeout'],
        [500_000, true, ''],
      ]);
    },
  );
});

test('it polls by itself on a running clock, tells its status, config, live values and health', async () => {
  const url = await startEmbedded();
  const collector = collect(url);
  await awaitUntil('the collector listens', () => collector.connected());
  const driver = scriptedDriver({ clock: systemClock, machine: 'mill', everyMs: 100 });
  const dead = scriptedDriver({ clock: systemClock, machine: 'mill', source: 'dead', everyMs: 100 });
  // The second source of the machine feeds another component; here only its link matters.
  const silent = { ...dead, channels: [] };
  dead.fail('refused');
  const agent = await start({
    config: testConfig({ url }),
    clock: systemClock,
    drivers: [driver, { ...silent, poll: () => dead.poll() }],
    simulated: true,
  });
  driver.report('mill.control.execution', 'READY');
  await awaitUntil('a live message comes', () =>
    collector.others.some(({ topic }) => topic.endsWith('live/mill')),
  );
  await awaitUntil('health comes', () => collector.others.some(({ topic }) => topic.endsWith('health')));
  const message = (leaf: string) =>
    JSON.parse(collector.others.findLast(({ topic }) => topic.endsWith(leaf))?.text ?? 'null');
  expect(message('live/mill')).toMatchObject({
    v: 1,
    machine: 'mill',
    simulated: true,
    values: {
      'mill.supply.activePower': { unit: 'W', quality: 'good' },
      'mill.supply.activeEnergyImport': { unit: 'Wh', quality: 'good' },
      'mill.control.execution': { value: 'READY', unit: 'raw' },
    },
  });
  expect(message('live/mill').values['mill.supply.activeEnergyImport'].value).toBeGreaterThan(4e9);
  expect(message('status')).toMatchObject({ online: true, version: '0.1.0' });
  expect(
    decodeSnapshot(collector.others.find(({ topic }) => topic.endsWith('config'))?.text ?? '').agent,
  ).toBe('gw1');
  await awaitUntil('health knows both sources', () => message('health').sources.length === 2);
  const health = message('health');
  expect(health.host.memoryUsedShare).toBeGreaterThan(0);
  expect(health.host.diskFreeBytes).toBeGreaterThan(0);
  expect(health.receipts).toMatchObject({ forged: 0, foreign: 0 });

  await agent.stop();
  await awaitUntil('it says goodbye', () => message('status').online === false);
  expect(driver.closed()).toBe(true);
  const samples = [...collector.records.values()].reduce((sum, { frame }) => sum + frame.header.samples, 0);
  expect(samples).toBeGreaterThan(10);
});

test('a source that was not polled to an end yet is not told to be down', async () => {
  const url = await startEmbedded();
  const collector = collect(url);
  await awaitUntil('the collector listens', () => collector.connected());
  const hanging = scriptedDriver({ clock: systemClock, machine: 'press', everyMs: 100 });
  hanging.hold();
  await start({ config: testConfig({ url }), clock: systemClock, drivers: [hanging] });
  const messages = (leaf: string) =>
    collector.others.filter(({ topic }) => topic.includes(leaf)).map(({ text }) => JSON.parse(text));
  await awaitUntil('live values and health come', () =>
    ['live/press', 'health'].every((leaf) => messages(leaf).length > 0),
  );
  expect(messages('live/press').every(({ down }) => down.length === 0)).toBe(true);
  expect(messages('health').every(({ sources }) => sources.length === 0)).toBe(true);
  hanging.fail('timeout');
  hanging.release();
  const reason = 'timeout';
  await awaitUntil('its failure is told, with the reason', () =>
    messages('health').some(({ sources }) => sources[0]?.reason === reason),
  );
  await awaitUntil('live values tell it too', () =>
    messages('live/press').some(({ down }) => down[0]?.reason === reason),
  );
});

test('simulated time runs fast to now and then at its own pace, without a hole where it slows down', async () => {
  const url = await startEmbedded();
  const collector = collect(url);
  const now = Date.now();
  // Two hours at 3600 times the pace: two real seconds.
  const clock = simulatedClock({ originMs: now - 2 * 3_600_000, startMs: now, speed: 3600, untilNow: true });
  const driver = scriptedDriver({ clock, machine: 'mill', everyMs: 500 });
  const agent = await start({ config: testConfig({ url }), clock, drivers: [driver], simulated: true });
  await awaitUntil('it has caught up', () => clock.speed() === 1);
  const polls = driver.polls();
  await awaitUntil('it polls at its own pace', () => driver.polls() >= polls + 4);
  await agent.stop();
  const groups = chainOf(collector).flatMap((bytes) =>
    partsOf({ frame: parseRecord(bytes) }).flatMap(({ sampled }) => sampled),
  );
  expect(new Set(groups.map(({ everyMs }) => everyMs))).toEqual(new Set([360_000, 500]));
  const slow = groups.filter(({ everyMs }) => everyMs === 500).flatMap(({ timesMs }) => timesMs);
  const fast = groups.filter(({ everyMs }) => everyMs === 360_000).flatMap(({ timesMs }) => timesMs);
  // More than twice the cadence would be a gap.
  expect((slow[0] ?? 0) - (fast.at(-1) ?? 0)).toBeLessThan(2 * 360_000);
});

test('a dead or hanging device takes nothing from the others', async () => {
  const good = scriptedDriver({ clock: systemClock, machine: 'mill', everyMs: 50 });
  const dead = scriptedDriver({ clock: systemClock, machine: 'lathe', everyMs: 50 });
  const hanging = scriptedDriver({ clock: systemClock, machine: 'press', everyMs: 50 });
  dead.fail('timeout');
  hanging.hold();
  const agent = await start({ clock: systemClock, drivers: [good, dead, hanging] });
  await awaitUntil('many polls', () => good.polls() >= 20);
  expect(hanging.polls()).toBe(1);
  // 250, 500, 1000 ms ... apart: in about a second it was asked a few times only.
  expect(dead.polls()).toBeLessThan(good.polls() / 2);
  dead.fail(undefined);
  const before = good.polls();
  await awaitUntil('it is back at its own cadence', () => dead.polls() >= 20, 30_000);
  expect(good.polls()).toBeGreaterThan(before);
  expect(agent.stats().sources.map(({ id, up, reason }) => [id, up, reason])).toEqual([
    ['mill-meter', true, ''],
    ['lathe-meter', true, ''],
    ['press-meter', false, ''],
  ]);
  hanging.release();
});

describe('receipts', () => {
  async function rig(options: { collectorKey?: string } = {}) {
    const url = await startEmbedded();
    const collector = collect(url, { receipts: () => false });
    const clock = new SteppedClock(START_MS);
    const driver = scriptedDriver({ clock, machine: 'mill' });
    const agent = await start({
      config: testConfig({ url, ...options }),
      clock,
      drivers: [driver],
      resendAfterMs: 300,
    });
    const record = async (steps = 3) => {
      for (let step = 0; step < steps; step++) {
        clock.stepTo(clock.wallMs() + 1000);
        await agent.pollAll();
      }
      agent.sealNow();
    };
    await record();
    await awaitUntil('both records arrive', () => collector.records.size === 2);
    const { epoch } = agent.stats();
    const digest = (from: number, to: number) =>
      rangeDigest(
        Array.from(
          { length: to - from + 1 },
          (_, i) => collector.records.get(`${epoch}/${from + i}`)?.hash ?? '',
        ),
      );
    const faults = () => agent.stats().publisher.receipts;
    return { collector, agent, epoch, digest, faults, record };
  }

  test('forged, foreign, mismatched and malformed ones make the agent forget nothing', async () => {
    const key = generateSigningKey();
    const stranger = generateSigningKey();
    const { collector, agent, epoch, digest, faults } = await rig({ collectorKey: key.publicKey });
    const accepted = [{ from: 1, to: 2, digest: digest(1, 2) }];
    const sends: [string, () => Promise<void>][] = [
      ['malformed', () => collector.sendBytes(Buffer.from('receipt'))],
      ['foreign', () => collector.send({ epoch, accepted }, stranger)],
      ['foreign', () => collector.send({ epoch, accepted, agent: 'gw2' }, key)],
      ['foreign', () => collector.send({ epoch, accepted, site: 'pimpri' }, key)],
      [
        'mismatched',
        () => collector.send({ epoch, accepted: [{ from: 1, to: 2, digest: digest(1, 1) }] }, key),
      ],
      [
        'mismatched',
        () => collector.send({ epoch, accepted: [{ from: 1, to: 3, digest: digest(1, 2) }] }, key),
      ],
      ['mismatched', () => collector.send({ epoch: 'abcdefghijkl', accepted }, key)],
      [
        'mismatched',
        () => collector.send({ epoch, rejected: [{ seq: 2, hash: digest(1, 1), reason: 'fork' }] }, key),
      ],
    ];
    const counted: Record<string, number> = {};
    for (const [fault, send] of sends) {
      await send();
      counted[fault] = (counted[fault] ?? 0) + 1;
      await awaitUntil(`${fault} is counted`, () => faults()[fault as 'foreign'] === counted[fault]);
    }
    expect(agent.stats().records).toMatchObject({ pending: 2, receipted: 0, rejected: 0 });
    expect(agent.stats().epoch).toBe(epoch);
    expect(faults().obeyed).toBe(0);

    await collector.send({ epoch, accepted }, key);
    await awaitUntil('the honest one is obeyed', () => agent.stats().records.receipted === 2);
    await collector.send({ epoch, accepted }, key);
    await awaitUntil('the same again is stale', () => faults().stale === 1);
    expect(holds(agent)).toBe(true);
  });

  test('a receipt with a broken signature is forged', async () => {
    const key = generateSigningKey();
    const { collector, agent, epoch, digest, faults } = await rig({ collectorKey: key.publicKey });
    const accepted = [{ from: 1, to: 2, digest: digest(1, 2) }];
    // Names the right key, and is signed by another.
    await collector.send({ epoch, accepted }, { ...generateSigningKey(), publicKey: key.publicKey });
    await awaitUntil('it is counted', () => faults().forged === 1);
    expect(agent.stats().records.pending).toBe(2);
  });

  test('without a configured key the first collector that proves it has our records is pinned for good', async () => {
    const { collector, agent, epoch, digest, faults, record } = await rig();
    const first = generateSigningKey();
    const second = generateSigningKey();
    await collector.send({ epoch, requested: [{ from: 1, to: 2 }] }, second);
    await collector.send({ epoch, accepted: [{ from: 1, to: 1, digest: digest(1, 1) }] }, first);
    await awaitUntil('it is obeyed', () => agent.stats().records.receipted === 1);
    await collector.send({ epoch, accepted: [{ from: 2, to: 2, digest: digest(2, 2) }] }, second);
    await awaitUntil('the second collector is foreign', () => faults().foreign === 1);
    expect(agent.stats().records.pending).toBe(1);
    await record();
  });

  test('what has no receipt is published again, and what is asked for too', async () => {
    const { collector, agent, epoch, digest } = await rig();
    const before = collector.arrivals();
    await awaitUntil('both come again', () => collector.arrivals() >= before + 2);
    await collector.send({ epoch, accepted: [{ from: 1, to: 2, digest: digest(1, 2) }] });
    await awaitUntil('they are receipted', () => agent.stats().records.pending === 0);
    const settled = collector.arrivals();
    collector.records.clear();
    await collector.send({ epoch, requested: [{ from: 1, to: 2 }] });
    await awaitUntil('they come once more', () => collector.records.size === 2);
    expect(collector.arrivals()).toBeLessThanOrEqual(settled + 3);
  });

  test('a fork sets the record aside and begins a new chain with the config first', async () => {
    const { collector, agent, epoch, record } = await rig();
    const hash = collector.records.get(`${epoch}/2`)?.hash ?? '';
    const accepted = [
      { from: 1, to: 1, digest: rangeDigest([collector.records.get(`${epoch}/1`)?.hash ?? '']) },
    ];
    await collector.send({ epoch, accepted, rejected: [{ seq: 2, hash, reason: 'fork' }] });
    await awaitUntil('a new chain begins', () => agent.stats().epoch !== epoch);
    expect(agent.stats().records.rejected).toBe(1);
    expect(agent.stats().samples).toMatchObject({ dropped: 0 });
    expect(agent.stats().samples.rejected).toBeGreaterThan(0);
    expect(holds(agent)).toBe(true);
    await record();
    const next = agent.stats().epoch;
    await awaitUntil('the new chain arrives', () =>
      [1, 2, 3].every((seq) => collector.records.has(`${next}/${seq}`)),
    );
    const headers = checkChain(
      [1, 2, 3].map((seq) => collector.records.get(`${next}/${seq}`)?.bytes ?? new Uint8Array()),
    );
    expect(headers.map(({ kind }) => kind)).toEqual(['config', 'log', 'readings']);
  });
});

test('a backlog drains while live records go first', async () => {
  const url = await startEmbedded();
  const clock = new SteppedClock(START_MS);
  const driver = scriptedDriver({ clock, machine: 'mill' });
  const config = testConfig({ url, spool: { batchSamples: 10 } });
  const agent = await start({ config, clock, drivers: [driver] });
  const run = async (polls: number) => {
    for (let poll = 0; poll < polls; poll++) {
      clock.stepTo(clock.wallMs() + 1000);
      await agent.pollAll();
    }
  };
  await run(1000);
  expect(agent.stats().records.pending).toBeGreaterThan(150);
  const order: number[] = [];
  const collector = collect(url, {
    receipts: ({ frame }) => {
      order.push(frame.header.seq);
      return true;
    },
  });
  await awaitUntil('the backlog begins to drain', () => order.length > 5);
  await run(5);
  agent.sealNow();
  await awaitUntil('all is receipted', () => agent.stats().records.pending === 0);
  checkChain(chainOf(collector));
  const head = agent.stats().headSeq;
  expect(new Set(order).size).toBe(head);
  expect(holds(agent)).toBe(true);
});

test('a second agent on the same folder is refused with a cure, and its key survives in mode 0600', async () => {
  const dataFolder = folder();
  const clock = new SteppedClock(START_MS);
  const first = await start({ dataFolder, clock, drivers: [scriptedDriver({ clock, machine: 'mill' })] });
  const second = start({ dataFolder, clock, drivers: [scriptedDriver({ clock, machine: 'mill' })] });
  await expect(second).rejects.toMatchObject({ remedy: 'refuse', code: 'folder-in-use' });
  expect(statSync(join(dataFolder, 'agent-key.pem')).mode & 0o777).toBe(0o600);
  await first.stop();
  const third = await start({ dataFolder, clock, drivers: [scriptedDriver({ clock, machine: 'mill' })] });
  expect(third.publicKey).toBe(first.publicKey);
});

test('two drivers that feed one channel are refused', async () => {
  const clock = new SteppedClock(START_MS);
  const drivers = [
    scriptedDriver({ clock, machine: 'mill', source: 'a' }),
    scriptedDriver({ clock, machine: 'mill', source: 'b' }),
  ];
  await expect(start({ clock, drivers })).rejects.toMatchObject({
    remedy: 'refuse',
    code: 'duplicate-channel',
  });
});

test('a folder that cannot be written is refused with a cure', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, '');
  const clock = new SteppedClock(START_MS);
  await expect(
    start({ dataFolder: path, clock, drivers: [scriptedDriver({ clock, machine: 'mill' })] }),
  ).rejects.toMatchObject({ remedy: 'refuse', code: 'unusable-folder' });
});
