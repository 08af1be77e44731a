import { generateSigningKey } from '../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../protocols/evidence/seal.ts';
import { silentLog } from '../protocols/log.ts';
import { startEmbeddedBroker } from '../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { parseRecord } from '../protocols/telemetry/record.ts';
import { topicOf } from '../protocols/telemetry/topics.ts';

/** Broker and a collector that receipts, for bench/agent-polling.ts: prints its port, ends with its parent. */
const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
const key = generateSigningKey();
const link = connectLink({
  url: `mqtt://127.0.0.1:${broker.port}`,
  clientId: 'collector',
  username: 'collector',
  subscriptions: [{ filter: 'millwatt/1/+/+/batch', qos: 1 }],
  onMessage: async ({ payload }) => {
    const frame = parseRecord(payload);
    const { site, agent, epoch, seq } = frame.header;
    const accepted = [{ from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) }];
    const receipt = {
      site,
      collector: 'collector',
      agent,
      epoch,
      at: Date.now(),
      accepted,
      rejected: [],
      requested: [],
    };
    await link
      .publish(topicOf(site, agent, 'receipt'), sealReceipt(receipt, key), { qos: 1 })
      .catch(() => {});
  },
  onState: () => {},
});
process.stdout.write(`${broker.port}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit());
