import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openLedger, type LedgerOptions } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { ChainFeed, FEED_START_MS, snapshotText } from './chain-feed.ts';
import { flipReadably } from './flip-readably.ts';
import { recordLog } from './recorded-log.ts';
import { makeTempFolder } from './temp-folder.ts';

async function open(folder: string, options: Partial<LedgerOptions> = {}) {
  const ledger = await openLedger({ folder, log: silentLog, groupMs: 1, ...options });
  onTestFinished(() => ledger.close());
  return ledger;
}

const arrived = (record: SealedRecord, receivedMs = FEED_START_MS) => ({ ...record, receivedMs });

test('records come back byte for byte, in order of arrival, also after a reopen', async () => {
  const folder = makeTempFolder();
  const records = new ChainFeed().take(20);
  const first = await open(folder);
  expect(first.lastOrdinal()).toBe(0);
  const ordinals = await Promise.all(records.map((record) => first.append(arrived(record))));
  expect(ordinals).toEqual(records.map((_, index) => index + 1));
  const before = { chains: first.chains(), all: first.readAfter(0, 100) };
  expect(before.all.map(({ bytes }) => Buffer.from(bytes))).toEqual(
    records.map(({ bytes }) => Buffer.from(bytes)),
  );
  expect(before.all[4]?.header).toEqual(records[4]?.header);
  expect(before.chains).toMatchObject([
    {
      contiguousSeq: 20,
      contiguousHash: records[19]?.hash,
      headSeq: 20,
      records: 20,
      samples: 200,
      firstOrdinal: 1,
      sealedToMs: FEED_START_MS + 200_000,
    },
  ]);
  expect(first.sizeBytes()).toBeGreaterThan(10_000);
  await first.close();
  expect(readdirSync(folder).sort()).toEqual(['lock.sqlite', 'records-2026-11.db']);
  const second = await open(folder);
  expect({ chains: second.chains(), all: second.readAfter(0, 100) }).toEqual(before);
  expect(second.lastOrdinal()).toBe(20);
  expect(second.readAfter(7, 2).map(({ ordinal }) => ordinal)).toEqual([8, 9]);
  expect(second.hashOf('gw-1', 'epoch0000001', 3)).toBe(records[2]?.hash);
  expect(second.prevOf('gw-1', 'epoch0000001', 3)).toBe(records[1]?.hash);
  expect(second.hashOf('gw-1', 'epoch0000001', 21)).toBeUndefined();
});

test('bytes that are a window on a larger buffer are stored as the window', async () => {
  const ledger = await open(makeTempFolder());
  const record = new ChainFeed().next();
  const large = new Uint8Array(500_000).fill(7);
  large.set(record.bytes, 1000);
  const window = large.subarray(1000, 1000 + record.bytes.length);
  await ledger.append({ ...arrived(record), bytes: window });
  expect(Buffer.from(ledger.readAfter(0, 1)[0]?.bytes ?? [])).toEqual(Buffer.from(record.bytes));
  expect(window[0]).toBe(record.bytes[0]);
});

test('a sequence number is stored once: twice at once is one, later is a duplicate, another hash a fork', async () => {
  const ledger = await open(makeTempFolder());
  const record = new ChainFeed().next();
  const fork = new ChainFeed().next({ machine: 'lathe' });
  const [one, two, other] = await Promise.allSettled([
    ledger.append(arrived(record)),
    ledger.append(arrived(record)),
    ledger.append(arrived(fork)),
  ]);
  expect(one).toEqual({ status: 'fulfilled', value: 1 });
  expect(two).toEqual({ status: 'fulfilled', value: 1 });
  expect(other).toMatchObject({ status: 'rejected', reason: { remedy: 'quarantine', code: 'fork' } });
  await expect(ledger.append(arrived(record))).rejects.toMatchObject({ code: 'duplicate' });
  await expect(ledger.append(arrived(fork))).rejects.toMatchObject({ code: 'fork' });
  expect(ledger.lastOrdinal()).toBe(1);
});

