/*
 * A whole agent in a process of its own, so that handles and memory are its own; to be started by fork with
 * --expose-gc. Argument: a file of SoakOrders. Every 100 ms it looks whether each source is either reported down or was
 * read lately; every second it says what it saw. It answers `sample`, and ends in order on `stop`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { startAgent } from '../../agent/agent.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { Driver } from '../../protocols/driver.ts';
import { silentLog } from '../../protocols/log.ts';
import { createModbusDriver } from '../../protocols/modbus/modbus-driver.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { testConfig } from '../agent/agent-config.ts';
import { SoakWatch } from './soak-watch.ts';
import type { SoakMeter, SoakOrders, SoakSample, SoakState } from './soak-plan.ts';

const LOOK_MS = 100;

const { url, dataFolder, meters } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SoakOrders;
const wrong = new Set<string>();
const missing = new Map<string, number>();
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(`${warning.name}: ${warning.message}`));

const drivers = new Map(meters.map((meter) => [meter.source.id, buildDriver(meter)]));
const pausedMsOf = (id: string) => drivers.get(id)?.pausedMs?.() ?? 0;
const agent = await startAgent({
  config: testConfig({ url, spool: { batchAge: '5s' } }),
  dataFolder,
  drivers: [...drivers.values()],
  connect: connectLink,
  clock: systemClock,
  log: silentLog,
  version: '0.1.0',
});

const watch = new SoakWatch(meters, performance.now());
let lookedMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  // What this process was held up is not the drivers' fault.
  const heldUpMs = Math.max(0, nowMs - lookedMs - LOOK_MS);
  lookedMs = nowMs;
  watch.look(agent.stats().sources, nowMs, heldUpMs);
}, LOOK_MS);

setInterval(() => {
  const { sources } = agent.stats();
  send({
    kind: 'state',
    polls: sources.reduce((sum, { polls }) => sum + polls, 0),
    failures: sources.reduce((sum, { failures }) => sum + failures, 0),
    up: sources.filter(({ up }) => up).length,
    oldestCycles: watch.oldestCycles,
    down: sources
      .filter(({ up }) => !up)
      .map(({ id, reason }) => `${id} ${reason}, paused ${Math.round(pausedMsOf(id) / 1000)} s`),
    missing: [...missing.values()].reduce((sum, count) => sum + count, 0),
    broken: [...watch.broken, ...wrong],
  });
}, 1000);

process.on('message', (message) => {
  if (message === 'sample') send(takeSample());
  else void agent.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));

function buildDriver({ source, profile, shown }: SoakMeter): Driver {
  const loaded = loadProfile(profile);
  const driver = createModbusDriver({
    source,
    profile: loaded.profile,
    profileSha256: loaded.sha256,
    clock: systemClock,
  });
  const poll = driver.poll.bind(driver);
  driver.poll = async () => {
    const result = await poll();
    missing.set(source.id, result.readings.filter(({ value }) => value === null).length);
    for (const { channel, value } of result.readings)
      if (value !== null && Number(value) !== shown[channel])
        wrong.add(`${source.id} read ${value} as ${channel}`);
    return result;
  };
  return driver;
}

function takeSample(): SoakSample {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return {
    kind: 'sample',
    // One of them reads the folder.
    handles: readdirSync('/proc/self/fd').length - 1,
    resources,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    warnings,
    rssBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    heapTotalBytes: heapTotal,
  };
}

function send(message: SoakState | SoakSample): void {
  if (process.connected) process.send?.(message);
}
