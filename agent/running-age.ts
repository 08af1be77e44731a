import type { BootAnchor } from './spool-open-rows.ts';

/**
 * How long the agent has run in all its life, by monotonic time: what stood still while it was off does not count, and a wall
 * clock that is set to any year changes nothing.
 */
export class RunningAge {
  #ms: number;
  #last: { boot: string; mono: number } | undefined;

  /** @param ms age as the last run left it */
  constructor(ms: number) {
    this.#ms = Number.isSafeInteger(ms) && ms >= 0 ? ms : 0;
  }

  /** Age, ms. */
  get ms(): number {
    return this.#ms;
  }

  /** The same run is now at this monotonic time; gives the age, ms. What a rolled-back change advanced stays advanced: it has run. */
  advance({ boot, mono }: Pick<BootAnchor, 'boot' | 'mono'>): number {
    if (this.#last?.boot === boot) this.#ms += Math.max(0, mono - this.#last.mono);
    if (this.#last?.boot !== boot || mono > this.#last.mono) this.#last = { boot, mono };
    return this.#ms;
  }
}
