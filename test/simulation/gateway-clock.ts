import type { Clock } from '../../protocols/clock.ts';

/** A gateway without a clock chip starts here until somebody tells it the time, ms since the Unix epoch. */
const UNSET_MS = 90_000;

/** The clocks of one gateway: its oscillator drifts, its wall clock is set by hand, and it may start at 1970. */
export class GatewayClock {
  readonly #trueMs: () => number;
  readonly #originMs: number;
  readonly #rate: number;
  #wallOffsetMs = 0;
  #unsetSinceMs: number | undefined;

  /** @param options.driftPpm parts per million that it runs fast */
  constructor(options: { trueMs: () => number; originMs: number; driftPpm: number }) {
    this.#trueMs = options.trueMs;
    this.#originMs = options.originMs;
    this.#rate = 1 + options.driftPpm / 1e6;
  }

  /** Somebody sets the wall clock by so many ms. */
  step(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The gateway was without power, and has no chip that kept the time. */
  forget(): void {
    this.#unsetSinceMs = this.#trueMs();
  }

  /** The right time was learnt. */
  learn(): void {
    this.#unsetSinceMs = undefined;
    this.#wallOffsetMs = 0;
  }

  /** The clocks as a process sees them that starts now. */
  boot(): Clock & { monotonicAt(trueMs: number): number } {
    const bootMs = this.#trueMs();
    const monotonicAt = (trueMs: number) => Math.floor((trueMs - bootMs) * this.#rate);
    return {
      wallMs: () => {
        const trueMs = this.#trueMs();
        if (this.#unsetSinceMs !== undefined) return UNSET_MS + Math.floor(trueMs - this.#unsetSinceMs);
        return Math.floor(this.#originMs + trueMs * this.#rate + this.#wallOffsetMs);
      },
      monotonicMs: () => monotonicAt(this.#trueMs()),
      monotonicAt,
      speed: () => 1,
    };
  }
}
