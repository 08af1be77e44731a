import type * as NodeOpcua from 'node-opcua';
import type { OpcuaLink } from '../link/opcua-link.ts';
import { nameCause } from '../library-words.ts';
import { hasOtherMeaning, hasOverflow } from '../opcua-value.ts';
import type { NodeState } from './feed-node.ts';
import { subscribesMeasured, type FeedSettings, type FeedSurroundings } from './feed-surroundings.ts';
import { isRefusal } from './refused-nodes.ts';
import { openSubscription, type Subscription, type SubscriptionPace, type Wish } from './subscription.ts';

/** A subscription that is silent for so many of its keep-alive intervals is dead, whatever the library believes. */
const SILENT_INTERVALS = 3;
/** One that is a little late makes us ask whether the server is there at all. */
const LATE_INTERVALS = 1.25;
/** However seldom the server means to give signs of life, it is asked whether it is there after so long. */
const LATE_MS_MAX = 12_500;
/** So long what has come already has, to be heard. */
const HEAR_OUT_MS = 50;
const WORD_QUEUE = 50;
/** How fast words come: sampled by the server, published in lots. Under fast time a quarter of a second is minutes. */
const WORD_SAMPLING_MS = 100;
const FAST_WORD_SAMPLING_MS = 50;
const PUBLISHING_MS_MAX = 250;
const FAST_PUBLISHING_MS = 100;
const KEEP_ALIVE_MS_MIN = 2000;
const KEEP_ALIVE_MS_MAX = 10_000;

/** Where a watcher's news go. */
export interface WatcherEvents {
  /** The value of a word. */
  onWord(state: NodeState, value: NodeOpcua.DataValue): void;
  /** The server will not watch the node, or says that it is not there any more. */
  onRefused(state: NodeState, status: string): void;
}

/** Keeps a subscription to nodes over one connection: asks for it, again when it was lost, and sees whether it lives. */
export class Watcher {
  readonly #link: OpcuaLink;
  readonly #states: readonly NodeState[];
  readonly #settings: FeedSettings;
  readonly #around: FeedSurroundings;
  readonly #events: WatcherEvents;
  #subscription: Subscription | undefined;
  /** Counts subscriptions, so that the end of one that was given up already is no news. */
  #generation = 0;
  #aliveAtMs = 0;
  /** Nodes are being watched just now: one request after another. */
  #watching: Promise<void> | undefined;
  #closed = false;

  constructor(
    link: OpcuaLink,
    states: readonly NodeState[],
    settings: FeedSettings,
    around: FeedSurroundings,
    events: WatcherEvents,
  ) {
    this.#link = link;
    this.#states = states;
    this.#settings = settings;
    this.#around = around;
    this.#events = events;
  }

  /** The subscription that is alive; undefined while there is none. */
  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** There is no subscription, and none is being asked for just now. */
  get isIdle(): boolean {
    return this.#subscription === undefined && this.#watching === undefined;
  }

  /**
   * Gives the link up when the subscription has been silent for too long. What came already is heard first: where this
   * process was held up, timers run before the network is looked at, and the silence was our own.
   */
  async checkSilence(): Promise<void> {
    if (!this.#isSilent()) return;
    await new Promise((resolve) => setTimeout(resolve, HEAR_OUT_MS));
    if (this.#isSilent())
      this.#link.breakWith(
        `said nothing for ${Math.round(this.#silentMs() / 1000)} s, though it was subscribed to`,
      );
  }

  /** Whether the subscription leaves it open that the server is there. */
  isLate(): boolean {
    if (this.#subscription === undefined) return true;
    return this.#silentMs() > Math.min(LATE_MS_MAX, LATE_INTERVALS * this.#subscription.expectedMs);
  }

  #silentMs(): number {
    return this.#around.real.monotonicMs() - this.#aliveAtMs;
  }

  #isSilent(): boolean {
    return (
      this.#subscription !== undefined && this.#silentMs() > SILENT_INTERVALS * this.#subscription.expectedMs
    );
  }

