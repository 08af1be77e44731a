import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkReceipt, RECEIPT_FAULTS } from '../../agent/receipt-check.ts';
import { generateSigningKey, sha256 } from '../../protocols/evidence/keys.ts';
import { rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';

const key = generateSigningKey();
const hashes = Array.from({ length: 20 }, (_, index) => sha256(`${index}`));
const context = {
  site: 'pune',
  agent: 'gw1',
  collectorKey: key.publicKey,
  hashes: (epoch: string, from: number, to: number) =>
    epoch === 'abcdefghijkl' && to <= hashes.length
      ? { hashes: hashes.slice(from - 1, to), pending: 1 }
      : undefined,
};
const honest = sealReceipt(
  {
    site: 'pune',
    collector: 'collector',
    agent: 'gw1',
    epoch: 'abcdefghijkl',
    at: 1,
    accepted: [{ from: 2, to: 5, digest: rangeDigest(hashes.slice(1, 5)) }],
    rejected: [],
    requested: [],
  },
  key,
);

test('the honest receipt is taken', () => {
  expect(checkReceipt(honest, context)).toMatchObject({ accepted: [{ from: 2, to: 5 }], mismatched: 0 });
});

test('a range is not accepted by its numbers: the digest has to be that of our own records', () => {
  const fact = { site: 'pune', collector: 'collector', agent: 'gw1', epoch: 'abcdefghijkl', at: 1 };
  const of = (from: number, to: number, own: string[]) => ({ from, to, digest: rangeDigest(own) });
  const [first = ''] = hashes;
  const others = [of(2, 5, hashes.slice(2, 6)), of(2, 5, hashes.slice(1, 4)), of(2, 2, [first])];
  const none = sealReceipt({ ...fact, accepted: others, rejected: [], requested: [] }, key);
  expect(checkReceipt(none, context)).toMatchObject({ fault: 'mismatched' });
  const accepted = [...others, of(7, 7, hashes.slice(6, 7))];
  const rejected = [{ seq: 3, hash: first, reason: 'fork' }];
  const one = sealReceipt({ ...fact, accepted, rejected, requested: [] }, key);
  expect(checkReceipt(one, context)).toMatchObject({
    accepted: [{ from: 7, to: 7 }],
    rejected: [],
    mismatched: 4,
  });
});

test('no changed bit gets through, and nothing throws', () => {
  for (let bit = 0; bit < honest.length * 8; bit += 3) {
    const bytes = Uint8Array.from(honest);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(checkReceipt(bytes, context)).toHaveProperty('fault');
  }
});

test('arbitrary bytes are a fault with a reason', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (noise, tail) => {
      const bytes = tail ? Uint8Array.from([...honest.subarray(0, 60), ...noise]) : noise;
      const verdict = checkReceipt(bytes, context);
      if (!('fault' in verdict)) throw new Error('noise was taken for a receipt');
      expect(RECEIPT_FAULTS).toContain(verdict.fault);
      expect(verdict.reason).not.toBe('');
    }),
    { numRuns: 500 },
  );
});

test('a huge range is not looked up', () => {
  const bytes = sealReceipt(
    {
      site: 'pune',
      collector: 'collector',
      agent: 'gw1',
      epoch: 'abcdefghijkl',
      at: 1,
      accepted: [{ from: 1, to: Number.MAX_SAFE_INTEGER, digest: hashes[0] ?? '' }],
      rejected: [],
      requested: [{ from: 1, to: Number.MAX_SAFE_INTEGER }],
    },
    key,
  );
  const asked: number[] = [];
  const verdict = checkReceipt(bytes, {
    ...context,
    hashes: (_epoch, from, to) => {
      asked.push(to - from);
      return undefined;
    },
  });
  expect(verdict).toMatchObject({ fault: 'mismatched' });
  expect(asked).toEqual([]);
});
