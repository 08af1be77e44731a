import type { Timers } from '../../protocols/timers.ts';

/** A wait in real time that another may end early. */
export class EndableWait {
  readonly #timers: Pick<Timers, 'after'>;
  #end = (): void => {};

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers;
  }

  /** Resolves after so many real ms, or when it is ended; one at a time. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#timers.after(ms, resolve);
      this.#end = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the wait under way; nothing happens where there is none. */
  end(): void {
    this.#end();
  }
}