  /** Subscribes, in the background, to what should be told and is not: at first, and when nodes come back. */
  watchWanted(): void {
    const { memory } = this.#around;
    if (this.#watching !== undefined || this.#closed || this.#link.broken !== undefined) return;
    if (this.#subscription === undefined && !memory.mayAsk()) return;
    const measured = subscribesMeasured(this.#settings, this.#around.clock);
    const wanted = this.#states.filter(
      ({ node, watched, readInstead }) =>
        watched === undefined &&
        !readInstead &&
        node.nodeId !== undefined &&
        (measured || node.kind === 'word') &&
        !memory.refused.isRefused(node.key),
    );
    if (wanted.length === 0) return;
    const watching = this.#watch(wanted)
      .catch((error: unknown) => this.#lose(nameCause(error)))
      .finally(() => {
        this.#watching = undefined;
      });
    this.#watching = watching;
    this.#link.guard(watching);
  }

  async unwatch(state: NodeState): Promise<void> {
    const { watched } = state;
    state.forget();
    await watched?.unwatch();
  }

  /** What the server still tells does not count. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    await this.#watching;
    if (this.#link.broken === undefined) await subscription?.close();
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
        memory.noteFilter(key, point, watched.filterless);
        if (kind === 'measured') memory.noteSampling(key, watched.samplingMs);
        memory.noteWatched(key, undefined);
      } else if (isRefusal(watched.refused) && !state.wasRead) this.#events.onRefused(state, watched.refused);
      else {
        // There is no room for it, or it can be read and not watched: asking again would change nothing.
        state.readInstead = true;
        memory.noteWatched(key, watched.refused);
      }
    }
  }

  #open(): Promise<Subscription> {
    const { opcua, real } = this.#around;
    const generation = ++this.#generation;
    this.#aliveAtMs = real.monotonicMs();
    return openSubscription({
      opcua,
      session: this.#link.session,
      limits: this.#link.limits,
      timeoutMs: this.#settings.timeoutMs,
      pace: this.#pace(),
      onAlive: () => {
        this.#aliveAtMs = real.monotonicMs();
      },
      onGap: (reports) => {
        if (generation !== this.#generation) return;
        this.#around.memory.noteGap(reports);
        for (const state of this.#states) state.doubt();
      },
      onEnd: (reason) => {
        if (generation === this.#generation && this.#subscription !== undefined) this.#lose(reason);
      },
    });
  }

  #pace(): SubscriptionPace {
    const { everyMs } = this.#settings;
    return {
      publishingMs:
        this.#around.clock.speed() > 1 ? FAST_PUBLISHING_MS : Math.min(PUBLISHING_MS_MAX, everyMs),
      keepAliveMs: Math.min(KEEP_ALIVE_MS_MAX, Math.max(KEEP_ALIVE_MS_MIN, 2 * everyMs)),
    };
  }

  #wishFor(state: NodeState, subscription: Subscription): Wish {
    const { clock, memory, onMeaning } = this.#around;
    const { node } = state;
    const word = node.kind === 'word';
    const wordSamplingMs = clock.speed() > 1 ? FAST_WORD_SAMPLING_MS : WORD_SAMPLING_MS;
    return {
      nodeId: node.nodeId ?? '',
      samplingMs: word && node.isTimer !== true ? wordSamplingMs : this.#settings.everyMs,
      queueSize: word ? WORD_QUEUE : this.#settings.queue,
      deadband: node.deadband,
      onValue: (value) => {
        if (this.#closed || this.#subscription !== subscription) return;
        if (hasOverflow(value)) memory.noteOverflow();
        if (hasOtherMeaning(value)) onMeaning();
        if (value.statusCode.value !== 0 && isRefusal(value.statusCode.name))
          return this.#events.onRefused(state, value.statusCode.name);
        // The report that it is in came just now.
        const newest = state.take(value, this.#aliveAtMs);
        if (word) this.#events.onWord(state, newest);
      },
    };
  }

  /** There is no subscription any more, or none was given: nodes are read until there is one again. */
  #lose(reason: string): void {
    if (this.#closed || this.#link.broken !== undefined) return;
    const subscription = this.#subscription;
    this.#subscription = undefined;
    for (const state of this.#states) state.forget();
    this.#around.memory.noteUnsubscribed(/Bad[A-Z]\w+/.exec(reason)?.[0] ?? reason);
    // Never while items are asked for: their answer would come to a subscription that is not there.
    void (this.#watching ?? Promise.resolve()).then(() => subscription?.close());
  }
}
