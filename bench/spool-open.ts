/*
 * How long a spool of 1 GB takes to open: `node bench/spool-open.ts [folder]`. The folder's disk must have room for it.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Spool } from '../agent/spool.ts';
import { silentLog } from '../protocols/log.ts';

const RECORDS = 25_000;
const RECORD_BYTES = 40_000;

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'millwatt-spool-open-'));
const open = () =>
  new Spool({
    folder,
    maxBytes: 2e9,
    keepMs: 1,
    randomBytes: (count) => new Uint8Array(count).fill(1),
    log: silentLog,
  });
try {
  const { epoch } = open().head;
  const database = new DatabaseSync(join(folder, 'spool.sqlite'));
  database.exec('PRAGMA synchronous=OFF; BEGIN');
  const insert = database.prepare(
    `INSERT INTO records (epoch, seq, kind, hash, samples, first, last, size, state, bytes)
     VALUES (?, ?, 'readings', 'x', 1000, 0, 0, ?, 'sealed', zeroblob(?))`,
  );
  for (let seq = 1; seq <= RECORDS; seq++) insert.run(epoch, seq, RECORD_BYTES, RECORD_BYTES);
  const count = database.prepare('UPDATE counters SET value = ?, sum = NULL WHERE name = ?');
  count.run(RECORDS * 1000, 'sampled');
  count.run(RECORDS, 'records.sealed');
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const { size } = statSync(join(folder, 'spool.sqlite'));
  const startMs = performance.now();
  const spool = open();
  const openedMs = performance.now() - startMs;
  const { pending } = spool.accounts().records;
  spool.close();
  console.log(`${(size / 1e9).toFixed(2)} GB, ${pending} records: open in ${openedMs.toFixed(0)} ms`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
