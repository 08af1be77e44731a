import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AgentConfig } from '../config/agent-config.ts';
import type { Clock } from '../protocols/clock.ts';
import type { Link } from '../protocols/mqtt/link.ts';
import type { HealthMessage, StatusMessage } from '../protocols/telemetry/live.ts';
import { liveTopicOf, topicOf } from '../protocols/telemetry/topics.ts';
import { configCopyOf } from './config-copy.ts';
import type { Cancel, Timers } from '../protocols/timers.ts';
import { HostHealth } from './host-health.ts';
import type { LiveValues } from './live.ts';
import type { Poller } from './poller.ts';
import type { Publisher } from './publisher.ts';
import type { Scheduler } from './scheduler.ts';
import type { Sealer } from './sealer.ts';
import type { SampleAccounts } from './spool-accounts.ts';
import type { Fullness } from './spool-fullness.ts';
import type { ChainHead, Spool } from './spool.ts';
import type { Wiring } from './wiring.ts';

const LIVE_MS = 1000;
const HEALTH_MS = 30_000;
/** Of one source in one health message. */
const REMARKS_MAX = 10;

/** The agent's own view of itself. */
export type AgentStats = HealthMessage['spool'] & {
  connected: boolean;
  /** Samples that are not receipted and never will be, by reason; `rejected` are kept in the spool. */
  lost: SampleAccounts['dropped'] & { rejected: number };
  publisher: ReturnType<Publisher['counts']>;
  polls: { late: number; skipped: number; repeated: number };
  sources: HealthMessage['sources'];
};

/** What a reporter reports on. */
export interface ReporterOptions {
  config: AgentConfig;
  dataFolder: string;
  /** Asked how the computer fares; the real one by default. */
  host?: Pick<HostHealth, 'read'> | undefined;
  clock: Clock;
  timers: Timers;
  version: string;
  boot: string;
  spool: Spool;
  pollers: readonly Poller[];
  publisher: Publisher;
  scheduler: Scheduler;
  sealer: Sealer;
  live: LiveValues;
  wiring: () => Wiring;
}

