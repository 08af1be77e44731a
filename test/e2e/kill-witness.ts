import { expect } from 'vitest';
import { verifySignature } from '../../protocols/evidence/keys.ts';
import { rangeDigest } from '../../protocols/evidence/seal.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { topicOf } from '../../protocols/telemetry/topics.ts';

/** Listens to the receipts of one agent, apart from the agent: what was promised, by whom. */
export class KillWitness {
  readonly #promised = new Map<string, { epoch: string; from: number; to: number; digest: string }>();
  readonly #keys = new Set<string>();
  readonly #link: ReturnType<typeof connectLink>;

  constructor(options: { url: string; site: string; agent: string }) {
    this.#link = connectLink(
      {
        url: options.url,
        clientId: 'witness',
        username: 'witness',
        subscriptions: [{ filter: topicOf(options.site, options.agent, 'receipt'), qos: 1 }],
        onMessage: ({ payload }) => this.#take(payload),
        onState: () => {},
      },
      { backOffBaseMs: 20, backOffCapMs: 100 },
    );
  }

  /** Holds every promise against the hashes of the ledger, by `EPOCH/SEQ`; gives how many records were promised. */
  check(hashes: ReadonlyMap<string, string>): number {
    expect(this.#keys.size).toBe(1);
    const records = new Set<string>();
    for (const { epoch, from, to, digest } of this.#promised.values()) {
      const range = Array.from({ length: to - from + 1 }, (_, index) => `${epoch}/${from + index}`);
      expect(rangeDigest(range.map((name) => hashes.get(name) ?? 'lost')), `${epoch} ${from}-${to}`).toBe(
        digest,
      );
      for (const name of range) records.add(name);
    }
    return records.size;
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #take(payload: Uint8Array): void {
    const { receipt, signedBytes, signature } = parseReceipt(payload);
    if (!verifySignature(receipt.key, signedBytes, signature))
      throw new Error('a receipt with a bad signature');
    this.#keys.add(receipt.key);
    for (const range of receipt.accepted) {
      const { from, to, digest } = range;
      this.#promised.set(`${receipt.epoch}/${from}-${to}/${digest}`, { epoch: receipt.epoch, ...range });
    }
  }
}
