import type { Clock } from '../protocols/clock.ts';

/** A clock that is stepped through an outage, and then runs as real time does. */
export class BacklogClock implements Clock {
  readonly simulated = true;
  #wallMs: number;
  readonly #originMs: number;
  #ranFromMs: number | undefined;

  /** @param startWallMs wall time to start at, ms since the Unix epoch */
  constructor(startWallMs: number) {
    this.#wallMs = startWallMs;
    this.#originMs = startWallMs;
  }

  wallMs(): number {
    return this.#ranFromMs === undefined
      ? this.#wallMs
      : this.#wallMs + Math.floor(performance.now() - this.#ranFromMs);
  }

  monotonicMs(): number {
    return this.wallMs() - this.#originMs;
  }

  speed(): number {
    return this.#ranFromMs === undefined ? 0 : 1;
  }

  step(ms: number): void {
    this.#wallMs += ms;
  }

  /** From now on it runs. */
  run(): void {
    this.#ranFromMs = performance.now();
  }
}
