import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../../../agent/agent.ts';
import { systemClock, type Clock } from '../../../protocols/clock.ts';
import type { Driver } from '../../../protocols/driver.ts';
import { silentLog } from '../../../protocols/log.ts';
import { startEmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../../../protocols/mqtt/mqtt-link.ts';
import { createOpcuaDriver } from '../../../protocols/opcua/opcua-driver.ts';
import { testConfig } from '../../agent/agent-config.ts';
import { checkChain } from '../../agent/chain-check.ts';
import { partsOf, startReceiptingCollector } from '../../agent/receipting-collector.ts';
import { awaitUntil } from '../../protocols/mqtt/await-until.ts';
import { POWER_AND_ENERGY, sourceOf, word } from './opcua-source.ts';

/** What was sealed of one source, in order; times are wall ms. */
export interface SourceRecords {
  readings: { atMs: number; powerW: number; shownWh: number }[];
  links: { atMs: number; up: boolean; reason: string }[];
  /** Words but null, and when they were told. */
  words: { atMs: number; channel: string; value: unknown }[];
}
/** By source. */
export type Records = ReadonlyMap<string, SourceRecords>;

/** What the agent is told to read: a meter in either way, and whatever a machine tool offers. */
export const SOURCES = ['read', 'subscribe', 'machinetool'] as const;

interface Failure {
  code: string;
}

/** An agent with all these sources at the same server, and a collector that receipts all it seals. */
export interface WatchedAgent {
  /** Waits until each source answered so many more polls, with all its values. */
  readings(count: number): Promise<void>;
  /** Waits until a poll of each source failed from now on, in the way that is wanted. */
  failures(isWanted?: (failure: Failure) => boolean): Promise<void>;
  lastFailure(): Failure | undefined;
  readingCount(): number;
  /** Ends the agent when all is receipted, and gives back what was sealed. */
  finish(): Promise<Records>;
  /** Ends it however it is. */
  stop(): Promise<void>;
}

const EVERY_MS = 250;
const DEADLINE_MS = 25_000;
/** The driver's longest pause between two attempts, and how much of one is waited for here. */
const PAUSE_MS_MAX = 30_000;
const PATIENCE_MS = 2000;

/** Starts the agent. */
export async function startWatchedAgent(options: {
  endpoint: string;
  allowInsecure: boolean;
  pkiFolder: string;
}): Promise<WatchedAgent> {
  const { pkiFolder, ...where } = options;
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const collector = startReceiptingCollector({ url, site: 'pune', agent: 'gw1' });
  const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-watched-'));
  const watches = await Promise.all(
    SOURCES.map(async (source) =>
      watch((real) =>
        createOpcuaDriver(
          sourceOf({
            ...where,
            id: source,
            machine: source,
            every: EVERY_MS,
            timeout: 2000,
            ...(source === 'machinetool'
              ? { model: source }
              : { reading: source, nodes: [...POWER_AND_ENERGY, word('Program', 'program')] }),
          }),
          { clock: systemClock, pkiFolder, real },
        ),
      ),
    ),
  );
  const agent = await startAgent({
    config: testConfig({ url, spool: { batchSamples: 20 } }),
    dataFolder,
    drivers: watches.map(({ driver }) => driver),
    connect: (link) => connectLink(link, { backOffBaseMs: 50, backOffCapMs: 200 }),
    clock: systemClock,
    log: silentLog,
    version: '0.1.0',
    resendAfterMs: 300,
  });
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= (async () => {
      await agent.stop();
      await collector.close();
      await broker.close();
      rmSync(dataFolder, { recursive: true, force: true });
    })());

  // Sources that are down get over their longer pauses; nothing else of theirs is quicker.
  const awaitOfEach = async (what: string, isThere: (watch: Watch, index: number) => boolean) => {
    const timer = setInterval(() => {
      for (const { isDown, hurry } of watches) if (isDown()) hurry();
    }, PATIENCE_MS);
    try {
      await awaitUntil(what, () => watches.every(isThere), DEADLINE_MS);
    } finally {
      clearInterval(timer);
    }
  };

  return {
    readings: (count) => {
      const goals = watches.map(({ readings }) => readings() + count);
      return awaitOfEach(
        `${count} more readings`,
        ({ readings }, index) => readings() >= (goals[index] ?? Infinity),
      );
    },
    failures: (isWanted = () => true) => {
      const from = watches.map(({ failures }) => failures.length);
      return awaitOfEach('a failure', ({ failures }, index) => failures.slice(from[index]).some(isWanted));
    },
    lastFailure: () => watches[0]?.failures.at(-1),
    readingCount: () => watches.reduce((sum, { readings }) => sum + readings(), 0),
    finish: async () => {
      agent.sealNow();
      await awaitUntil('all is receipted', () => agent.stats().records.pending === 0, DEADLINE_MS);
      await stop();
      const records = [...collector.records.values()].sort((a, b) => a.frame.header.seq - b.frame.header.seq);
      checkChain(records.map(({ bytes }) => bytes));
      return gather(records.flatMap((record) => partsOf(record)));
    },
    stop,
  };
}

interface Watch {
  driver: Driver;
  /** Polls that gave all values. */
  readings: () => number;
  failures: Failure[];
  isDown: () => boolean;
  /** Lets the pause until the next attempt be over. */
  hurry: () => void;
}

/** The driver as it is, with what its polls came to. */
async function watch(
  create: (real: Pick<Clock, 'monotonicMs' | 'wallMs'>) => Promise<Driver>,
): Promise<Watch> {
  let aheadMs = 0;
  const driver = await create({
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    wallMs: () => systemClock.wallMs(),
  });
  let readings = 0;
  let isDown = false;
  const failures: Failure[] = [];
  const poll = driver.poll.bind(driver);
  driver.poll = async () => {
    try {
      const done = await poll();
      isDown = false;
      if (done.readings.every(({ value }) => value !== null)) readings += 1;
      return done;
    } catch (error) {
      isDown = true;
      failures.push(error as Failure);
      throw error;
    }
  };
  return {
    driver,
    readings: () => readings,
    failures,
    isDown: () => isDown,
    hurry: () => {
      aheadMs += PAUSE_MS_MAX;
    },
  };
}

function gather(parts: ReturnType<typeof partsOf>): Records {
  const originMs = Date.now() - systemClock.monotonicMs();
  const records = new Map<string, SourceRecords>();
  for (const part of parts) {
    const known = records.get(part.machine) ?? { readings: [], links: [], words: [] };
    const { readings, links, words } = known;
    records.set(part.machine, known);
    for (const { timesMs, columns } of part.sampled) {
      const powers = columns.get(`${part.machine}.supply.activePower`) ?? [];
      const counters = columns.get(`${part.machine}.supply.activeEnergyImport`) ?? [];
      for (const [row, timeMs] of timesMs.entries()) {
        const [powerW, shownWh] = [powers[row], counters[row]];
        if (powerW === null || powerW === undefined || shownWh === null || shownWh === undefined) continue;
        readings.push({ atMs: originMs + timeMs, powerW: Number(powerW), shownWh: Number(shownWh) });
      }
    }
    for (const { timesMs, up, reasons } of part.links)
      for (const [row, timeMs] of timesMs.entries())
        links.push({ atMs: originMs + timeMs, up: up[row] === true, reason: reasons[row] ?? '' });
    for (const { channel, timesMs, values } of part.events)
      for (const [row, timeMs] of timesMs.entries())
        if (values[row] !== null) words.push({ atMs: originMs + timeMs, channel, value: values[row] });
  }
  return records;
}
