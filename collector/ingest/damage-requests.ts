import type { DamagedRecord, GoneRange } from '../ledger/ledger.ts';

/** Damaged records are asked for at most so often, real ms. */
const PATIENCE_MS = 60_000;
/** In one round: they are read one by one, and a disk that spoils more has to be replaced. */
const RECORDS_MAX = 200;

/** Decides which damaged records of the ledger to ask for again: their agents keep what was receipted for a while. */
export class DamageRequests {
  readonly #realMs: () => number;
  #askedMs = -Infinity;

  /** @param realMs real monotonic time, ms */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /** The records to ask for now; none of which the agent has said that it will not come again (`gone`). */
  due(
    damaged: readonly DamagedRecord[],
    gone: (agent: string, epoch: string) => readonly GoneRange[],
  ): { agent: string; epoch: string; seq: number }[] {
    const nowMs = this.#realMs();
    if (damaged.length === 0 || nowMs - this.#askedMs < PATIENCE_MS) return [];
    this.#askedMs = nowMs;
    return damaged
      .filter(({ agent, epoch, seq }) => !gone(agent, epoch).some(({ from, to }) => from <= seq && seq <= to))
      .slice(0, RECORDS_MAX)
      .map(({ agent, epoch, seq }) => ({ agent, epoch, seq }));
  }
}
