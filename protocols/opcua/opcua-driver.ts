import type * as NodeOpcua from 'node-opcua';
import { systemClock, type Clock } from '../clock.ts';
import type { ChannelReading, Driver, Poll, StatusReport } from '../driver.ts';
import { MillwattError } from '../errors.ts';
import { silentLog, type Log } from '../log.ts';
import { findMachineTools, findStatusNode } from './machine-tool-model.ts';
import { resolveNodeAddress } from './node-address.ts';
import { connectionError, timeoutError } from './opcua-error.ts';
import { openLink, type OpcuaLink } from './opcua-link.ts';
import type { OpcuaSourceOptions } from './opcua-options.ts';
import { readingOf } from './opcua-value.ts';
import { createOpcuaWiring, type OpcuaWiring, type StatusPoint } from './opcua-wiring.ts';
import { watchStatuses, type StatusWatch, type WatchPace } from './status-watch.ts';
import { openTrustStore } from './trust-store.ts';

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
/** A subscription that is silent for so many of its keep-alive intervals is dead, whatever the library believes. */
const SILENT_INTERVALS = 3;
/** A server that will not give a subscription, or shows no machine yet, is asked again after so long. */
const RESUBSCRIBE_MS = 30_000;
const REAL_PACE: WatchPace = { samplingMs: 100, publishingMs: 250 };
/** Under fast time a quarter of a second is minutes of the machine's day. */
const FAST_PACE: WatchPace = { samplingMs: 50, publishingMs: 100 };

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
  #report: (status: StatusReport) => void = () => {};
  #link: OpcuaLink | undefined;
  /** Node ids of the measured points on the linked server; undefined where it has no such namespace. */
  #nodeIds: readonly (string | undefined)[] = [];
  #watch: StatusWatch | undefined;
  #opening: { cancel(): void } | undefined;
  #overflowsTold = 0;
  #subscribeAtMs = -Infinity;
  #aliveAtMs = 0;
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
    this.description = wiring.description;
    this.channels = [...wiring.measured, ...wiring.statuses].map(({ channel }) => channel);
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#report = report;
  }

  async poll(): Promise<Poll> {
    if (this.#closed) throw this.#failure('closed', 'is closed');
    this.#checkSilence();
    const deadlineMs = this.#real.monotonicMs() + this.#options.timeout;
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      const linkAgeMs = this.#link === undefined ? 0 : this.#real.monotonicMs() - this.#linkedAtMs;
      this.#drop(this.#explain(cause));
      // A link that was good for long and broke between two polls (a restart, a session that ran out) costs no reading.
      if (linkAgeMs < HEALTHY_MS || this.#closed) throw this.#explain(cause);
      this.#notBeforeMs = -Infinity;
    }
    try {
      return await this.#attempt(deadlineMs);
    } catch (cause) {
      this.#drop(this.#explain(cause));
      throw this.#explain(cause);
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

  #explain(cause: unknown): MillwattError {
    return connectionError(this.#options.id, this.#options.endpoint, cause);
  }

  /** The link, made when there is none and it is time to try again. */
  async #linked(deadlineMs: number): Promise<OpcuaLink> {
    const link = this.#link ?? (await this.#connect(deadlineMs));
    if (link.broken !== undefined) throw this.#failure('closed', link.broken);
    if (this.#watch === undefined && this.#real.monotonicMs() >= this.#subscribeAtMs) {
      this.#subscribeAtMs = this.#real.monotonicMs() + RESUBSCRIBE_MS;
      await this.#withDeadline(deadlineMs, this.#subscribe(link));
    }
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
    this.#subscribeAtMs = -Infinity;
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

  /** Subscribes to the status words that the server has; the others are reported as unknown once. */
  async #subscribe(link: OpcuaLink): Promise<void> {
    const { statuses } = this.#wiring;
    if (statuses.length === 0) return;
    const nodeIds = await this.#findStatusNodes(link);
    const found = statuses.flatMap((point, index) => {
      const nodeId = nodeIds[index];
      if (nodeId === undefined) {
        this.#complain(point.channel.point, 'the machine does not offer it');
        this.#tell(point, null);
      }
      return nodeId === undefined ? [] : [{ point, nodeId }];
    });
    if (found.length === 0) return;
    const pace = this.#clock.speed() > 1 ? FAST_PACE : REAL_PACE;
    const isCurrent = () => this.#link === link;
    this.#aliveAtMs = this.#real.monotonicMs();
    this.#overflowsTold = 0;
    const watching = watchStatuses(
      this.#opcua,
      link.session,
      found.map(({ nodeId }) => nodeId),
      pace,
      {
        onWord: (index, word) => {
          const point = found[index]?.point;
          if (point !== undefined && isCurrent()) this.#tell(point, word);
        },
        onRefused: (index, reason) => {
          const point = found[index]?.point;
          if (point === undefined) return;
          this.#complain(point.channel.point, reason);
          this.#tell(point, null);
        },
        onAlive: () => {
          if (isCurrent()) this.#aliveAtMs = this.#real.monotonicMs();
        },
        onEnd: (reason) => link.breakWith(reason),
      },
    );
    try {
      const watch = await watching;
      if (isCurrent()) this.#watch = watch;
    } catch (error) {
      // Power and energy go on without status words; a broken link shows itself at the next read.
      this.#complain('subscription', error instanceof Error ? error.message : String(error));
      for (const { point } of found) this.#tell(point, null);
    }
  }

  async #findStatusNodes(link: OpcuaLink): Promise<(string | undefined)[]> {
    const { statuses } = this.#wiring;
    const byModel = statuses.some((point) => 'model' in point);
    const machines = byModel ? await findMachineTools(link.session, link.namespaceUris) : [];
    const machine = machines.find(({ name }) => name === this.#options.machine) ?? machines[0];
    if (byModel && machine === undefined)
      this.#complain('Machines', 'the server offers no machine of type MachineToolType');
    if (machines.length > 1 && machine?.name !== this.#options.machine)
      this.#complain('Machines', `of ${machines.length} machine tools the first is read: ${machine?.name}`);
    const nodeIds: (string | undefined)[] = [];
    for (const point of statuses) {
      if ('address' in point) nodeIds.push(resolveNodeAddress(point.address, link.namespaceUris));
      else if (machine === undefined) nodeIds.push(undefined);
      else nodeIds.push(await findStatusNode(link.session, machine.nodeId, point.model, link.namespaceUris));
    }
    return nodeIds;
  }

  #tell(point: StatusPoint, value: StatusReport['value']): void {
    this.#report({ channel: point.channel.id, atMs: this.#clock.monotonicMs(), value });
  }

  /** A subscription that says nothing for too long is dead even if the connection seems to live. */
  #checkSilence(): void {
    const watch = this.#watch;
    if (watch === undefined || this.#link === undefined) return;
    const silentMs = this.#real.monotonicMs() - this.#aliveAtMs;
    if (silentMs > SILENT_INTERVALS * watch.expectedMs)
      this.#link.breakWith(`the subscription has been silent for ${Math.round(silentMs / 1000)} s`);
  }

  #tellOverflows(): void {
    const overflows = this.#watch?.overflows ?? 0;
    if (overflows <= this.#overflowsTold) return;
    this.#overflowsTold = overflows;
    this.#log.warn(
      { source: this.#options.id, overflows },
      'the server lost status values: its queue overflowed',
    );
  }

  /** Gives a link up; the next attempt waits its time. */
  #drop(error: MillwattError): void {
    const link = this.#link;
    if (error === this.#lastError) return; // only told again while waiting
    this.#link = undefined;
    this.#watch = undefined;
    this.#lastError = error;
    this.#notBeforeMs =
      this.#real.monotonicMs() + (BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length - 1)] ?? 30_000);
    this.#failures++;
    void link?.close();
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
