import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { MonthReader } from '../../../collector/ledger/month-reader.ts';
import { openMonth, RUNS_WALKED } from '../../../collector/ledger/month-schema.ts';
import { readLedger } from '../../../collector/ledger/read-ledger.ts';
import { RunRows } from '../../../collector/ledger/run-rows.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';
import { makeTempFolder } from './temp-folder.ts';

const GOLDEN = fileURLToPath(new URL('../../contracts/golden/ledger-1', import.meta.url));

function goldenCopy(): string {
  const folder = join(makeTempFolder(), 'ledger');
  cpSync(GOLDEN, folder, { recursive: true });
  return folder;
}

async function open(folder: string) {
  const ledger = await openLedger({ folder, log: silentLog, groupMs: 1 });
  onTestFinished(() => ledger.close());
  return ledger;
}

const versions = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.db'))
    .map((name) => {
      const db = new DatabaseSync(join(folder, name), { readOnly: true });
      const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
      db.close();
      return version;
    });

test('a ledger of release 0.1 is read as it is beside, upgraded when it is opened, and goes on', async () => {
  const folder = goldenCopy();
  const before = readLedger({ folder, log: silentLog });
  const [chains, records] = [before.chains(), before.readAfter(0, 99)];
  expect(records).toHaveLength(6);
  expect(chains).toMatchObject([
    { agent: 'gw1', records: 6, headSeq: 7, contiguousSeq: 4, ahead: 2, missing: 1 },
  ]);
  before.close();
  expect(versions(folder)).toEqual([1, 1]);
  const ledger = await open(folder);
  expect(versions(folder)).toEqual([2, 2]);
  expect(ledger.chains()).toEqual(chains);
  expect(ledger.readAfter(0, 99)).toEqual(records);
  const feed = new ChainFeed({ agent: 'gw-2' });
  expect(await ledger.append({ ...feed.next(), receivedMs: FEED_START_MS })).toBe(7);
  await ledger.close();
  expect((await open(folder)).chains()).toMatchObject([
    { agent: 'gw1', records: 6 },
    { agent: 'gw-2', records: 1 },
  ]);
});

test('the runs that are kept record by record are those that a walk over all records finds', () => {
  const file = join(makeTempFolder(), 'records-2026-11.db');
  const db = openMonth(file);
  onTestFinished(() => db.close());
  const insert = db.prepare("INSERT INTO record VALUES (?,0,?,?,?,'','','',0,0,0,0,'',NULL,x'')");
  const seqs = fc.uniqueArray(
    fc.record({ agent: fc.constantFrom('a', 'b'), seq: fc.integer({ min: 1, max: 30 }) }),
    { selector: ({ agent, seq }) => `${agent}${seq}` },
  );
  fc.assert(
    fc.property(seqs, (records) => {
      db.exec('DELETE FROM record; DELETE FROM run');
      const runs = new RunRows(db);
      for (const [index, { agent, seq }] of records.entries()) {
        insert.run(index + 1, agent, 'epoch', seq);
        runs.add({ agent, epoch: 'epoch', seq });
      }
      expect(db.prepare('SELECT * FROM run').all()).toEqual(db.prepare(RUNS_WALKED).all());
    }),
  );
});

test('what a record says is gone is kept with it, across months and a reopening; what comes all the same counts', async () => {
  const folder = makeTempFolder();
  const december = Date.UTC(2026, 11, 1);
  const records = new ChainFeed().take(9);
  const first = await open(folder);
  const append = (ledger: typeof first, seq: number, more: object = {}) =>
    ledger.append({ ...records[seq - 1]!, receivedMs: FEED_START_MS, ...more });
  await append(first, 1);
  await append(first, 6, { gone: [{ from: 2, to: 3, fate: 'thinned' }] });
  expect(first.missing('gw-1', 'epoch0000001', 9)).toEqual([{ from: 4, to: 5 }]);
  await append(first, 8, { gone: [{ from: 4, to: 5, fate: 'dropped' }], receivedMs: december });
  const gone = [
    { from: 2, to: 3, fate: 'thinned' },
    { from: 4, to: 5, fate: 'dropped' },
  ];
  const whole = {
    contiguousSeq: 6,
    contiguousHash: records[5]?.hash,
    headSeq: 8,
    records: 3,
    ahead: 1,
    missing: 1,
    sealedToMs: FEED_START_MS + 60_000,
  };
  const check = (ledger: Pick<typeof first, 'chains' | 'delivered'>) => {
    expect(ledger.chains()).toMatchObject([whole]);
    expect(ledger.delivered('gw-1', 'epoch0000001', 0)).toEqual({
      toMs: FEED_START_MS + 60_000,
      isWhole: false,
    });
  };
  check(first);
  expect(first.gone('gw-1', 'epoch0000001')).toEqual(gone);
  await first.close();
  const beside = readLedger({ folder, log: silentLog });
  check(beside);
  beside.close();
  const second = await open(folder);
  check(second);
  expect(second.gone('gw-1', 'epoch0000001')).toEqual(gone);
  await append(second, 3, { receivedMs: december });
  await append(second, 7, { receivedMs: december });
  expect(second.chains()).toMatchObject([{ contiguousSeq: 8, records: 5, samples: 50, missing: 0 }]);
  expect(second.hashOf('gw-1', 'epoch0000001', 3)).toBe(records[2]?.hash);
  expect(second.delivered('gw-1', 'epoch0000001', 0).isWhole).toBe(true);
});

test('killed at any point of the upgrade, a month is the old one or the new one', () => {
  const folder = goldenCopy();
  const path = join(folder, 'records-2025-11.db');
  const reader = new MonthReader(path, silentLog);
  const whole = { ranges: reader.ranges(), ordinals: reader.ordinals() };
  reader.close();
  // What a killed process leaves: the file, and the write-ahead log as far as it came.
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL');
  db.close();
  const before = readFileSync(path);
  const other = new DatabaseSync(path);
  other.exec('BEGIN; SELECT count(*) FROM record');
  openMonth(path).close();
  const wal = readFileSync(`${path}-wal`);
  other.close();
  expect(wal.length).toBeGreaterThan(4096);
  const seen = new Set<unknown>();
  for (let at256 = 0; at256 < wal.length + 256; at256 += 256) {
    const cut = Math.min(at256, wal.length);
    const at = makeTempFolder();
    const file = join(at, 'records-2025-11.db');
    writeFileSync(file, before);
    writeFileSync(`${file}-wal`, wal.subarray(0, cut));
    const month = new MonthReader(file, silentLog);
    seen.add(versions(at)[0]);
    expect({ ranges: month.ranges(), ordinals: month.ordinals() }).toEqual(whole);
    month.close();
    openMonth(file).close();
    expect(versions(at)).toEqual([2]);
  }
  expect([...seen]).toEqual([1, 2]);
});
