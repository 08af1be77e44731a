import type { ChainSummary } from '../ledger/ledger.ts';

/** A gap is asked for when it has been there this long, and then at most so often, real ms. */
const PATIENCE_MS = 60_000;
const RANGES_MAX = 50;
/** Of a long gap its beginning is asked for; the rest follows when that has come. */
const RANGE_RECORDS_MAX = 1000;
/** Chains are also what agents say of themselves: no one may fill our memory with names. */
const CHAINS_MAX = 10_000;

/** Decides which missing records to ask for. A live record goes before the backlog, so a young gap is no loss. */
export class GapRequests {
  readonly #realMs: () => number;
  readonly #chains = new Map<string, { since: Map<number, number>; askedMs: number }>();

  /** @param realMs real monotonic time, ms */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /**
   * The ranges of a chain to ask for now. `pending`: so many records its agent has still to deliver by its own word; where
   * more are missing, the rest is not on its way, and is not waited for.
   */
  due(
    chain: Pick<ChainSummary, 'agent' | 'epoch' | 'contiguousSeq' | 'headSeq'> & { pending?: number },
    missing: (agent: string, epoch: string, limit: number) => { from: number; to: number }[],
  ): { from: number; to: number }[] {
    const name = `${chain.agent}/${chain.epoch}`;
    if (chain.contiguousSeq === chain.headSeq) {
      this.#chains.delete(name);
      return [];
    }
    const nowMs = this.#realMs();
    const state = this.#chains.get(name) ?? { since: new Map<number, number>(), askedMs: -Infinity };
    // The one that was looked at longest ago is forgotten: it is at most asked for a little later.
    this.#chains.delete(name);
    const [oldest] = this.#chains.size >= CHAINS_MAX ? this.#chains.keys() : [];
    if (oldest !== undefined) this.#chains.delete(oldest);
    this.#chains.set(name, state);
    const gaps = missing(chain.agent, chain.epoch, RANGES_MAX);
    // A gap is known by its end: it fills from either side, and its end is the record that showed it.
    const since = new Map(gaps.map(({ to }) => [to, state.since.get(to) ?? nowMs]));
    state.since = since;
    const missed = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    const patienceMs = missed > (chain.pending ?? Infinity) ? 0 : PATIENCE_MS;
    const old = gaps.filter(({ to }) => nowMs - (since.get(to) ?? nowMs) >= patienceMs);
    if (old.length === 0 || nowMs - state.askedMs < PATIENCE_MS) return [];
    state.askedMs = nowMs;
    return old.map(({ from, to }) => ({ from, to: Math.min(to, from + RANGE_RECORDS_MAX - 1) }));
  }
}
