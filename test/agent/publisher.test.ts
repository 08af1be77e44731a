import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { Publisher } from '../../agent/publisher.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import type { Receipt } from '../../protocols/telemetry/receipt.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { addReading, holds, openSealer, openSpool } from './spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A publisher on a real spool, whose messages are kept instead of sent. */
function rig(options: { maxBytes?: number; resendAfterMs?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-publisher-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new SteppedClock(START_MS);
  const spool = openSpool(folder, options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes });
  closers.push(() => spool.close());
  const key = generateSigningKey();
  const sent: Uint8Array[] = [];
  const publisher: Publisher = new Publisher({
    spool,
    site: 'pune',
    agent: 'gw1',
    collectorKey: key.publicKey,
    publish: (bytes) => {
      sent.push(bytes);
      return Promise.resolve();
    },
    connected: () => true,
    onFork: () => {},
    log: silentLog,
    resendAfterMs: options.resendAfterMs ?? 0,
  });
  const sealer = openSealer(spool, clock, ['mill'], {
    onSealed: (records) => {
      for (const { header } of records) publisher.addLive(header.epoch, header.seq);
      publisher.pump();
    },
  });
  const seal = (records: number) => {
    for (let reading = 0; reading < records * 10; reading++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', Math.sin(reading));
      if (reading % 10 === 9) sealer.sealAll();
    }
  };
  const tell = (receipt: Partial<Receipt>) =>
    publisher.receive(
      sealReceipt(
        {
          site: 'pune',
          collector: 'collector',
          agent: 'gw1',
          epoch: spool.head.epoch,
          at: START_MS,
          accepted: [],
          rejected: [],
          requested: [],
          ...receipt,
        },
        key,
      ),
    );
  /** Receipts everything that was sent since the last call. */
  const receiptAll = () => {
    const accepted = sent.splice(0).map((bytes) => {
      const frame = parseRecord(bytes);
      const { seq } = frame.header;
      return { from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) };
    });
    for (const range of accepted) tell({ accepted: [range] });
  };
  return { spool, publisher, sent, seal, tell, receiptAll };
}

test('records that a full spool dropped while they were on their way do not keep others from going', async () => {
  const { spool, publisher, sent, seal, receiptAll } = rig({ maxBytes: 200_000 });
  // The broker takes everything, and no collector answers for so long that the spool overflows.
  seal(600);
  expect(spool.accounts().records.dropped).toBeGreaterThan(40);
  const { epoch } = spool.head;
  sent.length = 0;
  for (let turn = 0; turn < 2000 && spool.accounts().records.pending > 0; turn++) {
    await turnOver();
    publisher.pump();
    receiptAll();
  }
  expect(spool.accounts().records.pending).toBe(0);
  expect(publisher.counts().inFlight).toBe(0);
  expect(spool.record(epoch, 600)).toBeDefined();
  expect(holds(spool)).toBe(true);
});

test('a record that is spoilt on its way is not given up: it goes again while ours is sound', async () => {
  const { spool, publisher, sent, seal, tell, receiptAll } = rig();
  seal(1);
  const second = spool.record(spool.head.epoch, 2);
  const hash = headerHash(parseRecord(second?.bytes ?? new Uint8Array()));
  for (const reason of ['bad-part-hash', 'malformed-record', 'bad-signature']) {
    tell({ rejected: [{ seq: 2, hash, reason }] });
    expect(spool.accounts().records).toMatchObject({ pending: 2, rejected: 0 });
    sent.length = 0;
    await turnOver();
    publisher.pump();
    expect(sent.map((bytes) => parseRecord(bytes).header.seq)).toContain(2);
  }
  receiptAll();
  expect(spool.accounts().records).toMatchObject({ pending: 0, receipted: 2 });
});

test('a copy that arrives spoilt beside a good one is no refusal: the record is sent when it is asked for', () => {
  const { spool, sent, seal, tell } = rig();
  seal(1);
  const hash = headerHash(parseRecord(spool.record(spool.head.epoch, 2)?.bytes ?? new Uint8Array()));
  tell({
    accepted: [{ from: 2, to: 2, digest: rangeDigest([hash]) }],
    rejected: [{ seq: 2, hash, reason: 'bad-part-hash' }],
  });
  sent.length = 0;
  tell({ requested: [{ from: 2, to: 2 }] });
  expect(sent.map((bytes) => parseRecord(bytes).header.seq)).toEqual([2]);
});

test('a record that arrives spoilt every time is set aside in the end, and one with other faults at once', () => {
  const { spool, seal, tell } = rig();
  seal(2);
  const hashOf = (seq: number) =>
    headerHash(parseRecord(spool.record(spool.head.epoch, seq)?.bytes ?? new Uint8Array()));
  for (let time = 0; time < 4; time++)
    tell({ rejected: [{ seq: 2, hash: hashOf(2), reason: 'bad-part-hash' }] });
  expect(spool.accounts().records).toMatchObject({ pending: 2, rejected: 1 });
  tell({ rejected: [{ seq: 3, hash: hashOf(3), reason: 'malformed-part' }] });
  expect(spool.accounts().records).toMatchObject({ pending: 1, rejected: 2 });
  expect(holds(spool)).toBe(true);
});

