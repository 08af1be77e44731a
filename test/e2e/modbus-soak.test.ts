import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startReceiptingCollector } from '../agent/receipting-collector.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { makeMeter, type SoakOrders, type SoakSample, type SoakState } from './soak-plan.ts';
import { slopeAMinute } from './soak-slope.ts';
import { SoakWatch } from './soak-watch.ts';
import { startFaults, startSoakPlant } from './soak-plant.ts';

const mosquitto = requireTool('mosquitto');
const socat = requireTool('socat');
const isLong = process.env['MILLWATT_TEST_LONG'] === '1';
const MINUTES = Number(process.env['MILLWATT_SOAK_MINUTES'] ?? 20);
const SEED = Number(process.env['MILLWATT_SOAK_SEED'] ?? 20_261_122);

/** All is well again so long after the last fault: a device that was sicker than its neighbours pays its debt to the line. */
const RECOVERY_MS = 60_000;
/** Sockets that are about to close, and files that SQLite opens for a moment. */
const HANDLES_SPARE = 12;
/** What may come and go besides: timers of requests and pauses. */
const RESOURCES_SPARE = 40;
const HEAP_KIB_A_MINUTE_MAX = 200;
/** V8 doubles what it holds for young objects in the first quarter of an hour; RSS tells of leaks only after that. */
const RSS_MINUTES_MIN = 20;
const RSS_KIB_A_MINUTE_MAX = 1000;
/** In all, whatever the length. */
const RSS_MIB_MORE_MAX = 100;

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

// What the long test is worth.
describe('the watch over polling', () => {
  const { meter } = makeMeter({
    number: 1,
    endpoint: { transport: 'tcp', host: '127.0.0.1', port: 502 },
    unit: 1,
    profile: 'siemens/pac3200',
    everyMs: 500,
    timeoutMs: 300,
    neighbours: 1,
  });
  const source = { id: meter.source.id, up: true, reason: '', polls: 9, failures: 0, lastReadingAgeMs: 400 };

  it('sees a source that is up and read no more, and one that never settles', () => {
    const watch = new SoakWatch([meter], 0);
    watch.look([source], 60_000, 0);
    watch.look([{ ...source, up: false, failures: 3, lastReadingAgeMs: 50_000 }], 60_000, 0);
    watch.look([{ ...source, lastReadingAgeMs: 5000 }], 60_000, 2000);
    expect([...watch.broken]).toEqual([]);
    watch.look([{ ...source, lastReadingAgeMs: 5000 }], 60_000, 0);
    watch.look([{ ...source, up: false, lastReadingAgeMs: null }], 60_000, 0);
    expect([...watch.broken]).toEqual([
      'meter-1 is up, but was last read 5 s ago',
      'meter-1 never settled a poll of 9',
    ]);
  });

  it('sees growth', () => {
    expect(slopeAMinute([0, 30_000, 60_000, 90_000], [5, 6, 7, 8])).toBeCloseTo(2);
  });
});

describe.skipIf(mosquitto === undefined || socat === undefined)('an agent with 45 sick meters', () => {
  it(
    'keeps polling and gives back every handle, for twenty seconds',
    async () => {
      await soak({ spanMs: 20_000, sampleMs: 4000, wellMs: [500, 4000], faultMs: [300, 3000], upAtEnd: 45 });
    },
    3 * RECOVERY_MS,
  );

  it.skipIf(!isLong)(
    `keeps polling and grows in nothing, for ${MINUTES} minutes`,
    async () => {
      const { samples, atMs } = await soak({
        spanMs: MINUTES * 60_000,
        sampleMs: 10_000,
        wellMs: [2000, 15_000],
        faultMs: [300, 8000],
        upAtEnd: 45,
      });
      const from = Math.floor(samples.length / 3);
      const slopeOf = (of: (sample: SoakSample) => number) =>
        slopeAMinute(atMs.slice(from), samples.slice(from).map(of));
      const heap = slopeOf(({ heapBytes }) => heapBytes) / 1024;
      const rss = slopeOf(({ rssBytes }) => rssBytes) / 1024;
      const external = slopeOf(({ externalBytes }) => externalBytes) / 1024;
      console.log(
        `growth over the last two thirds: heap ${heap.toFixed(1)} KiB a minute, outside it ${external.toFixed(1)}, RSS ${rss.toFixed(1)} KiB a minute`,
      );
      expect(heap).toBeLessThan(HEAP_KIB_A_MINUTE_MAX);
      const rssMore = (samples.at(-1)?.rssBytes ?? 0) - (samples[0]?.rssBytes ?? 0);
      expect(rssMore / 1_048_576).toBeLessThan(RSS_MIB_MORE_MAX);
      if (MINUTES >= RSS_MINUTES_MIN) expect(rss).toBeLessThan(RSS_KIB_A_MINUTE_MAX);
    },
    MINUTES * 60_000 + 3 * RECOVERY_MS,
  );
});

