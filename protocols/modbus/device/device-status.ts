import type { StatusReport } from '../../driver.ts';

/** Tells of status words when they change, and of all of them when the device has been away. */
export class StatusChanges {
  readonly #last = new Map<string, StatusReport['value']>();

  /** Reports at the next chance whatever the words say then. */
  forget(): void {
    this.#last.clear();
  }

  /** The words that say something new, as reports of this moment. */
  changed(words: readonly { channel: string; value: StatusReport['value'] }[], atMs: number): StatusReport[] {
    return words.flatMap(({ channel, value }) => {
      if (this.#last.get(channel) === value) return [];
      this.#last.set(channel, value);
      return [{ channel, atMs, value }];
    });
  }
}