test('records go to the file of their month of arrival, never back, and read as one ledger', async () => {
  const folder = makeTempFolder();
  const december = Date.UTC(2026, 11, 1);
  const records = new ChainFeed().take(6);
  const times = [december - 1, december, december - 2, december + 5, Date.UTC(2027, 1, 1), december];
  const ledger = await open(folder);
  await Promise.all(records.map((record, index) => ledger.append(arrived(record, times[index]))));
  const check = (opened: typeof ledger) => {
    expect(opened.readAfter(0, 100).map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(opened.readAfter(1, 3).map(({ ordinal }) => ordinal)).toEqual([2, 3, 4]);
    expect([...opened.readMachine('mill', FEED_START_MS, FEED_START_MS + 60_000)]).toHaveLength(6);
    expect(opened.chains()).toMatchObject([{ contiguousSeq: 6, records: 6, samples: 60, firstOrdinal: 1 }]);
    expect(opened.hashOf('gw-1', 'epoch0000001', 1)).toBe(records[0]?.hash);
  };
  check(ledger);
  await ledger.close();
  expect(readdirSync(folder).filter((name) => name.startsWith('records'))).toEqual([
    'records-2026-11.db',
    'records-2026-12.db',
    'records-2027-02.db',
  ]);
  check(await open(folder));
});

test('a machine is found by the wall time of its readings, however late they came', async () => {
  const ledger = await open(makeTempFolder());
  const feed = new ChainFeed();
  const early = feed.next({ firstMs: 0 });
  const other = feed.next({ machine: 'lathe', firstMs: 0 });
  const late = feed.next({ firstMs: 3_600_000 });
  for (const record of [late, other, early]) await ledger.append(arrived(record));
  const seqs = (machine: string, fromMs: number, toMs: number) =>
    [...ledger.readMachine(machine, FEED_START_MS + fromMs, FEED_START_MS + toMs)].map(
      ({ header }) => header.seq,
    );
  expect(seqs('mill', 0, 4_000_000)).toEqual([3, 1]);
  expect(seqs('mill', 9000, 9001)).toEqual([1]);
  expect(seqs('mill', 9001, 3_599_999)).toEqual([]);
  expect(seqs('mill', -50, 0)).toEqual([1]);
  expect(seqs('lathe', 0, 4_000_000)).toEqual([2]);
});

test('a config snapshot is found by its hash, of any agent', async () => {
  const ledger = await open(makeTempFolder());
  const snapshot = new ChainFeed({ agent: 'gw-1' }).next({ kind: 'config' });
  const same = new ChainFeed({ agent: 'gw-2' }).next({
    kind: 'config',
    text: snapshotText('gw-1', ['mill']),
  });
  await ledger.append(arrived(snapshot));
  expect(ledger.configRecord('gw-2', snapshot.header.config)?.header.agent).toBe('gw-1');
  await ledger.append(arrived(same));
  expect(ledger.configRecord('gw-2', snapshot.header.config)?.header.agent).toBe('gw-2');
  expect(ledger.configRecord('gw-2', snapshot.hash)).toBeUndefined();
  expect([...ledger.configRecords()].map(({ header }) => header.agent)).toEqual(['gw-1', 'gw-2']);
});

test('gaps are known, and filling one moves the tip over everything behind it', async () => {
  const ledger = await open(makeTempFolder());
  const [one, two, three, four] = new ChainFeed().take(4);
  if (!one || !two || !three || !four) throw new Error('four records');
  for (const record of [one, four, three]) await ledger.append(arrived(record));
  expect(ledger.missing('gw-1', 'epoch0000001', 10)).toEqual([{ from: 2, to: 2 }]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 1, headSeq: 4 }]);
  await ledger.append(arrived(two));
  expect(ledger.missing('gw-1', 'epoch0000001', 10)).toEqual([]);
  expect(ledger.chains()).toMatchObject([
    { contiguousSeq: 4, contiguousHash: four.hash, sealedToMs: FEED_START_MS + 40_000 },
  ]);
});

test('a second collector on the same ledger is refused with a cure, and may have it afterwards', async () => {
  const folder = makeTempFolder();
  const first = await open(folder);
  await expect(open(folder)).rejects.toMatchObject({
    remedy: 'refuse',
    code: 'folder-in-use',
    cure: expect.stringContaining('Stop the other collector'),
  });
  await first.close();
  await expect(open(folder)).resolves.toBeDefined();
});

test('a full disk rejects the append as retry, keeps what is there, and heals', async () => {
  const folder = makeTempFolder();
  const feed = new ChainFeed();
  const ledger = await open(folder, { monthBytesMax: 80_000 });
  const durable: SealedRecord[] = [];
  let refused = feed.next();
  for (let count = 0; count < 500; count++) {
    const error: unknown = await ledger.append(arrived(refused)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) {
      expect(error).toMatchObject({ remedy: 'retry', code: 'ledger-full' });
      break;
    }
    durable.push(refused);
    refused = feed.next();
  }
  expect(durable.length).toBeGreaterThan(5);
  await expect(ledger.append(arrived(refused))).rejects.toMatchObject({ code: 'ledger-full' });
  expect(ledger.readAfter(0, 1000).map(({ hash }) => hash)).toEqual(durable.map(({ hash }) => hash));
  await ledger.close();
  const roomier = await open(folder);
  expect(await roomier.append(arrived(refused))).toBe(durable.length + 1);
});

test('a file that cannot be opened rejects the append as retry; the next one works when it can', async () => {
  const folder = makeTempFolder();
  const ledger = await open(folder);
  const record = new ChainFeed().next();
  const inTheWay = join(folder, 'records-2026-11.db');
  mkdirSync(inTheWay);
  await expect(ledger.append(arrived(record))).rejects.toMatchObject({
    remedy: 'retry',
    code: 'ledger-write',
  });
  rmdirSync(inTheWay);
  expect(await ledger.append(arrived(record))).toBe(1);
});

