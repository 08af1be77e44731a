import {
  copyFileSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { pruneMonth } from '../../../collector/ledger/prune-month.ts';
import { MonthRows } from '../../../collector/ledger/month-rows.ts';
import { openMonth } from '../../../collector/ledger/month-schema.ts';
import { rowOf } from '../../../collector/ledger/record-row.ts';
import { salvageMonth } from '../../../collector/ledger/salvage-month.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { verifyLedger } from '../../../collector/ledger/verify-ledger.ts';
import { markDamaged } from '../../../collector/ledger/month-file.ts';
import { silentLog } from '../../../protocols/log.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';
import { makeTempFolder } from './temp-folder.ts';

function verify(folder: string) {
  const steps = verifyLedger({ folder, isKnownKey: () => true, readEnd: () => undefined, faultsMax: 9 });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function put(db: DatabaseSync, records: readonly SealedRecord[], firstOrdinal: number): void {
  const rows = new MonthRows(db);
  for (const [index, record] of records.entries())
    rows.insert(firstOrdinal + index, rowOf({ ...record, receivedMs: FEED_START_MS }));
}

test('a month of which readings were let go is salvaged as what it was', async () => {
  const folder = makeTempFolder();
  const records = new ChainFeed().take(12);
  const ledger = await openLedger({ folder, log: silentLog });
  for (const [index, record] of records.entries())
    await ledger.append({ ...record, receivedMs: FEED_START_MS + (index < 8 ? 0 : 5 * 86_400_000) });
  const path = join(folder, 'records-2026-11.db');
  const letting = { goneMs: { mill: FEED_START_MS + 45_000 }, whole: [] };
  const steps = pruneMonth(path, `${path}.new`, letting);
  while (steps.next().done !== true);
  expect(ledger.replaceMonth('2026-11', `${path}.new`)).toBe(true);
  const chains = ledger.chains();
  await ledger.close();
  expect(verify(folder).faults).toBe(0);

  markDamaged(path);
  const again = await openLedger({ folder, log: silentLog });
  expect(again.chains()).toEqual(chains);
  expect(again.months().map(({ pruned }) => pruned)).toEqual([4, 0]);
  await again.close();
  const verdict = verify(folder);
  expect(verdict.months.map(({ headOnly }) => headOnly)).toEqual([4, 0]);
  expect(verdict.faults).toBe(0);
});

/** A month of which the file is damaged from its second page on, and the log beside it is not. */
function withLog(write: (db: DatabaseSync) => void): string {
  const folder = makeTempFolder();
  const path = join(folder, 'records-2026-11.db');
  const kept = join(folder, 'kept.db');
  const db = openMonth(path);
  db.exec('PRAGMA wal_autocheckpoint = 0');
  write(db);
  for (const ending of ['', '-wal']) copyFileSync(path + ending, kept + ending);
  db.close();
  return kept;
}

function salvaged(path: string): string[] {
  const to = `${path}.salvaged`;
  rmSync(to, { force: true });
  salvageMonth(path, to);
  const db = new DatabaseSync(to);
  const hashes = db.prepare('SELECT hash FROM record ORDER BY ordinal').all();
  db.close();
  return hashes.map((row) => String(row['hash']));
}

test('records that are only in the log are salvaged, those that go on in other pages too', () => {
  const feed = new ChainFeed();
  const small = feed.take(3);
  // Longer than a page: its rest is in others.
  const long = feed.next({ kind: 'config', text: JSON.stringify(noise(40_000)) });
  const records = [...small, long, ...feed.take(3)];
  const path = withLog((db) => put(db, records, 1));
  writeFileSync(path, Buffer.alloc(3 * 8192, 0xff));
  expect(salvaged(path)).toEqual(records.map(({ hash }) => hash));
  truncateSync(path, 0);
  expect(salvaged(path)).toEqual(records.map(({ hash }) => hash));
});

test('what a failed commit left behind a later one in the log takes no place of what that wrote', () => {
  const feed = new ChainFeed();
  const before = feed.take(2);
  const failed = feed.take(9);
  const durable = feed.next();
  const path = withLog((db) => {
    put(db, before, 1);
    put(db, failed, 3);
  });
  // A log in which the commit of the nine never counted, and a later one was written over its beginning.
  const stale = readFileSync(`${path}-wal`);
  const other = withLog((db) => {
    put(db, before, 1);
    put(db, [durable], 3);
  });
  const log = readFileSync(`${other}-wal`);
  expect(stale.length).toBeGreaterThan(log.length);
  // Frames of one round have the salts of its header.
  const rest = Buffer.from(stale.subarray(log.length));
  const frame = 24 + 8192;
  for (let at = 0; at + frame <= rest.length; at += frame) log.copy(rest, at + 8, 16, 24);
  const handle = openSync(`${other}-wal`, 'a');
  writeSync(handle, rest);
  closeSync(handle);
  const found = salvaged(other);
  expect(found.slice(0, 3)).toEqual([...before, durable].map(({ hash }) => hash));
});

function noise(count: number): number[] {
  let state = 1;
  return Array.from({ length: count / 8 }, () => (state = (state * 48_271) % 2_147_483_647));
}
