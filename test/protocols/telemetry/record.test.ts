import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../protocols/evidence/keys.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import {
  assembleRecord,
  encodeSignedBytes,
  parseRecord,
  RECORD_BYTES_MAX,
  wallTimeMs,
  type RecordHeader,
} from '../../../protocols/telemetry/record.ts';
import { sealExample } from '../evidence/sealed-examples.ts';

const { bytes } = sealExample();
// As it is written, in its one order.
const { header } = parseRecord(bytes);
const text = JSON.stringify(header);

/** A record with this text for a header; the signature is of no interest to the parser. */
function withHeader(
  headerText: string,
  body: Uint8Array = parseRecord(bytes).parts.reduce(join, new Uint8Array()),
): Uint8Array {
  const encoded = Buffer.from(headerText);
  const start = Buffer.alloc(8);
  start.write('MWB1', 'latin1');
  start.writeUInt32BE(encoded.length, 4);
  return join(new Uint8Array(Buffer.concat([start, encoded, Buffer.alloc(64)])), body);
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([a, b]));
}

function codeOf(input: Uint8Array): string {
  try {
    parseRecord(input);
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return error.code;
    throw error;
  }
  return 'accepted';
}

const changed = (change: object) => withHeader(JSON.stringify({ ...header, ...change }));
const firstPart = () => header.parts[0] ?? { machine: '', sha256: '', bytes: 0 };

describe('a record', () => {
  it('is taken apart as it was put together', () => {
    const frame = parseRecord(bytes);
    expect(frame.header).toEqual(header);
    expect(frame.signedBytes).toEqual(encodeSignedBytes(header));
    expect(assembleRecord(frame.signedBytes, frame.signature, frame.parts)).toEqual(bytes);
  });

  it('is taken apart from the middle of a larger buffer', () => {
    const large = new Uint8Array(bytes.length + 20);
    large.set(bytes, 7);
    expect(parseRecord(large.subarray(7, 7 + bytes.length)).header).toEqual(header);
  });

  it('labels monotonic times with wall time', () => {
    expect(wallTimeMs(header, 5000)).toBe(1_763_700_000_000 - 1100);
    expect(wallTimeMs(header, 6100)).toBe(1_763_700_000_000);
  });

  it('may have no part, and one part at most for what is no reading', () => {
    expect(codeOf(withHeader(JSON.stringify({ ...header, parts: [] }), new Uint8Array()))).toBe('accepted');
    const alone = { ...firstPart(), machine: null };
    const body = parseRecord(bytes).parts[0] ?? new Uint8Array();
    for (const kind of ['config', 'log']) {
      expect(codeOf(withHeader(JSON.stringify({ ...header, kind, parts: [alone] }), body))).toBe('accepted');
      expect(codeOf(withHeader(JSON.stringify({ ...header, kind, parts: [] }), new Uint8Array()))).toBe(
        'malformed-record',
      );
      expect(
        codeOf(withHeader(JSON.stringify({ ...header, kind, parts: [alone, alone] }), join(body, body))),
      ).toBe('malformed-record');
    }
  });

  it('may carry plain keys of a later minor version after its own, and only there', () => {
    expect(codeOf(changed({ later: 'x', flag: true, count: 3, none: null }))).toBe('accepted');
    expect(codeOf(changed({ later: { deep: 1 } }))).toBe('malformed-record');
    expect(codeOf(withHeader(text.replace('{', '{"later":1,')))).toBe('malformed-record');
    expect(codeOf(withHeader(text.replace('"mono"', '"later":1,"mono"')))).toBe('malformed-record');
    expect(codeOf(withHeader(text.replace(/}$/, ',"__proto__":1}')))).toBe('accepted');
  });

  it.each<[string, string]>([
    ['white space', text.replace(',', ', ')],
    ['keys in another order', text.replace('"v":1,"kind":"readings"', '"kind":"readings","v":1')],
    ['a key twice', text.replace('"v":1', '"v":1,"v":1')],
    ['a number written otherwise', text.replace('"seq":2', '"seq":2.0')],
    ['a letter written otherwise', text.replace('plant-1', '\\u0070lant-1')],
    ['a byte order mark', `\uFEFF${text}`],
    ['a tail', `${text} `],
    ['nothing', ''],
    ['no JSON', text.slice(1)],
    ['a list', `[${text}]`],
    ['depth without end', '['.repeat(30_000)],
  ])('is refused with a header that has %s', (_, headerText) => {
    expect(codeOf(withHeader(headerText))).toBe('malformed-record');
  });

  it.each<[string, object]>([
    ['version', { v: 2 }],
    ['kind', { kind: 'other' }],
    ['site', { site: '../x' }],
    ['agent', { agent: 'constructor' }],
    ['key', { key: `${header.key.slice(0, 42)}B` }],
    ['epoch', { epoch: 'K3X9MQ02VNAZ' }],
    ['seq', { seq: 0 }],
    ['seq beyond 2^53', { seq: 2 ** 53 }],
    ['boot', { boot: 'b' }],
    ['first after last', { first: 9000 }],
    ['negative time', { first: -1 }],
    ['sealedTo', { sealedTo: null }],
    ['samples', { samples: 1.5 }],
    ['config', { config: 'x' }],
    ['clock', { clock: null }],
    ['clock state', { clock: { ...header.clock, state: 'good' } }],
    ['parts', { parts: {} }],
    ['part without bytes', { parts: [{ ...firstPart(), bytes: 0 }] }],
    ['part of no machine', { parts: [{ ...firstPart(), machine: null }] }],
    ['part that reaches beyond the end', { parts: [{ ...firstPart(), bytes: 2 ** 50 }] }],
    ['two parts of one machine', { parts: [firstPart(), firstPart()] }],
    ['first with a predecessor', { seq: 1 }],
    ['later one without a predecessor', { prev: null }],
  ])('is refused with an impossible %s', (_, change) => {
    expect(codeOf(changed(change))).toBe('malformed-record');
  });

  it('is refused with bytes left over, cut off, or too large', () => {
    expect(codeOf(join(bytes, Uint8Array.of(0)))).toBe('malformed-record');
    for (let length = 0; length < bytes.length; length += 7)
      expect(codeOf(bytes.subarray(0, length))).toBe('malformed-record');
    expect(codeOf(new Uint8Array(RECORD_BYTES_MAX + 1))).toBe('malformed-record');
    const endless = Uint8Array.from(bytes);
    endless.set([255, 255, 255, 255], 4);
    expect(codeOf(endless)).toBe('malformed-record');
  });

  it('of another format version is named as such, so that the agent keeps it', () => {
    const next = Uint8Array.from(bytes);
    next[3] = '2'.charCodeAt(0);
    expect(codeOf(next)).toBe('unknown-version');
    next[3] = 'X'.charCodeAt(0);
    expect(codeOf(next)).toBe('malformed-record');
  });

  it('is not sealed with a header that no one would read', () => {
    const impossible: Partial<RecordHeader>[] = [
      { seq: 0 },
      { first: Number.NaN },
      { site: 'a b' },
      { samples: -1 },
      { config: sha256('x').slice(1) },
    ];
    for (const change of impossible)
      expect(() => encodeSignedBytes({ ...header, ...change })).toThrow(/impossible fields/);
    const parts = Array.from({ length: 512 }, (_, i) => ({
      ...firstPart(),
      machine: `${'m'.repeat(60)}${i}`,
    }));
    expect(() => encodeSignedBytes({ ...header, parts })).toThrow(/more than 65536 bytes/);
  });
});
