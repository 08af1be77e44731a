/** Lets the first of many equal messages through, and after that one a minute with the number it stands for. */
export class QuietLog {
  readonly #realMs: () => number;
  readonly #lastMs = new Map<string, { saidMs: number; swallowed: number }>();

  /** @param realMs real monotonic time, ms */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /** Calls `write` with how many equal messages were left unsaid before it, or not at all. */
  say(subject: string, write: (swallowed: number) => void): void {
    const nowMs = this.#realMs();
    const last = this.#lastMs.get(subject);
    if (last !== undefined && nowMs - last.saidMs < 60_000) {
      last.swallowed++;
      return;
    }
    // Subjects come from outside: forget them all before they become many.
    if (this.#lastMs.size >= 1000) this.#lastMs.clear();
    this.#lastMs.set(subject, { saidMs: nowMs, swallowed: 0 });
    write(last?.swallowed ?? 0);
  }
}
