import * as fc from 'fast-check';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { examineRecord } from '../../../collector/ingest/examine-record.ts';
import { sealRecord } from '../../../protocols/evidence/seal.ts';
import { assembleRecord, encodeSignedBytes, parseRecord } from '../../../protocols/telemetry/record.ts';
import { sha256 } from '../../../protocols/evidence/keys.ts';
import { ChainFeed, snapshotText } from '../ledger/chain-feed.ts';

const TOPIC = { site: 'plant', agent: 'gw-1' };
const SNAPSHOT = snapshotText('gw-1', ['mill']);

test('a sound record gives header, hash and bytes; a config record its snapshot', () => {
  const feed = new ChainFeed();
  const config = feed.next({ kind: 'config', text: SNAPSHOT });
  const readings = feed.next();
  const log = feed.next({
    kind: 'log',
    text: '{"v":1,"entries":[{"at":1,"event":"epoch-opened","detail":{}}]}',
  });
  expect(examineRecord(log.bytes, TOPIC)).toMatchObject({ hash: log.hash });
  expect(examineRecord(config.bytes, TOPIC)).toEqual({
    header: config.header,
    hash: config.hash,
    bytes: config.bytes,
    gone: [],
    snapshot: JSON.parse(SNAPSHOT),
  });
  expect(examineRecord(readings.bytes, TOPIC)).toEqual({
    header: readings.header,
    hash: readings.hash,
    bytes: readings.bytes,
    gone: [],
  });
});

test('no changed byte anywhere makes a sound record, and none throws', () => {
  const { bytes } = new ChainFeed().next();
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const spoilt = new Uint8Array(bytes);
      spoilt[at] = (spoilt[at] ?? 0) ^ flip;
      expect(examineRecord(spoilt, TOPIC)).toMatchObject({ reason: expect.any(String) });
    }),
    { numRuns: 300 },
  );
});

test('arbitrary and cut-off bytes are unsound', () => {
  const { bytes } = new ChainFeed().next();
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.nat(bytes.length - 1)), (input) => {
      const message = typeof input === 'number' ? bytes.subarray(0, input) : input;
      expect(examineRecord(message, TOPIC)).toMatchObject({ reason: 'malformed-record' });
    }),
  );
});

const spoil = (bytes: Uint8Array, at: number) => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

test('each fault has its word, and says which record it was', () => {
  const feed = new ChainFeed();
  const sound = feed.next();
  const known = { epoch: sound.header.epoch, seq: 1, hash: sound.hash };
  const signed = parseRecord(sound.bytes).signedBytes.length;
  expect(examineRecord(spoil(sound.bytes, signed), TOPIC)).toMatchObject({
    reason: 'bad-signature',
    ...known,
  });
  expect(examineRecord(spoil(sound.bytes, sound.bytes.length - 1), TOPIC)).toMatchObject({
    reason: 'bad-part-hash',
    ...known,
  });
  for (const topic of [
    { site: 'plant', agent: 'gw-2' },
    { site: 'other', agent: 'gw-1' },
  ])
    expect(examineRecord(sound.bytes, topic)).toMatchObject({ reason: 'wrong-topic', ...known });
  const large = new Uint8Array(130 * 1024);
  large.set(sound.bytes);
  expect(examineRecord(large, TOPIC)).toMatchObject({ reason: 'oversized-record', ...known });
  expect(examineRecord(sound.bytes.subarray(0, sound.bytes.length - 1), TOPIC)).toMatchObject({
    reason: 'malformed-record',
    ...known,
  });
  expect(examineRecord(spoil(sound.bytes, 0), TOPIC)).toMatchObject({ reason: 'malformed-record' });
  const newer = new Uint8Array(sound.bytes);
  newer[3] = '2'.charCodeAt(0);
  expect(examineRecord(newer, TOPIC)).toMatchObject({ reason: 'unknown-version' });
});

