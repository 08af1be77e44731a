import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  drawToken,
  isChannelId,
  isCount,
  isDigest,
  isId,
  isLevelId,
  isToken,
  requireId,
} from '../../../protocols/telemetry/ids.ts';

/** Characters and words that do harm in topics, paths, line protocol, HTML or property look-ups. */
const HOSTILE = (
  '.. . / \\ \0 + # $SYS , = " \' < %2e \n \r \u2028 ~ constructor toString valueOf hasOwnProperty __proto__ ' +
  'é ﬀ \u202e \ud800 - _ a Z 0 mill-1 supply activePower'
)
  .split(' ')
  .concat(' ');
const hostileId = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 8 })
  .map((pieces) => pieces.join(''));
// oxlint-disable-next-line no-control-regex
const HARMFUL = /\.\.|[/\\\0+#$\s,="'<%~]|[^\x21-\x7e]|^[.\-_]/;

describe('ids', () => {
  it('let nothing harmful through, in 10,000 hostile texts', () => {
    const inherited = new Set(Object.getOwnPropertyNames(Object.prototype));
    let accepted = 0;
    fc.assert(
      fc.property(hostileId, (text) => {
        for (const isUsable of [isId, isLevelId, isChannelId]) {
          if (!isUsable(text)) continue;
          accepted++;
          expect(text).not.toMatch(HARMFUL);
          expect(text.length).toBeLessThanOrEqual(64 * 4 + 3);
          expect(inherited.has(text)).toBe(false);
        }
        if (isChannelId(text)) expect(text.split('.').every(isLevelId)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('take what an operator would write', () => {
    for (const id of [
      'plant-1',
      'A',
      '7',
      'gateway_2.line-3',
      'x'.repeat(64),
      'constructors',
      'my-constructor',
    ])
      expect(isId(id)).toBe(true);
    expect(isChannelId('mill-1.supply.voltage.l1')).toBe(true);
    expect(isChannelId('mill-1.supply.activePower')).toBe(true);
  });

  it('refuse the rest', () => {
    for (const id of [
      '',
      '.',
      'a..b',
      '-a',
      'x'.repeat(65),
      'a b',
      'constructor',
      'toString',
      1,
      null,
      undefined,
      ['a'],
    ])
      expect(isId(id)).toBe(false);
    for (const id of ['mill.1', 'constructor']) expect(isLevelId(id)).toBe(false);
    for (const id of ['a.b', 'a.b.c.d.e', 'a..c', 'a.constructor.c', '.a.b', 'a.b.c.'])
      expect(isChannelId(id)).toBe(false);
  });

  it('give 32 bytes one spelling only', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ maxLength: 3 }),
        (bytes, tail) => {
          const text = Buffer.from(bytes).toString('base64url');
          expect(isDigest(text)).toBe(true);
          const other = `${text.slice(0, 43 - tail.length)}${tail}`;
          if (other !== text && isDigest(other))
            expect(Buffer.from(other, 'base64url').equals(Buffer.from(bytes))).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
    // "B" differs from "A" only in bits that 32 bytes do not have.
    expect(isDigest('A'.repeat(43))).toBe(true);
    expect(isDigest(`${'A'.repeat(42)}B`)).toBe(false);
  });

  it('count only with whole numbers', () => {
    expect([0, 1, 2 ** 53 - 1].every(isCount)).toBe(true);
    expect([-1, 0.5, 2 ** 53, Number.NaN, '1', 1n, null].some(isCount)).toBe(false);
  });

  it('draw every letter of a token as often as any other', () => {
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 3000; draw++) {
      const token = drawToken(randomBytes);
      expect(isToken(token)).toBe(true);
      for (const letter of token) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    // 36,000 letters: 1,000 each, standard deviation 31. Seven of them never happen by chance.
    expect(counts.size).toBe(36);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(7 * 31.2);
  });

  it('draw no letter from the bytes that would favour the first ones', () => {
    const bytes = [255, 252, 254, 253, 251, 0];
    expect(drawToken((count) => Uint8Array.from({ length: count }, (_, i) => bytes[i % 6] ?? 0))).toBe(
      '9a9a9a9a9a9a',
    );
  });

  it('are asked for with a cure', () => {
    expect(requireId('plant-1', 'The site')).toBe('plant-1');
    expect(() => requireId('a/b', 'The site')).toThrow('The site "a/b" is not a usable id.');
  });
});
