import { generateSigningKey, type SigningKey } from '../../protocols/evidence/keys.ts';
import {
  headerHash,
  rangeDigest,
  sealReceipt,
  unfoldPart,
  verifyRecord,
} from '../../protocols/evidence/seal.ts';
import { connectLink, type LinkTiming } from '../../protocols/mqtt/mqtt-link.ts';
import { decodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import type { Receipt } from '../../protocols/telemetry/receipt.ts';
import { parseRecord, type RecordFrame } from '../../protocols/telemetry/record.ts';
import { filterOf, topicOf } from '../../protocols/telemetry/topics.ts';

export interface Kept {
  frame: RecordFrame;
  hash: string;
  bytes: Uint8Array;
}

export interface ReceiptingCollector {
  key: SigningKey;
  /** Records by epoch/seq, in order of arrival; what came twice is here once. */
  records: Map<string, Kept>;
  /** How many record messages came, repeats included. */
  arrivals(): number;
  connected(): boolean;
  /** Every message that is not a record: topic and text. */
  others: { topic: string; text: string; retain: boolean }[];
  /** Sends a receipt; what is not given is empty. */
  send(receipt: Partial<Receipt> & { epoch: string }, key?: SigningKey): Promise<void>;
  /** Sends bytes to the receipt topic. */
  sendBytes(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** The smallest collector that keeps its word: verifies, remembers, receipts. Speaks through a real broker. */
export function startReceiptingCollector(options: {
  url: string;
  site: string;
  agent: string;
  key?: SigningKey;
  /** Decides whether a record is receipted at once; all by default. */
  receipts?: (record: Kept) => boolean;
  timing?: LinkTiming;
}): ReceiptingCollector {
  const { site, agent } = options;
  const key = options.key ?? generateSigningKey();
  const records = new Map<string, Kept>();
  const others: ReceiptingCollector['others'] = [];
  let arrivals = 0;

  const link = connectLink(
    {
      url: options.url,
      clientId: 'collector',
      username: 'collector',
      subscriptions: (['batch', 'status', 'health', 'config', 'live'] as const).map((leaf) => ({
        filter: filterOf(site, leaf),
        qos: leaf === 'live' || leaf === 'health' ? 0 : 1,
      })),
      onMessage: async ({ topic, payload, retain }) => {
        if (!topic.endsWith('/batch')) {
          others.push({ topic, text: Buffer.from(payload).toString('utf8'), retain });
          return;
        }
        arrivals += 1;
        const bytes = Uint8Array.from(payload);
        const frame = parseRecord(bytes);
        verifyRecord(frame);
        const kept = { frame, hash: headerHash(frame), bytes };
        const { epoch, seq } = frame.header;
        records.set(`${epoch}/${seq}`, kept);
        if (options.receipts?.(kept) ?? true) {
          const accepted = [{ from: seq, to: seq, digest: rangeDigest([kept.hash]) }];
          // The agent repeats what it gets no receipt for.
          await send({ epoch, accepted }).catch(() => {});
        }
      },
      onState: () => {},
    },
    { backOffBaseMs: 50, backOffCapMs: 200, ...options.timing },
  );

  const sendBytes = (bytes: Uint8Array) => link.publish(topicOf(site, agent, 'receipt'), bytes, { qos: 1 });
  const send: ReceiptingCollector['send'] = (receipt, signer = key) =>
    sendBytes(
      sealReceipt(
        {
          site,
          collector: 'collector',
          agent,
          at: Date.now(),
          accepted: [],
          rejected: [],
          requested: [],
          ...receipt,
        },
        signer,
      ),
    );

  return {
    key,
    records,
    others,
    arrivals: () => arrivals,
    connected: () => link.connected(),
    send,
    sendBytes,
    close: () => link.close(),
  };
}

/** The machines' parts of a record. */
export function partsOf({ frame }: Pick<Kept, 'frame'>): MachinePart[] {
  return frame.header.kind === 'readings' ? frame.parts.map((bytes) => decodePart(unfoldPart(bytes))) : [];
}
