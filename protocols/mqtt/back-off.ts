import { isLoopback } from './loopback.ts';

/** Ceiling of the first wait where nothing tells that many others wait as well, ms. */
export const BASE_MS = 1000;
/** No wait is longer, ms: a broker that has come back has everyone back within this and one attempt. */
export const CAP_MS = 60_000;
/**
 * Ceiling of the first wait of an agent that lost a broker it had reached, ms. Two hundred agents lose it in the same
 * moment: spread over 30 s they come 7 to 10 a second and never more than 25 (test/protocols/mqtt/storm.test.ts). A
 * ceiling that begins at 1 s lets all of them in within that second.
 */
export const REGAIN_MS = 30_000;

/**
 * The ceiling of the first wait after a connection was lost, ms. One collector, and an agent on the broker's own
 * computer, are no crowd: they are back within a second.
 */
export function regainBaseMs(options: { url: string; isOneOfMany?: boolean | undefined }): number {
  return options.isOneOfMany === true && !isLoopback(new URL(options.url).hostname) ? REGAIN_MS : BASE_MS;
}

/**
 * Full-jitter back-off: each wait is drawn evenly from nothing to the current ceiling, and the ceiling doubles. A
 * thousand agents that lost one broker come back spread out instead of all at once.
 */
export class BackOff {
  readonly #capMs: number;
  readonly #random: () => number;
  #baseMs: number;
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

  /** From now on no first wait has a lower ceiling than this, ms; what was failed so far counts on above it. */
  raise(baseMs: number): void {
    if (baseMs <= this.#baseMs) return;
    this.#baseMs = baseMs;
    this.#failures = 0;
  }

  /** Begins again at the base: only after a span of health, or a broker that kicks at once is stormed. */
  reset(): void {
    this.#failures = 0;
  }
}
