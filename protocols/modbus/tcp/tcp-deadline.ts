/**
 * One timer for many deadlines. Setting and clearing a timer for every request costs more than the request's own
 * framing, so this one is set anew only when it would fire too late, and asks again when it fires too early. A process
 * that was held up finds the time over before it has read what came meanwhile: so that is read first.
 */
export class DeadlineTimer {
  readonly #onDue: (nowMs: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #atMs = 0;

  /** `onDue` ends what is due at `nowMs` and returns the earliest deadline that is left, or Infinity. */
  constructor(onDue: (nowMs: number) => number) {
    this.#onDue = onDue;
  }

  /** Takes a deadline into account; both times of performance.now(), in ms. */
  watch(deadlineMs: number, nowMs: number): void {
    if (this.#timer === undefined || this.#atMs > deadlineMs) this.#set(deadlineMs, nowMs);
  }

  /** Forgets all deadlines. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
  }

  #set(deadlineMs: number, nowMs: number): void {
    this.stop();
    this.#atMs = deadlineMs;
    this.#timer = setTimeout(
      () => {
        // Between timers and immediates a turn of the loop reads every socket that has something.
        this.#turn = setImmediate(() => this.#ask());
      },
      Math.max(1, Math.ceil(deadlineMs - nowMs)),
    );
  }

  #ask(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const nextMs = this.#onDue(nowMs);
    if (nextMs !== Number.POSITIVE_INFINITY) this.watch(nextMs, nowMs);
  }
}
