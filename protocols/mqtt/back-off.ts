/**
 * Full-jitter back-off: each wait is drawn evenly from nothing to the current ceiling, and the ceiling doubles. A
 * thousand agents that lost one broker come back spread out instead of all at once.
 */
export class BackOff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #failures = 0;

  /**
   * @param options.baseMs ceiling of the first wait, ms
   * @param options.capMs ceiling that is never passed, ms
   * @param options.random even in [0, 1)
   */
  constructor(options: { baseMs: number; capMs: number; random: () => number }) {
    this.#baseMs = options.baseMs;
    this.#capMs = options.capMs;
    this.#random = options.random;
  }

  /** The next wait, whole ms in [0, ceiling). */
  next(): number {
    // 2^30 is beyond every cap; more would only lose precision.
    const ceilingMs = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.floor(this.#random() * ceilingMs);
  }

  /** Begins again at the base: only after a span of health, or a broker that kicks at once is stormed. */
  reset(): void {
    this.#failures = 0;
  }
}
