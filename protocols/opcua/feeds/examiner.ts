import type { OpcuaLink } from '../link/opcua-link.ts';
import { readServerFacts } from '../link/server-facts.ts';
import { readNodes } from './bulk-read.ts';
import type { NodeState } from './feed-node.ts';
import { subscribesMeasured, type FeedSettings, type FeedSurroundings } from './feed-surroundings.ts';
import type { Watcher } from './watcher.ts';
import { Witness } from './witness.ts';

/** A server is examined so often. */
const EXAMINE_MS = 60_000;

/** Looks about once a minute whether a server is still the one we know, and tells all that it should. */
export class Examiner {
  readonly #link: OpcuaLink;
  readonly #states: readonly NodeState[];
  readonly #settings: FeedSettings;
  readonly #around: FeedSurroundings;
  readonly #watcher: Watcher;
  readonly #witness: Witness;
  #examining = false;
  #examineAtMs: number;

  constructor(
    link: OpcuaLink,
    states: readonly NodeState[],
    settings: FeedSettings,
    around: FeedSurroundings,
    watcher: Watcher,
  ) {
    this.#link = link;
    this.#states = states;
    this.#settings = settings;
    this.#around = around;
    this.#watcher = watcher;
    this.#witness = new Witness(
      (nodeIds) => readNodes(around.opcua, link.session, nodeIds, link.limits),
      (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
    );
    this.#examineAtMs = around.real.monotonicMs() + EXAMINE_MS;
  }

  /** Examines in the background when it is time to. */
  examine(): void {
    const nowMs = this.#around.real.monotonicMs();
    if (this.#examining || nowMs < this.#examineAtMs) return;
    this.#examining = true;
    this.#examineAtMs = nowMs + EXAMINE_MS;
    // A link that fails shows it at the next read.
    void this.#lookAtServer()
      .catch(() => {})
      .finally(() => {
        this.#examining = false;
      });
  }

  async #lookAtServer(): Promise<void> {
    const { opcua, real, memory } = this.#around;
    const { session, limits, facts } = this.#link;
    const now = await readServerFacts(opcua, session, limits, () => real.wallMs());
    memory.noteSkew(now.aheadMs);
    if (now.namespaceUris.join('\n') === facts.namespaceUris.join('\n')) await this.#hearWitness();
    else this.#link.breakWith('has other namespaces than when it was connected');
  }

  async #hearWitness(): Promise<void> {
    const { subscription } = this.#watcher;
    if (subscription === undefined) return;
    const measured = subscribesMeasured(this.#settings, this.#around.clock);
    const watched = this.#states.filter(
      ({ watched: item, readInstead, node }) =>
        item !== undefined && !readInstead && (measured || node.kind === 'word'),
    );
    const silent = await this.#witness.findSilent(watched, subscription.publishingMs);
    if (this.#watcher.subscription !== subscription) return;
    for (const state of silent) {
      const { key, point } = state.node;
      const cure = this.#around.memory.noteSilent(key, point);
      if (cure === 'connect anew') return this.#link.breakWith('forgot a node that was subscribed to');
      if (cure === 'read instead') state.readInstead = true;
      // Without an item it is read at once, and watched anew where it still is to be.
      await this.#watcher.unwatch(state);
    }
  }
}
