import type * as NodeOpcua from 'node-opcua';
import { systemClock, type Clock } from '../clock.ts';
import type { Driver, Poll, StatusReport } from '../driver.ts';
import { silentLog, type Log } from '../log.ts';
import type { Channel } from '../telemetry/channel.ts';
import type { SourceDescription } from '../telemetry/snapshot.ts';
import { FeedMemory } from './feeds/feed-memory.ts';
import { SourceFeed } from './feeds/source-feed.ts';
import { hearLibrary } from './library-words.ts';
import { LinkKeeper } from './link/link-keeper.ts';
import type { OpcuaLink } from './link/opcua-link.ts';
import { requirePair } from './link/user-identity.ts';
import { findModel } from './model/find-model.ts';
import { readNodeUnits } from './model/node-units.ts';
import type { OpcuaSourceOptions } from './opcua-options.ts';
import { ensureOwnCertificate } from './trust/own-certificate.ts';
import { WiringKeeper, type Askers } from './wiring/wiring-keeper.ts';

/** What the driver needs of the world. */
export interface OpcuaSurroundings {
  /** Simulated or real time: what readings are stamped with. */
  clock: Clock;
  /** Folder of keys and certificates, kept between runs. */
  pkiFolder: string;
  /** The configuration file, as commands for the operator name it. */
  config?: string | undefined;
  log?: Log;
  /** Real time, for back-off and the watchdog; wall time, for the server's clock. */
  real?: Pick<Clock, 'monotonicMs'> & Partial<Pick<Clock, 'wallMs'>>;
  /** How servers are asked what they offer; default: by their models. */
  askers?: Askers;
}

/** Of a poll's time, what it may wait for the server to be asked what it offers; polls go on meanwhile. */
const ASKING_SHARE = 0.7;
const REMARKS_MAX = 10;

/**
 * An OPC UA source. Measured nodes are subscribed to, or read in each poll; words are subscribed to. What a model finds is
 * known only when the server was asked: `onWiring` tells of it. Loads node-opcua, which takes a second and 150 MB, and
 * makes the agent's certificate when it has none; connects at the first poll. Throws an error of class `refuse` for nodes
 * that cannot be (`bad-node`), and for a user's certificate without its key (`bad-user-certificate`).
 */
export async function createOpcuaDriver(
  options: OpcuaSourceOptions,
  around: OpcuaSurroundings,
): Promise<Driver> {
  const { log = silentLog, askers = { findModel, readNodeUnits } } = around;
  const clocks = { ...systemClock, ...around.real };
  const real = { monotonicMs: () => clocks.monotonicMs(), wallMs: () => clocks.wallMs() };
  const wirings = new WiringKeeper(options, askers, real, log);
  requirePair(options);
  const opcua = await import('node-opcua');
  hearLibrary(opcua, log, options.password);
  await ensureOwnCertificate(opcua, around.pkiFolder, real.wallMs(), around.config);
  const keeper = new LinkKeeper(
    options,
    { opcua, pkiFolder: around.pkiFolder, config: around.config, log, wallMs: real.wallMs },
    real,
  );
  const memory = new FeedMemory({ source: options.id, everyMs: options.every, real, log });
  return new OpcuaDriver(options, { opcua, clock: around.clock, real, wirings, keeper, memory });
}

interface Parts {
  opcua: typeof NodeOpcua;
  clock: Clock;
  real: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  wirings: WiringKeeper;
  keeper: LinkKeeper;
  memory: FeedMemory;
}

/** A server that is being asked what it offers. */
interface Asking {
  link: OpcuaLink;
  answered: Promise<boolean>;
  /** Whether the wiring is another; undefined until it has answered. */
  rewired: boolean | undefined;
}

class OpcuaDriver implements Driver {
  readonly machines: readonly string[];
  readonly insecure: boolean;
  readonly #options: OpcuaSourceOptions;
  readonly #parts: Parts;
  #report: (status: StatusReport) => void = () => {};
  #rewired: () => void = () => {};
  #link: OpcuaLink | undefined;
  #feed: SourceFeed | undefined;
  /** The nodes it was made for. */
  #fedFrom = '';
  #asking: Asking | undefined;

  constructor(options: OpcuaSourceOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.machines = [options.machine];
    this.insecure = options.allowInsecure;
  }

  get description(): SourceDescription {
    return this.#parts.wirings.wiring.description;
  }