/** Tells the floor how the agent fares: status, config, live values and health. Nothing of it is needed for energy. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #host: Pick<HostHealth, 'read'>;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  readonly #startedAtMs: number;
  #beats: Cancel[] = [];
  #link: Link | undefined;
  /** True while the last health told of fewer sources than there are. */
  #healthIsPartial = false;
  /** What the last health said of revoked keys. */
  #revokedTold: HealthMessage['keyRevoked'];

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#host = options.host ?? new HostHealth(options.dataFolder);
    this.#startedAtMs = options.timers.nowMs();
  }

  start(link: Link): void {
    this.#link = link;
    this.#delay.enable();
    const { timers } = this.#options;
    this.#beats = [
      timers.every(LIVE_MS, () => this.#publishLive()),
      timers.every(HEALTH_MS, () => void this.#publishHealth()),
    ];
    if (link.connected()) this.greet();
  }

  stop(): void {
    for (const cancel of this.#beats) cancel();
    this.#beats = [];
    this.#delay.disable();
  }

  /** Says that the agent is there; at every new connection. */
  greet(): void {
    const { config, version, boot, spool } = this.#options;
    const { site, agent } = config;
    this.#publish(topicOf(site, agent, 'status'), statusText(true, version, boot, spool.head), 1, true);
    this.tellWiring();
    void this.#publishHealth();
  }

  /** Publishes the copy of the wiring that is for people. */
  tellWiring(): void {
    const { config, wiring } = this.#options;
    this.#publish(topicOf(config.site, config.agent, 'config'), configCopyOf(wiring().snapshot), 1, true);
  }

  stats(): AgentStats {
    const { spool, publisher, scheduler, sealer } = this.#options;
    const { samples } = spool.accounts();
    return {
      ...this.#spoolHealth(),
      connected: this.#link?.connected() === true,
      lost: { ...samples.dropped, rejected: samples.rejected },
      publisher: publisher.counts(),
      polls: { ...scheduler.counts(), repeated: sealer.repeated },
      sources: this.#sources(),
    };
  }

  #publishLive(): void {
    const { config, live } = this.#options;
    if (this.#link?.connected() !== true) return;
    const settled = this.#settledSources();
    const down = settled.filter(({ up }) => !up);
    for (const message of live.messages(down.map(({ id, reason }) => ({ source: id, reason }))))
      this.#publish(
        liveTopicOf(config.site, config.agent, message.machine),
        JSON.stringify(message),
        0,
        true,
      );
    // The first polls have settled, or a key is not taken any more: nobody should wait half a minute for that.
    const isWhole = this.#healthIsPartial && settled.length === this.#options.pollers.length;
    if (isWhole) this.#healthIsPartial = false;
    if (isWhole || this.#revokedKey() !== this.#revokedTold) void this.#publishHealth();
  }

  async #publishHealth(): Promise<void> {
    const { config, clock, version } = this.#options;
    const host = await this.#host.read();
    if (this.#link?.connected() !== true || this.#beats.length === 0) return;
    const sources = this.#settledSources();
    this.#healthIsPartial = sources.length < this.#options.pollers.length;
    const keyRevoked = this.#revokedKey();
    this.#revokedTold = keyRevoked;
    const message: HealthMessage = {
      v: 1,
      at: clock.wallMs(),
      version,
      uptimeS: Math.round((this.#options.timers.nowMs() - this.#startedAtMs) / 1000),
      host,
      process: {
        rssBytes: process.memoryUsage.rss(),
        // Nanoseconds; the 99th of 100 delays since the last message.
        eventLoopDelayMs: Math.round(this.#delay.percentile(99) / 1e5) / 10,
      },
      spool: this.#spoolHealth(),
      receipts: this.#options.publisher.counts().receipts,
      ...(keyRevoked === undefined ? {} : { keyRevoked }),
      sources,
      clock: { wall: clock.wallMs(), state: this.#options.sealer.clockState() },
    };
    this.#delay.reset();
    this.#publish(topicOf(config.site, config.agent, 'health'), JSON.stringify(message), 0, false);
  }

  #revokedKey(): HealthMessage['keyRevoked'] {
    const { publisher, spool } = this.#options;
    if (publisher.refused.size === 0) return undefined;
    return publisher.refused.has(spool.head.epoch) ? 'current' : 'earlier';
  }

  #spoolHealth(): HealthMessage['spool'] {
    const { spool, sealer } = this.#options;
    const { samples, records } = spool.accounts();
    const { sampled, receipted, pending, rejected, thinned } = samples;
    const dropped = Object.values(samples.dropped).reduce((sum, count) => sum + count, 0);
    return {
      epoch: spool.head.epoch,
      headSeq: spool.head.seq,
      records: {
        sealed: records.sealed,
        receipted: records.receipted,
        pending: records.pending,
        rejected: records.rejected,
      },
      samples: { sampled, receipted, pending, rejected, thinned, dropped },
      bytes: spool.usedBytes(),
      failing: sealer.failing,
      ...fullOf(spool.fullness.read()),
    };
  }

  /** A source that was not polled to an end yet is not down. */
  #settledSources(): HealthMessage['sources'] {
    return this.#sources(this.#options.pollers.filter((poller) => poller.state().known));
  }

  #sources(pollers: readonly Poller[] = this.#options.pollers): HealthMessage['sources'] {
    const nowMs = this.#options.clock.monotonicMs();
    return pollers.map((poller) => {
      const { up, reason, polls, failures, lastReadingAtMs } = poller.state();
      const remarks = (poller.driver.remarks?.() ?? []).slice(0, REMARKS_MAX);
      return {
        id: poller.driver.description.id,
        up,
        reason,
        polls,
        failures,
        lastReadingAgeMs: lastReadingAtMs === null ? null : Math.max(0, nowMs - lastReadingAtMs),
        ...(poller.driver.insecure === true ? { insecure: true as const } : {}),
        ...(remarks.length === 0 ? {} : { remarks }),
      };
    });
  }

  #publish(topic: string, payload: string, qos: 0 | 1, retain: boolean): void {
    // The next one comes anyway.
    this.#link?.publish(topic, payload, { qos, retain }).catch(() => {});
  }
}

function fullOf(fullness: Fullness | undefined): Pick<HealthMessage['spool'], 'full'> {
  if (fullness === undefined) return {};
  const { sinceMs, untilMs, isOver, thinned, dropped } = fullness;
  return { full: { since: sinceMs, until: untilMs, over: isOver, thinned, dropped } };
}

/** The text of the status topic. */
export function statusText(online: boolean, version: string, boot: string, head: ChainHead): string {
  const status: StatusMessage = { v: 1, online, version, boot, epoch: head.epoch, seq: head.seq };
  return JSON.stringify(status);
}