test('a signed record with contents that cannot be read, or that its header denies, is unsound', () => {
  const cases = {
    'not JSON': { text: '{' },
    'another machine': { text: '{"v":1,"machine":"lathe","sampled":[],"events":[],"links":[]}' },
    'fewer readings than counted': { text: '{"v":1,"machine":"mill","sampled":[],"events":[],"links":[]}' },
  };
  for (const [name, options] of Object.entries(cases))
    expect(examineRecord(new ChainFeed().next(options).bytes, TOPIC), name).toMatchObject({
      reason: 'malformed-part',
    });
  const text = (name: string, at: number) =>
    `{"v":1,"machine":"mill","sampled":[{"source":"m","every":1000,"t":[${at}],"cols":{"mill.supply.${name}":{"v":[1]}}}],"events":[],"links":[]}`;
  const outside = new ChainFeed().next({ text: text('activePower', 9001) });
  expect(examineRecord(outside.bytes, TOPIC)).toMatchObject({ reason: 'malformed-part' });
  const config = new ChainFeed().next({ kind: 'config', text: SNAPSHOT, config: sha256('other') });
  expect(examineRecord(config.bytes, TOPIC)).toMatchObject({ reason: 'malformed-snapshot' });
  const foreign = new ChainFeed().next({ kind: 'config', text: snapshotText('gw-2', ['mill']) });
  expect(examineRecord(foreign.bytes, TOPIC)).toMatchObject({ reason: 'malformed-snapshot' });
  const words = new ChainFeed().next({ kind: 'config', text: '"hello"' });
  expect(examineRecord(words.bytes, TOPIC)).toMatchObject({ reason: 'malformed-snapshot' });
  const future = new ChainFeed().next({ wallMs: Number.MAX_SAFE_INTEGER });
  expect(examineRecord(future.bytes, TOPIC)).toMatchObject({ reason: 'impossible-time' });
});

test('parts that unfold beyond measure are unsound, one by one and together', () => {
  const feed = new ChainFeed();
  const one = feed.next({ text: ' '.repeat(1024 * 1024 + 1) });
  expect(examineRecord(one.bytes, TOPIC)).toMatchObject({ reason: 'oversized-part' });
  const { header } = feed.next();
  const parts = Array.from({ length: 5 }, (_, index) => ({
    machine: `mill-${index}`,
    text: ' '.repeat(1024 * 1024),
  }));
  expect(examineRecord(sealRecord(header, parts, feed.key).bytes, TOPIC)).toMatchObject({
    reason: 'oversized-part',
  });
});

test('a part that is no zstd frame, signed by its agent, is unsound', () => {
  const feed = new ChainFeed();
  const { header } = feed.next();
  const part = Buffer.from('plain text');
  expect(zstdCompressSync(part)).not.toEqual(part);
  const signedBytes = encodeSignedBytes({
    ...header,
    parts: [{ machine: 'mill', sha256: sha256(part), bytes: part.length }],
  });
  const bytes = assembleRecord(signedBytes, feed.key.sign(signedBytes), [part]);
  expect(examineRecord(bytes, TOPIC)).toMatchObject({ reason: 'malformed-part', seq: 1 });
});

test('a thinned record says which ones it stands for, and for no more than an agent can thin', () => {
  const feed = new ChainFeed();
  const [one, two] = feed.take(2);
  if (!one || !two) throw new Error('two records');
  const thinned = feed.next({ thinned: { from: 1, to: 2, hash: two.hash } });
  expect(examineRecord(thinned.bytes, TOPIC)).toMatchObject({
    gone: [{ from: 1, to: 2, fate: 'thinned' }],
  });
  const far = (from: number) => {
    const header = {
      ...two.header,
      seq: 200_000,
      prev: one.hash,
      thinnedFrom: from,
      thinnedTo: 150_000,
      thinnedHash: one.hash,
      thinnedSince: 0,
    };
    return sealRecord(
      header,
      [{ machine: 'mill', bytes: parseRecord(two.bytes).parts[0] ?? two.bytes }],
      feed.key,
    );
  };
  expect(examineRecord(far(50_001).bytes, TOPIC)).toMatchObject({ gone: [{ from: 50_001, to: 150_000 }] });
  expect(examineRecord(far(50_000).bytes, TOPIC)).toMatchObject({ reason: 'impossible-range' });
});
