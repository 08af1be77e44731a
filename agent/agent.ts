import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { AgentConfig } from '../config/agent-config.ts';
import type { Clock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import type { SigningKey } from '../protocols/evidence/keys.ts';
import { lockFolder } from '../protocols/folder-lock.ts';
import type { Log } from '../protocols/log.ts';
import { systemTimers, type Cancel, type Timers } from '../protocols/timers.ts';
import type { Link, LinkOptions } from '../protocols/mqtt/link.ts';
import { drawToken } from '../protocols/telemetry/ids.ts';
import { encodeSnapshot } from '../protocols/telemetry/snapshot-text.ts';
import { topicOf } from '../protocols/telemetry/topics.ts';
import { loadAgentKey, type AgentKeyFile } from './agent-key.ts';
import { beginUnder } from './chain-key.ts';
import { LiveValues } from './live.ts';
import { Poller } from './poller.ts';
import { Publisher } from './publisher.ts';
import { Reporter, statusText, type AgentStats, type ReporterOptions } from './reporter.ts';
import { startScheduler } from './scheduler.ts';
import { Sealer, type SealedWiring } from './sealer.ts';
import { SilenceWatch } from './silence-watch.ts';
import { Spool } from './spool.ts';
import { SpoolThinner } from './thinning/spool-thinner.ts';
import { WiringInForce } from './wiring-in-force.ts';
import { gatherWiring, type Wiring } from './wiring.ts';

/** Group commit: what was read is on disk within this, real ms. */
const FLUSH_MS = 800;
const SEAL_CHECK_MS = 250;
const PUMP_MS = 1000;
const STOP_POLLS_MS = 2000;
const LAST_PUBLISH_MS = 2000;
/** A source that may still tell of the past holds the watermark back no longer than this, clock ms. */
const LATE_WORDS_MS_MAX = 600_000;

/** What an agent is made of; the command line builds the adapters. */
export interface AgentOptions {
  config: AgentConfig;
  /** Where spool and key live; made when it is not there. */
  dataFolder: string;
  /** One a source; the agent closes them when it stops. */
  drivers: readonly Driver[];
  /** Opens the link to the broker: `connectLink` in production. */
  connect: (options: LinkOptions) => Link;
  /** The broker's password and PEM texts, resolved from the configuration's references. */
  credentials?: { password?: string; tls?: NonNullable<LinkOptions['tls']> };
  clock: Clock;
  /** Real time; that of the process by default. */
  timers?: Timers;
  /** Asked how the computer fares; the real one by default. */
  host?: NonNullable<ReporterOptions['host']>;
  log: Log;
  /** Where epochs and boot ids are drawn from. */
  random?: (count: number) => Uint8Array;
  version: string;
  /** Says in every live message that the plant is not real. */
  simulated?: boolean;
  /** Instead of the key in the data folder. */
  key?: SigningKey;
  /** Real ms after which an unreceipted record is published again; 30 s by default. */
  resendAfterMs?: number;
}

/** An agent at work. */
export interface RunningAgent {
  /** The agent's Ed25519 key, 32 raw bytes in base64url: what the collector is asked to confirm. */
  readonly publicKey: string;
  /** Polls every source once, dead or not, then seals what is due: how a stepped clock is driven. */
  pollAll(): Promise<void>;
  /** Seals everything that was read. */
  sealNow(): void;
  stats(): AgentStats;
  /** Polls end, what was read is sealed and published once more, the spool is closed. Takes a few seconds at most. */
  stop(): Promise<void>;
}

/** Starts an agent. Throws an error of class `refuse` when its folder is in use, its key unreadable or its wiring ambiguous. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { config, dataFolder, drivers, log, version } = options;
  const { site, agent } = config;
  const random = options.random ?? ((count: number) => randomBytes(count));
  // Refuses what is ambiguous before anything is made.
  const declared = gatherWiring(site, agent, version, drivers);
  let unlock = () => {};
  let spool: Spool | undefined;
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    unlock = lockFolder(dataFolder, 'agent');
    const { key, rotation }: AgentKeyFile =
      options.key === undefined ? loadAgentKey(dataFolder, { site, agent }) : { key: options.key };
    spool = new Spool({
      folder: dataFolder,
      maxBytes: config.spool.maxSize,
      keepMs: config.spool.keep,
      maxAgeMs: config.spool.maxAge,
      durability: config.spool.durability,
      randomBytes: random,
      log,
    });
    return runAgent({ ...options, key, rotation, spool, unlock, declared, boot: drawToken(random) });
  } catch (error) {
    spool?.close();
    unlock();
    if (error instanceof MillwattError) throw error;
    throw new MillwattError(
      'refuse',
      'unusable-folder',
      `The folder ${dataFolder} cannot be used: ${describeError(error)}.`,
      {
        cure: 'Let the user that runs the agent write there and free space on its disk, or choose another with `data:`.',
        cause: error,
      },
    );
  }
}

/** Runs an agent on a spool that is open; `unlock` is called when it has stopped. */
export function runAgent(
  options: AgentOptions & {
    key: SigningKey;
    /** What a new chain tells of the key before this one. */
    rotation?: AgentKeyFile['rotation'];
    spool: Spool;
    unlock: () => void;
    declared: Wiring;
    boot: string;
  },
): RunningAgent {
  const { config, drivers, clock, log, version, spool, boot, key, rotation, credentials } = options;
  const timers = options.timers ?? systemTimers;
  const { site, agent } = config;
  const maker = { site, agent, key, rotation };
  beginUnder(spool, key.publicKey, log);
  const wirings: WiringInForce = new WiringInForce(
    options.declared,
    (found) => gatherWiring(site, agent, version, drivers, found),
    (wiring) => sealer.rewire(sealedWiringOf(wiring)),
  );
  /** Channels of which it was said that another source feeds them. */
  const told = new Set<string>();
  const live = new LiveValues(wirings.current, clock, options.simulated === true);

  const tellWiring = () => {
    const { doubled } = wirings.current;
    for (const { id: channel, source } of doubled) {
      if (told.has(channel)) continue;
      told.add(channel);
      log.info({ source, channel }, 'another source feeds this channel already; it is left out here');
    }
    live.rewire(wirings.current);
    reporter.tellWiring();
  };
  const pollers = drivers.map((driver) => {
    const source = driver.description.id;
    driver.onWiring?.(() => {
      if (wirings.change(source)) tellWiring();
    });
    driver.onStatus((status) => {
      if (wirings.isWaiting(source)) sealer.leaveOut(1);
      else sealer.addStatus(source, status);
      live.takeStatus(status);
    });
    return new Poller(driver, {
      clock,
      timers,
      log,
      events: {
        onPoll: (poll, everyMs) => {
          if (wirings.isWaiting(source)) sealer.leaveOut(poll.readings.length);
          else sealer.addPoll(source, poll, everyMs);
          if (config.spool.durability === 'always') sealer.flush();
          live.takePoll(source, poll);
        },
        onLink: (change) => sealer.addLink(change),
      },
    });
  });
  const sealer: Sealer = new Sealer({
    clock,
    timers,
    spool,
    maker,
    boot,
    wiring: sealedWiringOf(wirings.current),
    batchSamples: config.spool.batchSamples,
    batchAgeMs: config.spool.batchAge,
    oldestRunningMs: () => {
      const earliestMs = clock.monotonicMs() - LATE_WORDS_MS_MAX;
      const running = pollers.flatMap((poller) => poller.startedAtMs() ?? []);
      const telling = drivers.flatMap((driver) => driver.tellsFromMs?.() ?? []);
      const all = [...running, ...telling.map((fromMs) => Math.max(earliestMs, fromMs))];
      return all.length === 0 ? undefined : Math.min(...all);
    },
    onSealed: (records) => {
      for (const { header } of records) publisher.addLive(header.epoch, header.seq);
      publisher.pump();
    },
    log,
  });
  const batchTopic = topicOf(site, agent, 'batch');
  let link: Link | undefined;
  const publisher: Publisher = new Publisher({
    timers,
    spool,
    site,
    agent,
    collectorKey: config.collectorKey,
    publish: (bytes) => link?.publish(batchTopic, bytes, { qos: 1 }) ?? Promise.resolve(),
    connected: () => link?.connected() === true,
    receiveMaximum: () => link?.receiveMaximum?.() ?? Infinity,
    onFork: () => {
      log.error(
        {
          epoch: spool.head.epoch,
          cure: 'Where two gateways run on copies of one disk, stop one of them, and give it a data folder and a name of its own.',
        },
        'another record was sealed under our name: was this spool copied? A new chain begins',
      );
      sealer.beginChain();
    },
    log,
    ...(options.resendAfterMs === undefined ? {} : { resendAfterMs: options.resendAfterMs }),
  });

  const thinner = new SpoolThinner({
    spool,
    maker,
    snapshotOf: (hash) => sealer.snapshotOf(hash),
    maxBytes: config.spool.maxSize,
    isInFlight: (id) => publisher.isInFlight(id),
    timers,
    log,
  });

  sealer.begin();
  const scheduler = startScheduler(pollers, clock, timers);
  const reporter: Reporter = new Reporter({
    ...options,
    timers,
    pollers,
    publisher,
    scheduler,
    sealer,
    live,
    wiring: () => wirings.current,
  });
  const statusTopic = topicOf(site, agent, 'status');
  link = options.connect({
    url: config.broker.url,
    clientId: agent,
    username: agent,
    mqtt: config.broker.mqtt,
    isOneOfMany: true,
    ...credentials,
    will: { topic: statusTopic, payload: statusText(false, version, boot, spool.head), retain: true },
    subscriptions: [{ filter: topicOf(site, agent, 'receipt'), qos: 1 }],
    onMessage: ({ payload }) => publisher.receive(payload),
    onState: ({ connected, reason, cure }) => {
      if (!connected) {
        log.warn({ cure }, `the broker is not connected, readings stay in the spool. ${reason}`);
        return;
      }
      log.info({ url: config.broker.url }, 'the broker is connected');
      reporter.greet();
      publisher.restart();
    },
  });
  reporter.start(link);

  const silence = new SilenceWatch({ site, log, nowMs: () => timers.nowMs() });
  const beats = [
    timers.every(FLUSH_MS, () => {
      sealer.flush();
      if (wirings.retry()) tellWiring();
    }),
    timers.every(SEAL_CHECK_MS, () => {
      if (clock.speed() === 0) return;
      sealer.sealDue();
      sealer.thin(thinner);
    }),
    timers.every(PUMP_MS, () => {
      publisher.pump();
      const { inFlight, receipts } = publisher.counts();
      silence.look({
        connected: link.connected(),
        inFlight,
        // What is known already was told by our collector all the same.
        answers: receipts.obeyed + receipts.stale,
      });
    }),
  ];
  let stopping: Promise<void> | undefined;

  const stop = async () => {
    scheduler.stop();
    for (const cancel of beats) cancel();
    reporter.stop();
    await within(timers, STOP_POLLS_MS, Promise.all(pollers.map((poller) => poller.settle())));
    await within(timers, STOP_POLLS_MS, Promise.allSettled(drivers.map((driver) => driver.close())));
    sealer.end();
    await within(timers, LAST_PUBLISH_MS, publisher.drain());
    await link.close({
      topic: statusTopic,
      payload: statusText(false, version, boot, spool.head),
      retain: true,
    });
    spool.close();
    options.unlock();
  };

  return {
    publicKey: key.publicKey,
    pollAll: async () => {
      await Promise.all(pollers.map((poller) => poller.poll()));
      sealer.sealDue();
      sealer.thin(thinner);
    },
    sealNow: () => sealer.sealAll(),
    stats: () => reporter.stats(),
    stop: () => (stopping ??= stop()),
  };
}

function sealedWiringOf({ snapshot, channelOf, machinesOf }: Wiring): SealedWiring {
  return { snapshot: encodeSnapshot(snapshot), channelOf, machinesOf };
}

async function within(timers: Timers, deadlineMs: number, work: Promise<unknown>): Promise<void> {
  let cancel: Cancel = () => {};
  const deadline = new Promise<void>((resolve) => {
    cancel = timers.after(deadlineMs, resolve);
  });
  await Promise.race([work, deadline]);
  cancel();
}
