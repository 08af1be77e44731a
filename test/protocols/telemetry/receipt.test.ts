import { describe, expect, it } from 'vitest';
import { MillwattError } from '../../../protocols/errors.ts';
import { verifySignature } from '../../../protocols/evidence/keys.ts';
import { encodeReceiptBody, parseReceipt, type Receipt } from '../../../protocols/telemetry/receipt.ts';
import { key, receiptExample } from '../evidence/sealed-examples.ts';

const bytes = receiptExample();
const { receipt } = parseReceipt(bytes);

function withBody(text: string): Uint8Array {
  const body = Buffer.from(text);
  const start = Buffer.alloc(8);
  start.write('MWR1', 'latin1');
  start.writeUInt32BE(body.length, 4);
  return new Uint8Array(Buffer.concat([start, body, Buffer.alloc(64)]));
}

function codeOf(input: Uint8Array): string {
  try {
    parseReceipt(input);
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a receipt', () => {
  it('is signed over its magic, its length and its body', () => {
    const frame = parseReceipt(bytes);
    expect(frame.signedBytes).toEqual(encodeReceiptBody(frame.receipt));
    expect(frame.receipt.key).toBe(key.publicKey);
    expect(verifySignature(key.publicKey, frame.signedBytes, frame.signature)).toBe(true);
  });

  it('may carry keys of a later minor version', () => {
    expect(codeOf(withBody(JSON.stringify({ ...receipt, later: { a: [1] } })))).toBe('accepted');
  });

  it.each<[string, Partial<Record<keyof Receipt, unknown>>]>([
    ['version', { v: 2 }],
    ['site', { site: '' }],
    ['collector', { collector: 'a/b' }],
    ['key', { key: 'x' }],
    ['agent', { agent: 7 }],
    ['epoch', { epoch: '' }],
    ['time', { at: -1 }],
    ['accepted list', { accepted: null }],
    ['range from 0', { accepted: [{ from: 0, to: 1, digest: receipt.key }] }],
    ['range that ends before it begins', { accepted: [{ from: 2, to: 1, digest: receipt.key }] }],
    ['range without a digest', { accepted: [{ from: 1, to: 1 }] }],
    ['null for a range', { accepted: [null] }],
    ['rejection without a reason', { rejected: [{ seq: 1, hash: null }] }],
    ['rejection with a bad hash', { rejected: [{ seq: 1, hash: 'x', reason: 'fork' }] }],
    ['request beyond 2^53', { requested: [{ from: 1, to: 2 ** 53 }] }],
  ])('is refused with an impossible %s', (_, change) => {
    expect(codeOf(withBody(JSON.stringify({ ...receipt, ...change })))).toBe('malformed-receipt');
    expect(() => encodeReceiptBody({ ...receipt, ...change } as Receipt)).toThrow(MillwattError);
  });

  it('is refused cut off, with bytes left over, without JSON and without UTF-8', () => {
    for (let length = 0; length < bytes.length; length += 5)
      expect(codeOf(bytes.subarray(0, length))).toBe('malformed-receipt');
    expect(codeOf(new Uint8Array([...bytes, 0]))).toBe('malformed-receipt');
    expect(codeOf(withBody('{'))).toBe('malformed-receipt');
    const broken = withBody(JSON.stringify(receipt));
    broken[20] = 0xff;
    expect(codeOf(broken)).toBe('malformed-receipt');
  });

  it('of another format version is named as such', () => {
    const next = Uint8Array.from(bytes);
    next[3] = '2'.charCodeAt(0);
    expect(codeOf(next)).toBe('unknown-version');
  });

  it('is not written longer than an agent would read', () => {
    const rejected = Array.from({ length: 1000 }, (_, seq) => ({
      seq,
      hash: receipt.key,
      reason: 'malformed-part',
    }));
    expect(() => encodeReceiptBody({ ...receipt, rejected })).toThrow(/has a body of more than 65536 bytes/);
  });
});