/** Faults for a time, samples meanwhile, recovery at the end. */
async function soak(options: {
  spanMs: number;
  sampleMs: number;
  wellMs: [number, number];
  faultMs: [number, number];
  /** Meters that must be read again in the end. */
  upAtEnd: number;
}): Promise<{ samples: SoakSample[]; atMs: number[] }> {
  const plant = await startSoakPlant(SEED);
  cleanUps.push(() => plant.close());
  const broker = await startMosquitto();
  cleanUps.push(() => broker.stop());
  const collector = startReceiptingCollector({ url: broker.url, site: 'pune', agent: 'gw1' });
  cleanUps.push(() => collector.close());
  const agent = startAgentProcess({ url: broker.url, meters: plant.meters });
  const count = plant.meters.length;
  expect(count).toBe(45);
  await agent.until(({ up }) => up === count, 30_000, 'every meter was read');

  const samples: SoakSample[] = [];
  const atMs: number[] = [];
  const startMs = performance.now();
  const look = async () => {
    samples.push(await agent.sample());
    atMs.push(performance.now() - startMs);
  };
  await look();
  const [first] = samples as [SoakSample];
  const faults = startFaults(plant.targets, SEED, options);
  let toldMinutes = 0;
  while (performance.now() - startMs < options.spanMs) {
    await sleep(options.sampleMs);
    await look();
    const last = samples.at(-1) as SoakSample;
    expect(agent.state().broken).toEqual([]);
    expect(agent.silentMs()).toBeLessThan(10_000);
    expect(last.handles, 'file handles').toBeLessThanOrEqual(first.handles + HANDLES_SPARE);
    const minutes = Math.floor((performance.now() - startMs) / 60_000);
    if (minutes > toldMinutes) {
      toldMinutes = minutes;
      tell(minutes, last, `${faults.count()} faults, ${agent.state().up} of ${count} up`);
    }
  }
  const kinds = faults.kinds();
  const faultCount = faults.count();
  await faults.stop();
  const recoveryMs = performance.now();
  await agent.until(
    ({ up }) => up >= options.upAtEnd,
    RECOVERY_MS,
    `${options.upAtEnd} meters are read again`,
  );
  const recoveredMs = performance.now() - recoveryMs;
  await sleep(2000);
  await look();
  const last = samples.at(-1) as SoakSample;
  const { polls, failures, up, oldestCycles, missing, broken } = agent.state();
  console.log(
    [
      `${((performance.now() - startMs) / 60_000).toFixed(1)} minutes, ${faultCount} faults, ${polls} polls (${failures} failed)`,
      `handles ${first.handles} -> ${last.handles}`,
      `RSS ${toMiB(first.rssBytes)} -> ${toMiB(last.rssBytes)} MiB, heap ${toMiB(first.heapBytes)} -> ${toMiB(last.heapBytes)} MiB`,
      `oldest reading of a source said to be up ${oldestCycles.toFixed(1)} cycles, ${up} up, ${options.upAtEnd} of them ${(recoveredMs / 1000).toFixed(1)} s after the last fault, ${missing} values missing`,
      `faults: ${[...kinds].map(([kind, times]) => `${kind} ${times}`).join(', ')}`,
    ].join('; '),
  );
  expect(broken).toEqual([]);
  expect(faultCount).toBeGreaterThan(10);
  expect(failures).toBeGreaterThan(0);
  expect(last.handles).toBeLessThanOrEqual(first.handles + 2);
  expect(last.warnings).toEqual([]);
  expect(last.listeners).toBe(first.listeners);
  for (const [name, now] of Object.entries(last.resources))
    expect(now, name).toBeLessThanOrEqual((first.resources[name] ?? 0) + RESOURCES_SPARE);
  expect(await agent.stop()).toBe(0);
  return { samples, atMs };
}

/** The agent in its own process. */
function startAgentProcess(orders: Omit<SoakOrders, 'dataFolder'>) {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-soak-'));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'orders.json');
  writeFileSync(file, JSON.stringify({ ...orders, dataFolder: join(folder, 'agent') } satisfies SoakOrders));
  const child: ChildProcess = fork(join(import.meta.dirname, 'soak-agent-process.ts'), [file], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  cleanUps.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let state: SoakState = {
    kind: 'state',
    polls: 0,
    failures: 0,
    up: 0,
    down: [],
    missing: 0,
    oldestCycles: 0,
    broken: [],
  };
  let heardMs = performance.now();
  child.on('message', (message: SoakState | SoakSample) => {
    if (message.kind !== 'state') return;
    state = message;
    heardMs = performance.now();
  });
  return {
    state: () => state,
    silentMs: () => performance.now() - heardMs,
    async sample(): Promise<SoakSample> {
      child.send('sample');
      for (;;) {
        const [message] = (await once(child, 'message')) as [SoakState | SoakSample];
        if (message.kind === 'sample') return message;
      }
    },
    async until(holds: (state: SoakState) => boolean, deadlineMs: number, what: string): Promise<void> {
      const endMs = performance.now() + deadlineMs;
      while (!holds(state)) {
        if (child.exitCode !== null) throw new Error(`the agent's process ended with ${child.exitCode}`);
        if (performance.now() > endMs)
          throw new Error(`not within ${deadlineMs} ms: ${what}; ${state.down.join('; ')}`);
        await sleep(50);
      }
    },
    async stop(): Promise<number | null> {
      child.send('stop');
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

function tell(
  minutes: number,
  { handles, rssBytes, heapBytes, heapTotalBytes, externalBytes }: SoakSample,
  more: string,
): void {
  console.log(
    `minute ${minutes}: handles ${handles}, RSS ${toMiB(rssBytes)} MiB, heap ${toMiB(heapBytes)} of ${toMiB(heapTotalBytes)} MiB, outside it ${toMiB(externalBytes)} MiB, ${more}`,
  );
}

function toMiB(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
