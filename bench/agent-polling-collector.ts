import { generateSigningKey } from '../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../protocols/evidence/seal.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { parseRecord } from '../protocols/telemetry/record.ts';
import { topicOf } from '../protocols/telemetry/topics.ts';
import { answerQuestions } from './line-process.ts';

/**
 * A collector that does nothing but receipt, for bench/agent-polling.ts and bench/node-red.ts: our agents' spools then
 * fare as in a plant. Broker's port.
 */
const [brokerPort = ''] = process.argv.slice(2);
const key = generateSigningKey();
let receipts = 0;
const link = connectLink({
  url: `mqtt://127.0.0.1:${brokerPort}`,
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
      .then(() => (receipts += 1))
      .catch(() => {});
  },
  onState: () => {},
});
answerQuestions({ receipts: () => receipts });
