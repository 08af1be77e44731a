import { readEpochEnd, type EpochEnd } from '../ledger/epoch-end.ts';
import { holesOf } from '../ledger/gone-ranges.ts';
import type { GoneRange, Ledger } from '../ledger/ledger.ts';

/** An end is waited for so long before it is asked for, and asked for ever more seldom, real ms. */
const PATIENCE_MS = 60_000;
const PATIENCE_MS_MAX = 86_400_000;
/** Of a long end its beginning is asked for; the rest follows when that has come. */
const RANGE_RECORDS_MAX = 1000;

/** No one may fill our memory with names of epochs; an agent opens one in months. */
const ENDS_OF_AGENT_MAX = 100;
const ENDS_MAX = 10_000;

interface AwaitedEnd {
  end: EpochEnd;
  /** Up to where it was settled when it was asked for; -1 before. */
  settledSeq: number;
  askMs: number;
  waitMs: number;
}

/** An epoch's log of where it comes from is its second record, and among the first of it that arrive. */
const FIRST_RECORDS = 8;

/**
 * Asks for the ends of epochs that are over. No record comes after them that would show a gap: a ledger that was restored
 * from a backup learns only from the next epoch that it lost them.
 */
export class EpochEnds {
  readonly #realMs: () => number;
  readonly #byAgent = new Map<string, Map<string, AwaitedEnd>>();
  #count = 0;

  /** @param realMs real monotonic time, ms */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /** An agent's own word; the largest end that it names holds. */
  learn(agent: string, end: EpochEnd): void {
    const ends = this.#byAgent.get(agent) ?? new Map<string, AwaitedEnd>();
    if ((ends.get(end.epoch)?.end.seq ?? 0) >= end.seq) return;
    this.#forget(agent, end.epoch);
    // The oldest is forgotten: a restart learns it again from the ledger.
    const [oldest] = ends.size >= ENDS_OF_AGENT_MAX ? ends.keys() : [];
    if (oldest !== undefined) this.#forget(agent, oldest);
    else if (this.#count >= ENDS_MAX) this.#forgetFirst();
    ends.set(end.epoch, { end, settledSeq: -1, askMs: this.#realMs() + PATIENCE_MS, waitMs: PATIENCE_MS });
    this.#byAgent.set(agent, ends);
    this.#count++;
  }

  /**
   * The ends to ask for now.
   * @param headOf the largest seq that is here; 0 of an epoch of which nothing is
   * @param gone what its agent said will never come
   */
  due(
    headOf: (agent: string, epoch: string) => number,
    gone: (agent: string, epoch: string) => readonly GoneRange[],
  ): { agent: string; epoch: string; from: number; to: number }[] {
    const nowMs = this.#realMs();
    const due: { agent: string; epoch: string; from: number; to: number }[] = [];
    for (const [agent, known] of this.#all()) {
      const { end } = known;
      const headSeq = headOf(agent, end.epoch);
      if (headSeq >= end.seq) {
        // With a hash it is looked at when it is here; a gap is asked for by others.
        if (end.hash === undefined) this.#forget(agent, end.epoch);
        continue;
      }
      if (nowMs < known.askMs) continue;
      const [hole] = holesOf({ from: headSeq + 1, to: end.seq }, gone(agent, end.epoch));
      if (hole === undefined) continue;
      // An agent that has them answers at once; one that has dropped them is not asked for ever.
      known.waitMs =
        hole.from - 1 > known.settledSeq ? PATIENCE_MS : Math.min(PATIENCE_MS_MAX, known.waitMs * 2);
      known.askMs = nowMs + known.waitMs;
      known.settledSeq = hole.from - 1;
      const to = Math.min(hole.to, hole.from + RANGE_RECORDS_MAX - 1);
      due.push({ agent, epoch: end.epoch, from: hole.from, to });
    }
    return due;
  }

  /**
   * Ends in whose place another record is here, sealed by another gateway under the same name; no record comes after them
   * that would name them. Each is given once, and forgotten; so are those that are here.
   */
  takeOthers(
    hashOf: (agent: string, epoch: string, seq: number) => string | undefined,
  ): { agent: string; epoch: string; seq: number; hash: string }[] {
    const others: { agent: string; epoch: string; seq: number; hash: string }[] = [];
    for (const [agent, { end }] of this.#all()) {
      const { epoch, seq, hash } = end;
      const here = hash === undefined ? undefined : hashOf(agent, epoch, seq);
      if (hash === undefined || here === undefined) continue;
      if (here !== hash) others.push({ agent, epoch, seq, hash });
      this.#forget(agent, epoch);
    }
    return others;
  }

  #all(): [agent: string, AwaitedEnd][] {
    return [...this.#byAgent].flatMap(([agent, ends]) =>
      [...ends.values()].map((known): [string, AwaitedEnd] => [agent, known]),
    );
  }

  #forgetFirst(): void {
    const [agent] = this.#byAgent.keys();
    const [epoch] = this.#byAgent.get(agent ?? '')?.keys() ?? [];
    if (agent !== undefined && epoch !== undefined) this.#forget(agent, epoch);
  }

  #forget(agent: string, epoch: string): void {
    const ends = this.#byAgent.get(agent);
    if (ends?.delete(epoch) !== true) return;
    this.#count--;
    if (ends.size === 0) this.#byAgent.delete(agent);
  }
}

/** Takes up what the ledger holds of ends, so that a restart between learning of one and asking for it forgets nothing. */
export function learnEnds(ends: EpochEnds, ledger: Pick<Ledger, 'chains' | 'readAfter'>): void {
  for (const { agent, epoch, firstOrdinal } of ledger.chains()) {
    for (const record of ledger.readAfter(firstOrdinal - 1, FIRST_RECORDS)) {
      if (record.header.agent !== agent || record.header.epoch !== epoch) continue;
      const end = readEpochEnd(record);
      if (end !== undefined) ends.learn(agent, end);
    }
  }
}
