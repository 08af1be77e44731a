import type * as NodeOpcua from 'node-opcua';
import type { Clock } from '../../clock.ts';
import type { ChannelReading, Poll, StatusReport } from '../../driver.ts';
import type { OpcuaLink } from '../link/opcua-link.ts';
import { CURRENT_TIME, readServerFacts } from '../link/server-facts.ts';
import { hasOverflow, readingOf, statusWordOf } from '../opcua-value.ts';
import { readNodes } from './bulk-read.ts';
import type { FeedMemory } from './feed-memory.ts';
import { NodeState, type FeedNode } from './feed-node.ts';
import { isRefusal } from './refused-nodes.ts';
import { openSubscription, type Subscription, type Wish } from './subscription.ts';
import { Witness } from './witness.ts';

/** How a source is to be fed. */
export interface FeedSettings {
  everyMs: number;
  /** Measured nodes are subscribed to, or read each time. */
  reading: 'subscribe' | 'read';
  /** Values the server keeps for a measured node. */
  queue: number;
  /** No request takes longer, ms. */
  timeoutMs: number;
}

/** What a feed needs of the world. */
export interface FeedSurroundings {
  opcua: typeof NodeOpcua;
  clock: Clock;
  /** Real time, for the watchdog. */
  real: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  memory: FeedMemory;
  /** A word, or that there is none any more. */
  onWord(channel: string, value: StatusReport['value']): void;
}

/** A subscription that is silent for so many of its keep-alive intervals is dead, whatever the library believes. */
const SILENT_INTERVALS = 3;
/** One that is a little late makes us ask whether the server is there at all. */
const LATE_INTERVALS = 1.25;
/** Subscriptions are held against a read so often. */
const WITNESS_MS = 60_000;
const WORD_QUEUE = 50;
/** How fast words come: sampled by the server, published in lots. Under fast time a quarter of a second is minutes. */
const WORD_SAMPLING_MS = 100;
const FAST_WORD_SAMPLING_MS = 50;
const PUBLISHING_MS_MAX = 250;
const FAST_PUBLISHING_MS = 100;
const KEEP_ALIVE_MS_MIN = 2000;
const KEEP_ALIVE_MS_MAX = 10_000;
/** There is no room for one more node in the subscription, and asking again makes none. */
const NO_ROOM = /Bad(?:TooManyMonitoredItems|OutOfMemory|ResourceUnavailable|MonitoredItemsUnsupported)/;

/**
 * Feeds a source over one connection, from nodes that are known: measured ones and words. What is subscribed to is told
 * by the server and held; all the rest, and everything while there is no subscription, is read in bulk at each poll.
 */
export class SourceFeed {
  readonly #link: OpcuaLink;
  readonly #settings: FeedSettings;
  readonly #around: FeedSurroundings;
  readonly #measured: readonly NodeState[];
  readonly #words: readonly NodeState[];
  readonly #witness: Witness;
  /** The last word of each channel that was reported over this connection. */
  readonly #lastWords = new Map<string, StatusReport['value']>();
  #subscription: Subscription | undefined;
  /** Counts subscriptions, so that the end of one that was given up already is no news. */
  #generation = 0;
  #aliveAtMs = 0;
  /** Nodes are being watched just now: one request after another. */
  #watching: Promise<void> | undefined;
  #examining = false;
  #examineAtMs: number;
  #closed = false;

  constructor(link: OpcuaLink, nodes: readonly FeedNode[], settings: FeedSettings, around: FeedSurroundings) {
    this.#link = link;
    this.#settings = settings;
    this.#around = around;
    const states = nodes.map((node) => new NodeState(node));
    this.#measured = states.filter(({ node }) => node.kind === 'measured');
    this.#words = states.filter(({ node }) => node.kind === 'word');
    this.#examineAtMs = around.real.monotonicMs() + WITNESS_MS;
    this.#witness = new Witness(
      (nodeIds) => this.#read(nodeIds),
      (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
    );
    const { refused } = around.memory;
    for (const state of states) {
      const { key, point, missing } = state.node;
      state.readInstead = around.memory.isUnreliable(key);
      if (missing !== undefined) {
        refused.refuse(key, point, missing);
        this.#tellNone(state);
      }
    }
  }

