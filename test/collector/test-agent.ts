import { verifySignature } from '../../protocols/evidence/keys.ts';
import { rangeDigest, type SealedRecord } from '../../protocols/evidence/seal.ts';
import type { Link } from '../../protocols/mqtt/link.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { parseReceipt, type Receipt } from '../../protocols/telemetry/receipt.ts';
import { topicOf } from '../../protocols/telemetry/topics.ts';

/** The least an agent does: publishes records until receipts of its collector hold against their hashes. */
export class TestAgent {
  readonly agent: string;
  readonly link: Link;
  readonly receipts: Receipt[] = [];
  /** Sequence numbers with a valid receipt, by collector key and epoch. */
  readonly receipted = new Map<string, Set<number>>();
  readonly #records = new Map<string, SealedRecord>();
  readonly #site: string;

  constructor(options: { brokerUrl: string; agent?: string; site?: string }) {
    this.agent = options.agent ?? 'gw-1';
    this.#site = options.site ?? 'plant';
    this.link = connectLink(
      {
        url: options.brokerUrl,
        clientId: `test-${this.agent}`,
        username: this.agent,
        will: {
          topic: topicOf(this.#site, this.agent, 'status'),
          payload: JSON.stringify({ v: 1, online: false }),
          retain: true,
        },
        subscriptions: [{ filter: topicOf(this.#site, this.agent, 'receipt'), qos: 1 }],
        onMessage: ({ payload }) => this.#take(payload),
        onState: () => {},
      },
      { backOffBaseMs: 20, backOffCapMs: 100 },
    );
  }

  /** Publishes records in this order; what the broker did not take is "unknown", as always. */
  async send(...records: readonly SealedRecord[]): Promise<void> {
    for (const record of records) {
      const { epoch, seq } = record.header;
      const known = this.#records.get(`${epoch}/${seq}`);
      if (known === undefined) this.#records.set(`${epoch}/${seq}`, record);
    }
    const topic = topicOf(this.#site, this.agent, 'batch');
    await Promise.all(
      records.map(({ bytes }) => this.link.publish(topic, bytes, { qos: 1 }).catch(() => undefined)),
    );
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    await this.link.publish(topicOf(this.#site, this.agent, 'batch'), bytes, { qos: 1 });
  }

  /** Numbers that this collector has receipted. */
  of(collectorKey: string, epoch: string): number[] {
    return [...(this.receipted.get(`${collectorKey}/${epoch}`) ?? [])].sort((a, b) => a - b);
  }

  rejections(): { seq: number; hash: string | null; reason: string }[] {
    return this.receipts.flatMap(({ rejected }) => rejected);
  }

  #take(payload: Uint8Array): void {
    const { receipt, signedBytes, signature } = parseReceipt(payload);
    if (!verifySignature(receipt.key, signedBytes, signature))
      throw new Error('a receipt with a bad signature');
    this.receipts.push(receipt);
    const name = `${receipt.key}/${receipt.epoch}`;
    const seqs = this.receipted.get(name) ?? new Set();
    this.receipted.set(name, seqs);
    for (const { from, to, digest } of receipt.accepted) {
      const range = Array.from({ length: to - from + 1 }, (_, index) => from + index);
      const hashes = range.map((seq) => this.#records.get(`${receipt.epoch}/${seq}`)?.hash ?? 'none');
      if (rangeDigest(hashes) === digest) for (const seq of range) seqs.add(seq);
    }
  }
}
