import type * as NodeOpcua from 'node-opcua';
import type { ChannelReading, Poll, StatusReport } from '../../driver.ts';
import type { OpcuaLink } from '../link/opcua-link.ts';
import { CURRENT_TIME } from '../link/server-facts.ts';
import { statusWordOf } from '../opcua-value.ts';
import { readNodes } from './bulk-read.ts';
import { Examiner } from './examiner.ts';
import { NodeState, type FeedNode } from './feed-node.ts';
import { subscribesMeasured, type FeedSettings, type FeedSurroundings } from './feed-surroundings.ts';
import { isRefusal } from './refused-nodes.ts';
import { Watcher } from './watcher.ts';

/** Of a poll's time, what it may take to read nodes that are about to be told of anyway. */
const READING_SHARE = 0.5;

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
  readonly #watcher: Watcher;
  readonly #examiner: Examiner;
  /** The last word of each channel that was reported over this connection. */
  readonly #lastWords = new Map<string, StatusReport['value']>();
  #closed = false;

  constructor(link: OpcuaLink, nodes: readonly FeedNode[], settings: FeedSettings, around: FeedSurroundings) {
    this.#link = link;
    this.#settings = settings;
    this.#around = around;
    const states = nodes.map((node) => new NodeState(node));
    this.#measured = states.filter(({ node }) => node.kind === 'measured');
    this.#words = states.filter(({ node }) => node.kind === 'word');
    this.#watcher = new Watcher(link, [...this.#words, ...this.#measured], settings, around, {
      onWord: (state, value) => this.#tellWord(state, statusWordOf(value, state.node.words)),
      onRefused: (state, status) => this.#refuse(state, status),
    });
    this.#examiner = new Examiner(link, states, settings, around, this.#watcher);
    for (const state of states) {
      state.readInstead = around.memory.isUnreliable(state.node.key);
      if (state.node.missing !== undefined) this.#refuse(state, state.node.missing);
    }
  }

  /**
   * One row: of each measured node the newest value. Rejects when the server does not answer.
   * @param deadlineMs real monotonic time at which nobody waits for it any more
   */
  async poll(deadlineMs: number): Promise<Poll> {
    const { clock, real } = this.#around;
    await this.#watcher.checkSilence();
    if (this.#link.broken !== undefined) throw new Error(this.#link.broken);
    this.#watcher.watchWanted();
    this.#examiner.examine();
    const startMs = clock.monotonicMs();
    const realStartMs = real.monotonicMs();
    const fresh = await this.#readRest(deadlineMs);
    const held = subscribesMeasured(this.#settings, clock);
    const readings = this.#measured.map((state): ChannelReading => {
      const value = fresh.get(state);
      if (value !== undefined) return state.asReading(value);
      return (held && !state.readInstead ? state.heldReading : undefined) ?? state.asReading(undefined);
    });
    return {
      atMs: Math.round((startMs + clock.monotonicMs()) / 2),
      readings,
      roundTripMs: real.monotonicMs() - realStartMs,
    };
  }

  /** Another feed takes over. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#watcher.close();
  }

  /** Reads what the subscription does not tell, and nodes whose pause is over. */
  async #readRest(deadlineMs: number): Promise<Map<NodeState, NodeOpcua.DataValue>> {
    const { refused } = this.#around.memory;
    const asked: NodeState[] = [];
    const due: NodeState[] = [];
    for (const state of this.#unheld()) {
      const { key, nodeId } = state.node;
      if (nodeId === undefined) continue;
      if (!refused.isRefused(key)) asked.push(state);
      else if (refused.isDue(key)) due.push(state);
    }
    const told = new Map([...asked, ...due].map((state) => [state, state.told]));
    // Something is asked at each poll unless the subscription itself says that the server is there.
    const extra = asked.length === 0 && this.#watcher.isLate() ? [CURRENT_TIME] : [];
    // A server that takes one node a request needs longer than a poll for thousands, and will tell of them soon anyway.
    const { real } = this.#around;
    const startMs = real.monotonicMs();
    const enoughAtMs = startMs + READING_SHARE * (deadlineMs - startMs);
    const values = await this.#read(
      [...idsOf(asked), ...extra],
      () => this.#watcher.isIdle || real.monotonicMs() < enoughAtMs,
    );
    // Refused nodes are asked for by themselves: whatever the server makes of them must not touch the others.
    const others = await this.#read(idsOf(due)).catch(() => []);
    const nowMs = this.#around.real.monotonicMs();
    const fresh = new Map<NodeState, NodeOpcua.DataValue>();
    const take = (state: NodeState, value: NodeOpcua.DataValue | undefined) => {
      if (value === undefined) refused.postpone(state.node.key);
      else if (isRefusal(value.statusCode.name)) this.#refuse(state, value.statusCode.name);
      else {
        refused.accept(state.node.key);
        // What the subscription told meanwhile is newer.
        if (state.told !== told.get(state)) return;
        fresh.set(state, value);
        state.noteRead(value, nowMs);
        if (state.node.kind === 'word') this.#tellWord(state, statusWordOf(value, state.node.words));
      }
    };
    for (const [index, state] of asked.entries()) take(state, values[index]);
    for (const [index, state] of due.entries()) take(state, others[index]);
    return fresh;
  }

  /** The nodes that the subscription tells nothing of. Words are left to it as long as there is one, or may be at once. */
  *#unheld(): Iterable<NodeState> {
    const { refused } = this.#around.memory;
    const subscribed = subscribesMeasured(this.#settings, this.#around.clock);
    for (const state of this.#measured)
      if (
        !subscribed ||
        state.readInstead ||
        state.watched === undefined ||
        state.held === undefined ||
        state.isDoubted
      )
        yield state;
    const { isIdle } = this.#watcher;
    for (const state of this.#words)
      if (isIdle || state.readInstead || state.isDoubted || refused.isRefused(state.node.key)) yield state;
  }

  #read(nodeIds: readonly string[], goesOn?: () => boolean): Promise<NodeOpcua.DataValue[]> {
    return readNodes(this.#around.opcua, this.#link.session, nodeIds, this.#link.limits, goesOn);
  }

  /** The server will not give the node: it is not to be had, and asked for again later. */
  #refuse(state: NodeState, reason: string): void {
    const { key, point, kind } = state.node;
    this.#around.memory.refused.refuse(key, point, reason);
    if (kind === 'word') this.#tellWord(state, null);
    void this.#watcher.unwatch(state);
  }

  #tellWord(state: NodeState, word: StatusReport['value']): void {
    const { key } = state.node;
    if (this.#closed || (this.#lastWords.has(key) && this.#lastWords.get(key) === word)) return;
    this.#lastWords.set(key, word);
    this.#around.onWord(key, word);
  }
}

function idsOf(states: readonly NodeState[]): string[] {
  return states.map(({ node }) => node.nodeId ?? '');
}
