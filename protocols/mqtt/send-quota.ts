/**
 * How many QoS 1 messages may be without acknowledgement at one time (MQTT 5, 4.9): a broker that announced a Receive
 * Maximum ends the connection of a client that passes it. Whoever comes when the quota is used up waits in line.
 */
export class SendQuota {
  readonly #waiting: { go: () => void; fail: (error: Error) => void }[] = [];
  #free: number;

  /** @param places 1 or more; Infinity where the broker announced nothing */
  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves when a place is free, in the order in which was asked; rejects when the line is closed. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((go, fail) => {
      this.#waiting.push({ go, fail });
    });
  }

  /** A message was acknowledged or refused: the next in line may go. */
  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.go();
  }

  /** The connection is over: nobody in line is sent any more. */
  close(error: Error): void {
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }
}