  get channels(): readonly Channel[] {
    const { measured, statuses } = this.#parts.wirings.wiring;
    return [...measured, ...statuses].map(({ channel }) => channel);
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#report = report;
  }

  onWiring(changed: () => void): void {
    this.#rewired = changed;
  }

  remarks(): readonly string[] {
    const { memory, wirings } = this.#parts;
    const insecure = this.insecure
      ? [
          'Spoken to without security (allowInsecure): anyone in the network can read along, or be the server.',
        ]
      : [];
    return [...insecure, ...memory.remarks(), ...(this.#link?.remarks() ?? []), ...wirings.remarks()].slice(
      0,
      REMARKS_MAX,
    );
  }

  async poll(): Promise<Poll> {
    const { keeper, real } = this.#parts;
    const deadlineMs = real.monotonicMs() + this.#options.timeout;
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      const { error, again } = keeper.drop(cause);
      if (!again) throw error;
    }
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      throw keeper.drop(cause).error;
    }
  }

  async close(): Promise<void> {
    this.#feed = undefined;
    await this.#parts.keeper.close();
  }

  async #attempt(deadlineMs: number): Promise<Poll> {
    const { keeper } = this.#parts;
    const link = await keeper.linked(deadlineMs);
    const feed = await this.#fed(link, deadlineMs);
    const poll = await keeper.within(deadlineMs, feed.poll(deadlineMs));
    keeper.noteHealth();
    return poll;
  }

  /** The feed over this link, from what is wired just now. */
  async #fed(link: OpcuaLink, deadlineMs: number): Promise<SourceFeed> {
    const { memory } = this.#parts;
    if (this.#link !== link) {
      this.#link = link;
      void this.#feed?.close();
      this.#feed = undefined;
      memory.startOver();
      memory.noteSkew(link.facts.aheadMs);
    }
    await this.#askServer(link, deadlineMs);
    this.#feed ??= this.#makeFeed(link);
    return this.#feed;
  }

  /**
   * Asks the server what it offers where it has to be asked. A poll waits for the answer only as long as it may: a large
   * server takes its time, and listed nodes are read meanwhile.
   */
  async #askServer(link: OpcuaLink, deadlineMs: number): Promise<void> {
    const { wirings, real } = this.#parts;
    if (this.#asking?.link !== link) {
      if (!wirings.mustAsk(link)) return;
      const answered = wirings.ask(link);
      const asking: Asking = { link, answered, rewired: undefined };
      this.#asking = asking;
      void answered.then((rewired) => (asking.rewired = rewired));
    }
    const asking = this.#asking;
    const waitMs = ASKING_SHARE * (deadlineMs - real.monotonicMs());
    await settleWithin(waitMs, asking.answered);
    if (asking.rewired === undefined) return;
    this.#asking = undefined;
    if (asking.rewired) this.#rewired();
    // Nodes may be others even where channels are the same.
    if (JSON.stringify(wirings.nodesOn(link)) === this.#fedFrom) return;
    void this.#feed?.close();
    this.#feed = undefined;
  }

  /** What is wired rests on what the server said of units: no more values by it until it was asked again. */
  #doubtMeaning(link: OpcuaLink): void {
    const { wirings } = this.#parts;
    wirings.doubt();
    if (this.#link !== link || !wirings.mustAsk(link)) return;
    void this.#feed?.close();
    this.#feed = undefined;
  }

  #makeFeed(link: OpcuaLink): SourceFeed {
    const { opcua, clock, real, wirings, memory } = this.#parts;
    const { every, reading, queue, timeout } = this.#options;
    const nodes = wirings.nodesOn(link);
    this.#fedFrom = JSON.stringify(nodes);
    memory.keepOnly(new Set(nodes.map(({ key }) => key)));
    return new SourceFeed(
      link,
      nodes,
      { everyMs: every, reading, queue, timeoutMs: timeout },
      {
        opcua,
        clock,
        real,
        memory,
        onMeaning: () => this.#doubtMeaning(link),
        onWord: (channel, value) => this.#report({ channel, atMs: clock.monotonicMs(), value }),
      },
    );
  }
}

/** Waits for some work, but no longer than `ms`; it goes on. */
async function settleWithin(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, ms));
  await Promise.race([work.then(() => {}), late]);
  clearTimeout(timer);
}