test('one record in flight asks whether a collector is there, and its receipt brings the others again', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  closers.push(() => vi.useRealTimers());
  const { spool, publisher, sent, seal, receiptAll } = rig({ resendAfterMs: 30_000 });
  const seqs = () => sent.map((bytes) => parseRecord(bytes).header.seq);
  const pumpAfter = async (ms: number) => {
    await turnOver();
    vi.advanceTimersByTime(ms);
    publisher.pump();
  };
  // The broker takes them, and nobody is there to read.
  seal(2);
  expect(seqs()).toEqual([1, 2, 3]);
  sent.length = 0;
  await pumpAfter(4900);
  expect(seqs()).toEqual([]);
  await pumpAfter(200);
  expect(seqs()).toEqual([1]);
  await pumpAfter(4900);
  expect(seqs()).toEqual([1]);
  await pumpAfter(200);
  expect(seqs()).toEqual([1, 2]);
  sent.splice(0, 1);
  // A collector is there again: record 1 went out 5 s before record 2, and record 3 before both.
  receiptAll();
  expect(seqs()).toEqual([1, 3]);
  receiptAll();
  expect(spool.accounts().records).toMatchObject({ pending: 0, receipted: 3 });
  expect(publisher.counts()).toMatchObject({ resent: 4, inFlight: 0 });
});

test('a receipt that comes soon after brings nothing twice', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  closers.push(() => vi.useRealTimers());
  const { spool, publisher, sent, seal, receiptAll } = rig({ resendAfterMs: 30_000 });
  seal(1);
  vi.advanceTimersByTime(1900);
  seal(1);
  const [first] = sent.splice(0, 1);
  expect(first).toBeDefined();
  // The receipt of a later record may come before that of an earlier one.
  receiptAll();
  expect(sent).toHaveLength(0);
  expect(publisher.counts()).toMatchObject({ resent: 0, inFlight: 1 });
  expect(spool.accounts().records.pending).toBe(1);
});

test('what a restored ledger asks for follows its receipts, not the clock', () => {
  const { spool, publisher, sent, seal, tell, receiptAll } = rig();
  seal(200);
  for (let turn = 0; spool.accounts().records.pending > 0 && turn < 100; turn++) {
    publisher.pump();
    receiptAll();
  }
  sent.length = 0;
  tell({ requested: [{ from: 1, to: 150 }] });
  const served = new Set<number>();
  for (let round = 0; round < 50; round++) {
    for (const bytes of sent) served.add(parseRecord(bytes).header.seq);
    receiptAll();
  }
  expect(served.size).toBe(150);
});

test('what it has a receipt for and is asked for waits again, before anything is let go, and a refusal then counts', () => {
  const { spool, publisher, sent, seal, tell, receiptAll } = rig();
  seal(3);
  publisher.pump();
  receiptAll();
  seal(1);
  publisher.pump();
  const { seq, epoch } = spool.head;
  const last = parseRecord(spool.record(epoch, seq)?.bytes ?? new Uint8Array());
  sent.length = 0;
  // The ledger was restored: it takes the last one, and lacks the one before it.
  tell({
    accepted: [{ from: seq, to: seq, digest: rangeDigest([headerHash(last)]) }],
    requested: [{ from: seq - 1, to: seq - 1 }],
  });
  expect(spool.accounts().records).toMatchObject({ pending: 1 });
  expect(sent.map((bytes) => parseRecord(bytes).header.seq)).toEqual([seq - 1]);
  tell({ rejected: [{ seq: seq - 1, hash: last.header.prev, reason: 'fork' }] });
  expect(spool.accounts().records).toMatchObject({ pending: 0, rejected: 1 });
  expect(spool.accounts().samples.rejected).toBeGreaterThan(0);
  expect(holds(spool)).toBe(true);
});

/** What was published is acknowledged. */
function turnOver(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('records under a key that the collector calls revoked stay in the spool, do not stand in the way, and go when it takes them', () => {
  vi.useFakeTimers({ now: START_MS, toFake: ['performance'] });
  closers.push(() => vi.useRealTimers());
  const { publisher, sent, seal, tell, spool, receiptAll } = rig({ resendAfterMs: 30_000 });
  const { epoch } = spool.head;
  seal(30);
  expect(publisher.counts().inFlight).toBe(20);
  tell({ keyRevoked: true });
  expect(publisher.refused.has(epoch)).toBe(true);
  expect(publisher.counts().inFlight).toBe(0);
  sent.length = 0;
  seal(3);
  publisher.restart();
  expect(sent).toEqual([]);
  // None is set aside, and none is counted as rejected.
  const { records } = spool.accounts();
  expect(records).toMatchObject({ pending: records.sealed, rejected: 0, receipted: 0 });

  // It asks again, once only each time: soon, and then less and less often.
  for (const seconds of [5, 10, 20, 40, 60, 60]) {
    vi.advanceTimersByTime(seconds * 1000 - 1);
    publisher.pump();
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(2);
    publisher.pump();
    expect(sent.length).toBeGreaterThan(0);
    tell({ keyRevoked: true });
    // The answer to another record that was asked about with it.
    tell({ keyRevoked: true });
    sent.length = 0;
    publisher.pump();
    expect(sent).toEqual([]);
  }

  vi.advanceTimersByTime(60_001);
  publisher.pump();
  for (let turn = 0; turn < 20; turn++) {
    receiptAll();
    publisher.pump();
  }
  expect(publisher.refused.size).toBe(0);
  expect(spool.accounts().records.pending).toBe(0);
});

test('a word on the key of an epoch of which nothing is on its way is not ours', () => {
  const { publisher, tell } = rig();
  tell({ epoch: 'another00000', keyRevoked: true });
  expect(publisher.refused.size).toBe(0);
});
