/** How long to wait after a failure before the next try, real ms. */
const RETRY_AFTER_MS = 2000;

/**
 * Runs a piece of work until nothing is left to do, never twice at a time: a call while it runs makes it look again, and
 * after a failure it is tried again by itself.
 */
export class Rerunner {
  readonly #pass: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #stopped = false;
  #running: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;

  /** @param onFailure is called after each pass that failed, also with what a pass throws because it was stopped */
  constructor(pass: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#pass = pass;
    this.#onFailure = onFailure;
  }

  /** True from the moment it is to end: a pass under way should not begin anything new. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** There may be something to do. */
  wake(): void {
    this.start().catch(() => {});
  }

  /** Resolves when nothing is left to do; rejects when a pass failed. */
  start(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // A call may have come after the last look and before this.
      if (this.#again && !this.#stopped && this.#retry === undefined) this.wake();
    });
    return this.#running;
  }

  /** Ends after the pass under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<void> {
    try {
      // A pass that wakes us before it first waits must find that we are running.
      await Promise.resolve();
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#pass();
      }
    } catch (error) {
      this.#onFailure(error);
      clearTimeout(this.#retry);
      this.#retry = undefined;
      if (this.#stopped) return;
      const again = () => {
        this.#retry = undefined;
        this.wake();
      };
      this.#retry = setTimeout(again, RETRY_AFTER_MS).unref();
      throw error;
    }
  }
}
