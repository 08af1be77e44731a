import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MillwattError } from '../../../protocols/errors.ts';
import {
  fingerprint,
  generateSigningKey,
  readSigningKey,
  sha256,
  verifySignature,
} from '../../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, unfoldPart, verifyRecord } from '../../../protocols/evidence/seal.ts';
import { announcedTextBytes } from '../../../protocols/evidence/zstd-frame.ts';
import { parseReceipt } from '../../../protocols/telemetry/receipt.ts';
import { PART_TEXT_BYTES_MAX, parseRecord } from '../../../protocols/telemetry/record.ts';
import { key, receiptExample, sealExample, textOf } from './sealed-examples.ts';

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return error.code;
    throw error;
  }
  return 'accepted';
}

const fold = (text: string | Uint8Array) => new Uint8Array(zstdCompressSync(text));
const concat = (...pieces: Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));

describe('a sealed record', () => {
  it('verifies, and unfolds to what was sealed', () => {
    const sealed = sealExample();
    const frame = parseRecord(sealed.bytes);
    verifyRecord(frame);
    expect(headerHash(frame)).toBe(sealed.hash);
    expect(frame.parts.map(unfoldPart)).toEqual([textOf('mill-1').text, textOf('mill-2').text]);
  });

  it('is the same bytes for the same input and key', () => {
    expect(sealExample().bytes).toEqual(sealExample().bytes);
  });

  it('covers every bit: no single flip passes', () => {
    const { bytes } = sealExample({}, [textOf('mill-1')]);
    const undetected: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (codeOf(() => verifyRecord(parseRecord(flipped))) === 'accepted') undetected.push(bit);
    }
    expect(undetected).toEqual([]);
  });

  it('does not verify with parts exchanged, though each is whole', () => {
    const frame = parseRecord(sealExample().bytes);
    expect(codeOf(() => verifyRecord({ ...frame, parts: frame.parts.toReversed() }))).toBe('bad-part-hash');
  });

  it('is not taken when its parts would unfold to more than 4 MiB together', () => {
    const parts = ['a', 'b', 'c', 'd', 'e'].map((machine) => ({ machine, text: 'x'.repeat(1_000_000) }));
    verifyRecord(parseRecord(sealExample({}, parts.slice(0, 4)).bytes));
    expect(codeOf(() => verifyRecord(parseRecord(sealExample({}, parts).bytes)))).toBe('oversized-part');
    const single = [{ machine: 'a', text: 'x'.repeat(PART_TEXT_BYTES_MAX + 1) }];
    expect(codeOf(() => verifyRecord(parseRecord(sealExample({}, single).bytes)))).toBe('oversized-part');
  });
});

describe('a receipt', () => {
  it('covers every bit: no single flip passes', () => {
    const bytes = receiptExample();
    const undetected: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const code = codeOf(() => {
        const { receipt, signedBytes, signature } = parseReceipt(flipped);
        // The agent obeys the key it has pinned, not the one that is named.
        if (receipt.key !== key.publicKey || !verifySignature(key.publicKey, signedBytes, signature))
          throw new MillwattError('quarantine', 'bad-signature', 'flipped');
      });
      if (code === 'accepted') undetected.push(bit);
    }
    expect(undetected).toEqual([]);
  });
});

describe('a part', () => {
  const frame = fold('some text, some text, some text');

  it('announces the length it unfolds to, whatever its size', () => {
    for (const bytes of [0, 1, 255, 256, 257, 65_791, 65_792, 200_000, PART_TEXT_BYTES_MAX]) {
      const text = Array.from({ length: bytes }, (_, i) => 'abcdefgh'[(i * i) % 8]).join('');
      expect(announcedTextBytes(fold(text))).toBe(bytes);
      expect(unfoldPart(fold(text))).toBe(text);
    }
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['plain text', Buffer.from('{"v":1,"machine":"mill-1"}')],
    ['two frames', concat(frame, frame)],
    ['a frame with a tail', concat(frame, Uint8Array.of(0))],
    ['a skippable frame first', concat(Buffer.from('502a4d1804000000deadbeef', 'hex'), frame)],
    ['a frame cut off', frame.subarray(0, frame.length - 1)],
    ['text that is not UTF-8', fold(Uint8Array.of(0x22, 0xff, 0xfe, 0x22))],
  ])('is refused as %s', (_, bytes) => {
    expect(codeOf(() => unfoldPart(bytes))).toBe('malformed-part');
  });

  it('is refused, without being unfolded, when it is a bomb', () => {
    const bomb = fold('0'.repeat(200_000_000));
    expect(bomb.length).toBeLessThan(128 * 1024);
    expect(codeOf(() => unfoldPart(bomb))).toBe('oversized-part');
  });

  it('is refused when it unfolds to another length than it announces', () => {
    const lying = fold('0'.repeat(2000));
    // Two-byte content size behind a single-segment descriptor: 2,000 is written as 1,744.
    expect(Buffer.from(lying).subarray(4, 7).toString('hex')).toBe('60d006');
    lying[5] = 0xd1;
    expect(announcedTextBytes(lying)).toBe(2001);
    expect(codeOf(() => unfoldPart(lying))).toBe('malformed-part');
  });
});

describe('keys', () => {
  it('are kept as PEM and read again', () => {
    const drawn = generateSigningKey();
    const again = readSigningKey(drawn.exportPem());
    expect(again.publicKey).toBe(drawn.publicKey);
    const bytes = Buffer.from('reading');
    expect(verifySignature(drawn.publicKey, bytes, again.sign(bytes))).toBe(true);
    expect(verifySignature(key.publicKey, bytes, again.sign(bytes))).toBe(false);
  });

  it('that are none verify nothing', () => {
    for (const none of ['', 'x', 'A'.repeat(43), '_'.repeat(43)])
      expect(verifySignature(none, Buffer.from('x'), new Uint8Array(64))).toBe(false);
    expect(() => readSigningKey('-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----')).toThrow();
  });

  it('have a fingerprint to read out on the telephone', () => {
    expect(fingerprint(sha256('any 32 bytes'))).toMatch(/^[0-9a-f]{4}(-[0-9a-f]{4}){7}$/);
  });
});

describe('a range of records', () => {
  it('is named by the SHA-256 over its hashes in order', () => {
    const hashes = ['a', 'b'].map((text) => sha256(text));
    const bytes = hashes.map((hash) => Buffer.from(hash, 'base64url'));
    expect(rangeDigest(hashes)).toBe(sha256(Buffer.concat(bytes)));
    expect(rangeDigest(hashes.toReversed())).not.toBe(rangeDigest(hashes));
  });
});
