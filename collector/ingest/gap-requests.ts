import type { ChainSummary } from '../ledger/ledger.ts';

/** A gap is asked for when it has been there this long, and a long one again when nothing of it has come for as long, real ms. */
const PATIENCE_MS = 60_000;
const SOON_MS = PATIENCE_MS / 2;
const RANGES_MAX = 50;
/**
 * So many records are sent within seconds: where nothing of them has come soon, the question was lost, or the agent, which says
 * that a record is gone when it is asked twice, has to be asked again.
 */
const FEW_RECORDS = 20;
/** Of a long gap its beginning is asked for; the rest follows when that has come. */
const RANGE_RECORDS_MAX = 1000;
/** Chains are also what agents say of themselves: no one may fill our memory with names. */
const CHAINS_MAX = 10_000;

interface Gap {
  from: number;
  to: number;
  /** Since when it is known, real ms. */
  sinceMs: number;
  askedMs: number;
  /** Up to where it was asked for; 0 before. */
  askedTo: number;
}

/** Decides which missing records to ask for. A live record goes before the backlog, so a young gap is no loss. */
export class GapRequests {
  readonly #realMs: () => number;
  readonly #chains = new Map<string, Gap[]>();

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
    const known = this.#chains.get(name) ?? [];
    // The one that was looked at longest ago is forgotten: it is at most asked for a little later.
    this.#chains.delete(name);
    const [oldest] = this.#chains.size >= CHAINS_MAX ? this.#chains.keys() : [];
    if (oldest !== undefined) this.#chains.delete(oldest);
    const gaps = missing(chain.agent, chain.epoch, RANGES_MAX).map(({ from, to }): Gap => {
      // What fills from either side, or is parted by a record that came or what is told to be gone, is no younger for it.
      const before = known.find((gap) => gap.from <= to && to <= gap.to);
      return { sinceMs: nowMs, askedMs: -Infinity, askedTo: 0, ...before, from, to };
    });
    this.#chains.set(name, gaps);
    const missed = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    const patienceMs = missed > (chain.pending ?? Infinity) ? 0 : PATIENCE_MS;
    const isOld = ({ from, to, sinceMs, askedMs, askedTo }: Gap, waitMs: number) =>
      nowMs - sinceMs >= Math.min(patienceMs, waitMs) &&
      (nowMs - askedMs >= (to - from < FEW_RECORDS ? SOON_MS : waitMs) || (askedTo > 0 && from > askedTo));
    // Those that are soon to be asked for go with the one that is: what an agent does not have it tells of them all at once.
    const due = gaps.some((gap) => isOld(gap, PATIENCE_MS)) ? gaps.filter((gap) => isOld(gap, SOON_MS)) : [];
    for (const gap of due) {
      gap.askedMs = nowMs;
      gap.askedTo = Math.min(gap.to, gap.from + RANGE_RECORDS_MAX - 1);
    }
    return due.map(({ from, askedTo }) => ({ from, to: askedTo }));
  }
}
