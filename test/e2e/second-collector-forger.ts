import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import type { SigningKey } from '../../protocols/evidence/keys.ts';
import type { Receipt } from '../../protocols/telemetry/receipt.ts';
import { topicOf } from '../../protocols/telemetry/topics.ts';
import { AGENT, SITE } from './kill-plant.ts';

/** Records that wait in a spool, as anyone who listens to the broker could know them. */
export interface Waiting {
  epoch: string;
  from: number;
  to: number;
  /** Over the header hashes from..to: what a true receipt would say. */
  digest: string;
}

/** The records of an agent that have no receipt. */
export function readWaiting(agentFolder: string): Waiting {
  const database = new DatabaseSync(join(agentFolder, 'spool.sqlite'), { readOnly: true, timeout: 5000 });
  try {
    const rows = database
      .prepare("SELECT epoch, seq, hash FROM records WHERE state = 'sealed' ORDER BY seq")
      .all();
    return {
      epoch: String(rows[0]?.['epoch']),
      from: Number(rows[0]?.['seq']),
      to: Number(rows.at(-1)?.['seq']),
      digest: rangeDigest(rows.map((row) => String(row['hash']))),
    };
  } finally {
    database.close();
  }
}

/** A receipt for the agent of the plant that accepts what waits; `change` makes it another. */
export function forgeReceipt(
  waiting: Waiting,
  key: SigningKey,
  change: Partial<Omit<Receipt, 'v' | 'key'>> = {},
): Uint8Array {
  const { epoch, from, to, digest } = waiting;
  return sealReceipt(
    {
      site: SITE,
      collector: 'collector',
      agent: AGENT,
      epoch,
      at: Date.now(),
      accepted: [{ from, to, digest }],
      rejected: [],
      requested: [],
      ...change,
    },
    key,
  );
}

/** A stranger on the broker. */
export interface Stranger {
  /** Receipts that went to the agent of the plant, oldest first. */
  receipts: Uint8Array[];
  /** The agent's newest health message; undefined before the first. */
  health(): { receipts?: Record<string, number> } | undefined;
  /** Resolves when the broker has the receipt. */
  send(receipt: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Joins the broker as anyone could: hears all of the plant, and writes where collectors write. */
export async function joinBroker(url: string): Promise<Stranger> {
  // Back before the agent is: its health message at a new connection must not be missed.
  const client = await connectAsync(url, { reconnectPeriod: 20 });
  const receiptTopic = topicOf(SITE, AGENT, 'receipt');
  const healthTopic = topicOf(SITE, AGENT, 'health');
  const receipts: Uint8Array[] = [];
  let health: ReturnType<Stranger['health']>;
  client.on('error', () => {});
  client.on('message', (topic, payload) => {
    if (topic === receiptTopic) receipts.push(payload);
    if (topic === healthTopic) health = JSON.parse(payload.toString('utf8')) as typeof health;
  });
  await client.subscribeAsync([receiptTopic, healthTopic], { qos: 1 });
  return {
    receipts,
    health: () => health,
    send: async (receipt) => {
      await client.publishAsync(receiptTopic, Buffer.from(receipt), { qos: 1 });
    },
    end: () => client.endAsync(true),
  };
}