test('a ledger of a later version is refused and left alone', async () => {
  const folder = makeTempFolder();
  const path = join(folder, 'records-2026-11.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  await expect(open(folder)).rejects.toMatchObject({ remedy: 'refuse', code: 'newer-ledger' });
  expect(readdirSync(folder)).toContain('records-2026-11.db');
});

test('a damaged month is set aside whole and loudly, and all that is sound of it is salvaged; ordinals are never given twice', async () => {
  const folder = makeTempFolder();
  const first = await open(folder);
  const feed = new ChainFeed();
  for (const record of feed.take(30)) await first.append(arrived(record));
  const [chains, records] = [first.chains(), first.readAfter(0, 99)];
  await first.close();
  const path = join(folder, 'records-2026-11.db');
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 0, 2048);
  writeFileSync(path, bytes);
  const log = recordLog();
  const second = await open(folder, { log });
  expect(log.lines).toMatchObject([
    { level: 'error', message: expect.stringContaining('set aside') },
    { level: 'error', fields: { records: 30 }, message: expect.stringContaining('in the ledger again') },
  ]);
  const kept = readdirSync(folder).filter((name) => name.includes('.corrupt-'));
  expect(kept).toHaveLength(1);
  expect(readFileSync(join(folder, kept[0] ?? ''))).toEqual(bytes);
  expect(second.chains()).toEqual(chains);
  expect(second.readAfter(0, 99)).toEqual(records);
  const ordinal = await second.append(arrived(feed.next()));
  expect(ordinal).toBeGreaterThan(30);
  expect(second.readAfter(30, 10)).toHaveLength(1);
  await second.close();
  const third = await open(folder);
  expect(await third.append(arrived(feed.next()))).toBe(ordinal + 1);
});

test('a record whose bytes changed on the disk is left out and said so; those behind it are read', async () => {
  const folder = makeTempFolder();
  const first = await open(folder);
  for (const record of new ChainFeed().take(5)) await first.append(arrived(record));
  await first.close();
  const db = new DatabaseSync(join(folder, 'records-2026-11.db'));
  db.exec("UPDATE record SET bytes = CAST(replace(bytes, 'MWB1', 'MWB0') AS BLOB) WHERE ordinal IN (1, 2)");
  db.close();
  const log = recordLog();
  const second = await open(folder, { log });
  expect(second.readAfter(0, 1).map(({ ordinal }) => ordinal)).toEqual([3]);
  expect(second.damaged()).toHaveLength(2);
  expect(log.lines).toHaveLength(2);
});

test('a bit that flips in a part is seen though it can still be read, and named once with its machine', async () => {
  const folder = makeTempFolder();
  const first = await open(folder);
  const records = new ChainFeed().take(5);
  for (const record of records) await first.append(arrived(record));
  await first.close();
  const file = 'records-2026-11.db';
  const { bytes, header } = records[2]!;
  const flipped = flipReadably(bytes, bytes.length - (header.parts[0]?.bytes ?? 0));
  const db = new DatabaseSync(join(folder, file));
  db.prepare('UPDATE record SET bytes = ? WHERE ordinal = 3').run(flipped);
  db.close();
  const log = recordLog();
  const second = await open(folder, { log });
  for (let again = 0; again < 3; again++) {
    expect(second.readAfter(0, 9).map(({ ordinal }) => ordinal)).toEqual([1, 2, 4, 5]);
    const read = [...second.readMachine('mill', 0, Number.MAX_SAFE_INTEGER)];
    expect(read.map(({ ordinal }) => ordinal)).toEqual([1, 2, 4, 5]);
  }
  const where = { file, agent: 'gw-1', epoch: 'epoch0000001', seq: 3, machines: ['mill'] };
  const times = { firstMs: FEED_START_MS + 20_000, lastMs: FEED_START_MS + 29_000 };
  expect(second.damaged()).toEqual([{ ordinal: 3, ...where, ...times }]);
  expect(log.lines).toMatchObject([{ level: 'error', fields: { ...where, file: join(folder, file) } }]);
});

test('an append after close is rejected, and close waits for those before it', async () => {
  const folder = makeTempFolder();
  const ledger = await open(folder, { groupMs: 40 });
  const [one, two] = new ChainFeed().take(2);
  if (!one || !two) throw new Error('two records');
  const first = ledger.append(arrived(one));
  const closed = ledger.close();
  await expect(ledger.append(arrived(two))).rejects.toMatchObject({ remedy: 'retry', code: 'ledger-closed' });
  await closed;
  expect(await first).toBe(1);
});

test('when our own invariant breaks in the thread, everything is rejected as crash and the ledger can be closed', async () => {
  const folder = makeTempFolder();
  const ledger = await open(folder);
  const [one, two, three] = new ChainFeed().take(3);
  if (!one || !two || !three) throw new Error('three records');
  await ledger.append(arrived(one));
  const crash = { remedy: 'crash', code: 'ledger-thread' };
  const broken = [ledger.append(arrived(two, Number.NaN)), ledger.append(arrived(three))];
  for (const append of broken) await expect(append).rejects.toMatchObject(crash);
  await expect(ledger.append(arrived(two))).rejects.toMatchObject(crash);
  await ledger.close();
  const again = await open(folder);
  expect(again.lastOrdinal()).toBe(1);
  expect(await again.append(arrived(two))).toBe(2);
});
