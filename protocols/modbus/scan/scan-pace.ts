import { MillwattError } from '../../errors.ts';

/** Hands out turns at an even pace, so that a scan never floods a line or a network. */
export class ScanPace {
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  #nextMs = Number.NEGATIVE_INFINITY;
  #taken = 0;

  /** @param intervalMs between two turns, whoever takes them */
  constructor(intervalMs: number, signal: AbortSignal) {
    this.#intervalMs = intervalMs;
    this.#signal = signal;
  }

  /** Turns taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when the next request may go out; rejects (code `stopped`) once the scan is ended. */
  readonly turn = async (): Promise<void> => {
    this.#refuseWhenStopped();
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = startMs + this.#intervalMs;
    if (startMs > nowMs) await this.#sleep(startMs - nowMs);
    this.#refuseWhenStopped();
    this.#taken += 1;
  };

  #sleep(spanMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, spanMs);
      this.#signal.addEventListener('abort', done, { once: true });
    });
  }

  #refuseWhenStopped(): void {
    if (this.#signal.aborted) throw new MillwattError('refuse', 'stopped', 'The scan was ended.');
  }
}
