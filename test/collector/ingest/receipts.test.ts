import { expect, test } from 'vitest';
import { ReceiptIssuer } from '../../../collector/ingest/receipts.ts';
import { generateSigningKey, sha256, verifySignature } from '../../../protocols/evidence/keys.ts';
import { rangeDigest } from '../../../protocols/evidence/seal.ts';
import { parseReceipt, type Receipt } from '../../../protocols/telemetry/receipt.ts';

const key = generateSigningKey();
const EPOCH = 'epoch0000001';
const hash = (seq: number) => sha256(`record ${seq}`);

function issuer(fails = false) {
  const published: { topic: string; receipt: Receipt }[] = [];
  const receipts = new ReceiptIssuer({
    site: 'plant',
    collector: 'collector',
    key,
    wallMs: () => 1234,
    publish: async (topic, payload) => {
      if (fails) throw new Error('broker away');
      const { receipt, signedBytes, signature } = parseReceipt(payload);
      expect(verifySignature(key.publicKey, signedBytes, signature)).toBe(true);
      published.push({ topic, receipt });
    },
  });
  return { receipts, published };
}

test('what is gathered leaves as one signed receipt of ranges for each agent and epoch', async () => {
  const { receipts, published } = issuer();
  for (const seq of [5, 2, 1, 3, 3, 9])
    receipts.accept({ agent: 'gw-1', epoch: EPOCH, seq, hash: hash(seq) });
  receipts.reject('gw-1', EPOCH, { seq: 4, hash: null, reason: 'malformed-part' });
  receipts.request('gw-1', EPOCH, [{ from: 6, to: 8 }]);
  receipts.accept({ agent: 'gw-2', epoch: EPOCH, seq: 1, hash: hash(1) });
  await expect.poll(() => published.length).toBe(2);
  expect(published[0]).toEqual({
    topic: 'millwatt/1/plant/gw-1/receipt',
    receipt: {
      v: 1,
      site: 'plant',
      collector: 'collector',
      key: key.publicKey,
      agent: 'gw-1',
      epoch: EPOCH,
      at: 1234,
      accepted: [
        { from: 1, to: 3, digest: rangeDigest([hash(1), hash(2), hash(3)]) },
        { from: 5, to: 5, digest: rangeDigest([hash(5)]) },
        { from: 9, to: 9, digest: rangeDigest([hash(9)]) },
      ],
      rejected: [{ seq: 4, hash: null, reason: 'malformed-part' }],
      requested: [{ from: 6, to: 8 }],
    },
  });
  expect(published[1]?.receipt.accepted).toEqual([{ from: 1, to: 1, digest: rangeDigest([hash(1)]) }]);
  expect(receipts.stats()).toEqual({ sent: 2, failed: 0, waiting: 0 });
});

test('many scattered records are told in several receipts, none of them too large to be read', async () => {
  const { receipts, published } = issuer();
  for (let seq = 1; seq <= 2000; seq += 2)
    receipts.accept({ agent: 'gw-1', epoch: EPOCH, seq, hash: hash(seq) });
  for (let seq = 1; seq <= 500; seq++)
    receipts.reject('gw-1', EPOCH, { seq: 3000 + seq, hash: hash(seq), reason: 'bad-signature' });
  await receipts.flush();
  expect(published.flatMap(({ receipt }) => receipt.accepted)).toHaveLength(1000);
  expect(published.flatMap(({ receipt }) => receipt.rejected)).toHaveLength(500);
});

test('a broker that is away costs the receipt, and it is counted', async () => {
  const { receipts } = issuer(true);
  receipts.accept({ agent: 'gw-1', epoch: EPOCH, seq: 1, hash: hash(1) });
  await receipts.flush();
  expect(receipts.stats()).toEqual({ sent: 0, failed: 1, waiting: 0 });
});