  /** One row: of each measured node the newest value. Rejects when the server does not answer. */
  async poll(): Promise<Poll> {
    const { clock, real } = this.#around;
    this.#requireAlive();
    this.#watchWanted();
    this.#examine();
    const startMs = clock.monotonicMs();
    const realStartMs = real.monotonicMs();
    const fresh = await this.#readDue();
    const readings = this.#measured.map((state): ChannelReading => {
      const value = fresh.get(state) ?? (this.#mustRead(state) ? undefined : state.held);
      return { channel: state.node.key, ...readingOf(value) };
    });
    return {
      atMs: Math.round((startMs + clock.monotonicMs()) / 2),
      readings,
      roundTripMs: real.monotonicMs() - realStartMs,
    };
  }

  /** Whether measured nodes are told by a subscription just now. */
  get subscribed(): boolean {
    return this.#subscribesMeasured() && this.#measured.some(({ watched }) => watched !== undefined);
  }

  /** Another feed takes over; what the server still tells this one does not count. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await this.#watching;
    if (this.#link.broken === undefined) await subscription?.close();
  }

  /** Under simulated time a value is only true at the moment it is asked for. */
  #subscribesMeasured(): boolean {
    return this.#settings.reading === 'subscribe' && this.#around.clock.speed() === 1;
  }

  #requireAlive(): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const silentMs = this.#around.real.monotonicMs() - this.#aliveAtMs;
    if (silentMs <= SILENT_INTERVALS * subscription.expectedMs) return;
    this.#link.breakWith(`said nothing for ${Math.round(silentMs / 1000)} s, though it was subscribed to`);
    throw new Error(this.#link.broken);
  }

  #isLate(): boolean {
    const subscription = this.#subscription;
    if (subscription === undefined) return true;
    return this.#around.real.monotonicMs() - this.#aliveAtMs > LATE_INTERVALS * subscription.expectedMs;
  }

  /** Whether a node's value has to be asked for at each poll. */
  #mustRead(state: NodeState): boolean {
    if (state.node.kind === 'word')
      return state.readInstead || (this.#subscription === undefined && this.#watching === undefined);
    return (
      !this.#subscribesMeasured() ||
      state.readInstead ||
      state.watched === undefined ||
      state.held === undefined
    );
  }

  async #readDue(): Promise<Map<NodeState, NodeOpcua.DataValue>> {
    const { refused } = this.#around.memory;
    const known = [...this.#measured, ...this.#words].filter(({ node }) => node.nodeId !== undefined);
    const due = known.filter(({ node }) => refused.isDue(node.key));
    const asked = known.filter((state) => !refused.isRefused(state.node.key) && this.#mustRead(state));
    const told = new Map([...due, ...asked].map((state) => [state, state.told]));
    // Something is asked at each poll unless the subscription itself says that the server is there.
    const extra = asked.length === 0 && this.#isLate() ? [CURRENT_TIME] : [];
    const values = await this.#read([...asked.map(({ node }) => node.nodeId ?? ''), ...extra]);
    // Refused nodes are asked for by themselves: whatever the server makes of them must not touch the others.
    const others =
      due.length === 0 ? [] : await this.#read(due.map(({ node }) => node.nodeId ?? '')).catch(() => []);
    const fresh = new Map<NodeState, NodeOpcua.DataValue>();
    for (const [index, state] of [...asked, ...due].entries()) {
      const value = index < asked.length ? values[index] : others[index - asked.length];
      // What the subscription told meanwhile is newer.
      if (value !== undefined && state.told === told.get(state)) {
        fresh.set(state, value);
        state.noteRead(value, this.#around.real.monotonicMs());
      }
      if (value !== undefined) this.#judge(state, value);
      else refused.postpone(state.node.key);
      if (value !== undefined && state.node.kind === 'word' && fresh.has(state))
        this.#tellWord(state, statusWordOf(value, state.node.words));
    }
    return fresh;
  }

  #read(nodeIds: readonly string[]): Promise<NodeOpcua.DataValue[]> {
    return readNodes(this.#around.opcua, this.#link.session, nodeIds, this.#link.limits);
  }

  /** What a value's status says of the node itself. */
  #judge(state: NodeState, value: NodeOpcua.DataValue): void {
    const { refused } = this.#around.memory;
    const { key, point } = state.node;
    const status = value.statusCode.name;
    if (!isRefusal(status)) refused.accept(key);
    else {
      refused.refuse(key, point, status);
      void this.#unwatch(state);
    }
  }

  async #unwatch(state: NodeState): Promise<void> {
    const { watched } = state;
    state.forget();
    await watched?.unwatch();
  }

  /** Subscribes, in the background, to what should be told and is not: at first, and when nodes come back. */
  #watchWanted(): void {
    const { memory } = this.#around;
    if (this.#watching !== undefined || this.#closed || this.#link.broken !== undefined) return;
    if (this.#subscription === undefined && !memory.mayAsk()) return;
    const wanted = [...this.#words, ...(this.#subscribesMeasured() ? this.#measured : [])].filter(
      ({ node, watched, readInstead }) =>
        node.nodeId !== undefined &&
        watched === undefined &&
        !readInstead &&
        !memory.refused.isRefused(node.key),
    );
    if (wanted.length === 0) return;
    const watching = this.#watch(wanted)
      .catch((error: unknown) => this.#lose(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        this.#watching = undefined;
      });
    this.#watching = watching;
    this.#link.guard(watching);
  }

  async #watch(states: readonly NodeState[]): Promise<void> {
    const { memory } = this.#around;
    const subscription = this.#subscription ?? (await this.#open());
    if (this.#closed) return subscription.close();
    this.#subscription = subscription;
    const results = await subscription.watch(states.map((state) => this.#wishFor(state, subscription)));
    if (this.#subscription !== subscription) return;
    memory.noteSubscribed();
    for (const [index, state] of states.entries()) {
      const watched = results[index];
      if (watched === undefined) continue;
      const { key, point, kind } = state.node;
      if (watched.refused === undefined) {
        state.watched = watched;
        if (watched.filterless) memory.noteFilterless(point);
        if (kind === 'measured') memory.noteSampling(point, watched.samplingMs);
      } else if (NO_ROOM.test(watched.refused)) state.readInstead = true;
      else {
        memory.refused.refuse(key, point, watched.refused);
        this.#tellNone(state);
      }
    }
  }

  #open(): Promise<Subscription> {
    const { opcua, clock, real } = this.#around;
    const { everyMs, timeoutMs } = this.#settings;
    this.#aliveAtMs = real.monotonicMs();
    const generation = ++this.#generation;
    const fast = clock.speed() > 1;
    return openSubscription({
      opcua,
      session: this.#link.session,
      limits: this.#link.limits,
      timeoutMs,
      pace: {
        publishingMs: fast ? FAST_PUBLISHING_MS : Math.min(PUBLISHING_MS_MAX, everyMs),
        keepAliveMs: Math.min(KEEP_ALIVE_MS_MAX, Math.max(KEEP_ALIVE_MS_MIN, 2 * everyMs)),
      },
      onAlive: () => {
        this.#aliveAtMs = real.monotonicMs();
      },
      onEnd: (reason) => {
        if (generation === this.#generation && this.#subscription !== undefined) this.#lose(reason);
      },
    });
  }

  #wishFor(state: NodeState, subscription: Subscription): Wish {
    const { clock, real, memory } = this.#around;
    const { node } = state;
    const word = node.kind === 'word';
    const wordSamplingMs = clock.speed() > 1 ? FAST_WORD_SAMPLING_MS : WORD_SAMPLING_MS;
    return {
      nodeId: node.nodeId ?? '',
      samplingMs: word ? wordSamplingMs : this.#settings.everyMs,
      queueSize: word ? WORD_QUEUE : this.#settings.queue,
      deadband: node.deadband,
      onValue: (value) => {
        if (this.#closed || this.#subscription !== subscription) return;
        if (hasOverflow(value)) memory.noteOverflow();
        let newest = value;
        if (isRefusal(value.statusCode.name)) this.#judge(state, value);
        else newest = state.take(value, real.monotonicMs());
        if (word) this.#tellWord(state, statusWordOf(newest, state.node.words));
      },
    };
  }

  /** There is no subscription any more, or none was given: nodes are read until there is one again. */
  #lose(reason: string): void {
    if (this.#closed || this.#link.broken !== undefined) return;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    for (const state of [...this.#measured, ...this.#words]) state.forget();
    this.#around.memory.noteUnsubscribed(/Bad[A-Z]\w+/.exec(reason)?.[0] ?? reason);
    // Never while items are asked for: their answer would come to a subscription that is not there.
    void (this.#watching ?? Promise.resolve()).then(() => subscription?.close());
  }

  /** About once a minute: is the server still the one we know, and does it tell all that it should? */
  #examine(): void {
    const { opcua, real, memory } = this.#around;
    if (this.#examining || real.monotonicMs() < this.#examineAtMs) return;
    this.#examining = true;
    this.#examineAtMs = real.monotonicMs() + WITNESS_MS;
    const { session, limits, facts } = this.#link;
    const examine = async () => {
      const now = await readServerFacts(opcua, session, limits, () => real.wallMs());
      memory.noteSkew(now.aheadMs);
      if (!isSame(now.namespaceUris, facts.namespaceUris))
        return this.#link.breakWith('has other namespaces than when it was connected');
      await this.#hearWitness();
    };
    // A link that fails shows it at the next read.
    void examine()
      .catch(() => {})
      .finally(() => {
        this.#examining = false;
      });
  }

  async #hearWitness(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined || !this.#subscribesMeasured()) return;
    const watched = this.#measured.filter((state) => state.watched !== undefined && !state.readInstead);
    const silent = await this.#witness.findSilent(watched, subscription.publishingMs);
    if (this.#subscription !== subscription || this.#closed) return;
    for (const state of silent) {
      const { key, point } = state.node;
      const cure = this.#around.memory.noteSilent(key, point);
      if (cure === 'connect anew') this.#link.breakWith('forgot a node that was subscribed to');
      if (cure === 'read instead') state.readInstead = true;
      // Without an item it is read at once, and watched anew where it still is to be.
      await this.#unwatch(state);
    }
  }

  #tellWord(state: NodeState, word: StatusReport['value']): void {
    const { key } = state.node;
    if (this.#closed || (this.#lastWords.has(key) && this.#lastWords.get(key) === word)) return;
    this.#lastWords.set(key, word);
    this.#around.onWord(key, word);
  }

  #tellNone(state: NodeState): void {
    if (state.node.kind === 'word') this.#tellWord(state, null);
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}
