/**
 * Lets several messages be handled at once while their acknowledgements leave in the order in which the messages came
 * (MQTT 3.1.1, 4.6), so that a consumer that commits in groups is not held to one message a commit.
 */
export class OrderedAcks {
  readonly #acknowledge: (messageId: number) => void;
  readonly #queue: { messageId: number; settled: boolean }[] = [];

  /** @param acknowledge sends one acknowledgement */
  constructor(acknowledge: (messageId: number) => void) {
    this.#acknowledge = acknowledge;
  }

  /** How many messages are being handled or wait for an earlier one. */
  get size(): number {
    return this.#queue.length;
  }

  /** Takes a message on; call what it returns when the message is handled. */
  admit(messageId: number): () => void {
    const entry = { messageId, settled: false };
    this.#queue.push(entry);
    return () => {
      entry.settled = true;
      while (this.#queue[0]?.settled === true) {
        const head = this.#queue.shift();
        if (head !== undefined) this.#acknowledge(head.messageId);
      }
    };
  }
}
