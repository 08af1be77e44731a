import type * as NodeOpcua from 'node-opcua';
import { systemClock, type Clock } from '../clock.ts';
import type { ChannelReading, Driver, Poll, StatusReport } from '../driver.ts';
import { MillwattError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { resolveNodeAddress } from './node-address.ts';
import { connectionError, timeoutError } from './opcua-error.ts';
import { openLink, type OpcuaLink } from './opcua-link.ts';
import type { OpcuaSourceOptions } from './opcua-options.ts';
import { readingOf } from './opcua-value.ts';
import { createOpcuaWiring, type OpcuaWiring } from './opcua-wiring.ts';
import { StatusFollower } from './status-follower.ts';
import { openTrustStore } from './trust/trust-store.ts';

/** What the driver needs of the world. */
export interface OpcuaSurroundings {
  /** Simulated or real time: what readings are stamped with. */
  clock: Clock;
  /** Folder of keys and certificates, kept between runs. */
  pkiFolder: string;
  log?: Log;
  /** Real time, for back-off and the watchdog. */
  real?: Pick<Clock, 'monotonicMs'>;
}

/** Waits between attempts to connect, ms of real time; the last one stays. Clients made anew cost both sides memory. */
const BACK_OFF_MS = [1000, 2000, 5000, 10_000, 30_000] as const;
/** A link that was healthy for so long has made up for earlier failures. */
const HEALTHY_MS = 30_000;
/**
 * An OPC UA source: measured nodes are read in each poll (counters heal by difference, so nothing is lost between), status
 * nodes are subscribed to. Loads node-opcua, which takes a second and 150 MB, and makes the agent's certificate when it
 * has none; connects at the first poll. Throws an error of class `refuse` (code `bad-node`) for nodes that cannot be.
 */
export async function createOpcuaDriver(
  options: OpcuaSourceOptions,
  around: OpcuaSurroundings,
): Promise<Driver> {
  const wiring = createOpcuaWiring(options);
  const opcua = await import('node-opcua');
  const { log = silentLog } = around;
  // The library writes to the console, for all connections alike; its words belong into our log.
  const hear = (...words: unknown[]) => log.debug({ library: 'node-opcua' }, words.map(String).join(' '));
  opcua.setWarningLogger(hear);
  opcua.setErrorLogger(hear);
  const store = await openTrustStore(opcua, around.pkiFolder);
  await store.manager.dispose();
  return new OpcuaDriver(opcua, options, wiring, around);
}

class OpcuaDriver implements Driver {
  readonly description;
  readonly channels;
  readonly #opcua: typeof NodeOpcua;
  readonly #options: OpcuaSourceOptions;
  readonly #wiring: OpcuaWiring;
  readonly #pkiFolder: string;
  readonly #clock: Clock;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #statuses: StatusFollower;
  #link: OpcuaLink | undefined;
  /** Node ids of the measured points on the linked server; undefined where it has no such namespace. */
  #nodeIds: readonly (string | undefined)[] = [];
  #opening: { cancel(): void } | undefined;
  #overflowsTold = 0;
  #linkedAtMs = 0;
  #failures = 0;
  #notBeforeMs = -Infinity;
  #lastError: MillwattError | undefined;
  #closed = false;
  /** Points that were already reported as unusable, so that the log says it once. */
  readonly #complained = new Set<string>();

  constructor(
    opcua: typeof NodeOpcua,
    options: OpcuaSourceOptions,
    wiring: OpcuaWiring,
    around: OpcuaSurroundings,
  ) {
    this.#opcua = opcua;
    this.#options = options;
    this.#wiring = wiring;
    this.#pkiFolder = around.pkiFolder;
    this.#clock = around.clock;
    this.#real = around.real ?? systemClock;
    this.#log = around.log ?? silentLog;
    this.#statuses = new StatusFollower(options.machine, wiring.statuses, {
      opcua,
      clock: this.#clock,
      real: this.#real,
      complain: (point, reason) => this.#complain(point, reason),
    });
    this.description = wiring.description;
    this.channels = [...wiring.measured, ...wiring.statuses].map(({ channel }) => channel);
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#statuses.onStatus(report);
  }

  async poll(): Promise<Poll> {
    if (this.#closed) throw this.#failure('closed', 'is closed');
    this.#statuses.checkSilence();
    const deadlineMs = this.#real.monotonicMs() + this.#options.timeout;
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      const linkAgeMs = this.#link === undefined ? 0 : this.#real.monotonicMs() - this.#linkedAtMs;
      const error = this.#drop(cause);
      // A link that was good for long and broke between two polls (a restart, a session that ran out) costs no reading.
      if (linkAgeMs < HEALTHY_MS || this.#closed) throw error;
      this.#notBeforeMs = -Infinity;
    }
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      throw this.#drop(cause);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#opening?.cancel();
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  async #attempt(deadlineMs: number): Promise<Poll> {
    const link = await this.#linked(deadlineMs);
    const poll = await this.#withDeadline(deadlineMs, this.#read(link));
    if (this.#real.monotonicMs() - this.#linkedAtMs > HEALTHY_MS) this.#failures = 0;
    this.#tellOverflows();
    return poll;
  }

  /** The link, made when there is none and it is time to try again. */
  async #linked(deadlineMs: number): Promise<OpcuaLink> {
    const link = this.#link ?? (await this.#connect(deadlineMs));
    if (link.broken !== undefined) throw this.#failure('closed', link.broken);
    await this.#withDeadline(deadlineMs, this.#statuses.follow(link));
    return link;
  }

  async #connect(deadlineMs: number): Promise<OpcuaLink> {
    if (this.#real.monotonicMs() < this.#notBeforeMs)
      throw this.#lastError ?? this.#failure('closed', 'is waiting to connect again');
    const opening = openLink(this.#opcua, this.#options, this.#pkiFolder, this.#log);
    this.#opening = opening;
    let link: OpcuaLink;
    try {
      link = await this.#withDeadline(deadlineMs, opening.link);
    } catch (error) {
      opening.cancel();
      throw error;
    } finally {
      this.#opening = undefined;
    }
    if (this.#closed) throw this.#failure('closed', 'is closed');
    this.#link = link;
    this.#linkedAtMs = this.#real.monotonicMs();
    this.#nodeIds = this.#wiring.measured.map(({ channel, address }) => {
      const nodeId = resolveNodeAddress(address, link.namespaceUris);
      if (nodeId === undefined) this.#complain(channel.point, 'the server has no such namespace');
      return nodeId;
    });
    return link;
  }

  async #read(link: OpcuaLink): Promise<Poll> {
    const startMs = this.#clock.monotonicMs();
    const realStartMs = this.#real.monotonicMs();
    const wanted = this.#nodeIds.flatMap((nodeId, index) =>
      nodeId === undefined ? [] : [{ nodeId, index }],
    );
    const readings: ChannelReading[] = this.#wiring.measured.map(({ channel }) => ({
      channel: channel.id,
      value: null,
      quality: 'bad',
    }));
    for (let from = 0; from < Math.max(1, wanted.length); from += link.nodesPerRead) {
      const lot = wanted.slice(from, from + link.nodesPerRead);
      // A source of status words alone still asks something: whether the server is there.
      const nodeIds = lot.length > 0 ? lot.map(({ nodeId }) => nodeId) : ['ns=0;i=2258'];
      const values = await link.session.read(
        nodeIds.map((nodeId) => ({ nodeId, attributeId: this.#opcua.AttributeIds.Value })),
      );
      for (const [position, { index }] of lot.entries()) {
        const reading = readings[index];
        const value = values[position];
        if (reading === undefined) continue;
        Object.assign(reading, readingOf(value));
        if (value !== undefined && value.statusCode.name.startsWith('BadNodeId'))
          this.#complain(this.#wiring.measured[index]?.channel.point ?? '', value.statusCode.name);
      }
    }
    return {
      atMs: Math.round((startMs + this.#clock.monotonicMs()) / 2),
      readings,
      roundTripMs: this.#real.monotonicMs() - realStartMs,
    };
  }

  #tellOverflows(): void {
    const { overflows } = this.#statuses;
    if (overflows === this.#overflowsTold) return;
    this.#overflowsTold = overflows;
    if (overflows > 0)
      this.#log.warn(
        { source: this.#options.id, overflows },
        'the server lost status values: its queue overflowed',
      );
  }

  /** Gives a link up; the next attempt waits its time. */
  #drop(cause: unknown): MillwattError {
    const error = connectionError(this.#options.id, this.#options.endpoint, cause);
    if (error === this.#lastError) return error; // only told again while waiting
    const link = this.#link;
    this.#link = undefined;
    this.#statuses.leave();
    this.#lastError = error;
    this.#notBeforeMs =
      this.#real.monotonicMs() + (BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length - 1)] ?? 30_000);
    this.#failures++;
    void link?.close();
    return error;
  }

  async #withDeadline<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { id, endpoint, timeout } = this.#options;
    const timer = setTimeout(
      () => reject(timeoutError(id, endpoint, timeout)),
      Math.max(1, deadlineMs - this.#real.monotonicMs()),
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #complain(point: string, reason: string): void {
    const key = `${point}\u0000${reason}`;
    if (this.#complained.has(key)) return;
    this.#complained.add(key);
    this.#log.warn({ source: this.#options.id, point, reason }, 'an OPC UA node cannot be read');
  }

  #failure(code: string, what: string): MillwattError {
    const { id, endpoint } = this.#options;
    return new MillwattError('retry', code, `Source ${id}: ${endpoint} ${what}.`);
  }
}
