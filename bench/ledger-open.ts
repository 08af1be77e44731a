/*
 * How long a ledger of a million records takes to open. Reference in the same run: walking the index of all records, as
 * format 1 does. `node bench/ledger-open.ts [records]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monthPath } from '../collector/ledger/month-file.ts';
import { openMonth, RUNS_WALKED } from '../collector/ledger/month-schema.ts';
import { openLedger } from '../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../protocols/log.ts';

const records = Number(process.argv[2] ?? 1_000_000);
const agents = 50;
const folder = mkdtempSync(join(tmpdir(), 'millwatt-'));
try {
  const months = ['2026-08', '2026-09', '2026-10', '2026-11'];
  const each = records / months.length;
  for (const [index, month] of months.entries()) {
    const db = openMonth(monthPath(folder, month));
    // Rows as long as ours, of agents in turn; nothing reads their bytes at a start.
    db.exec(`BEGIN;
      WITH RECURSIVE n(i) AS (SELECT ${index * each} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${(index + 1) * each})
      INSERT INTO record SELECT i + 1, i, 'gw-' || (i % ${agents}), 'epoch0000001', i / ${agents} + 1, hex(randomblob(22)),
        'key', 'readings', i, i, i, 1000, 'config', NULL, zeroblob(2300) FROM n;
      INSERT INTO run ${RUNS_WALKED};
      INSERT INTO chain SELECT agent, epoch, 'key', min(ordinal), count(*), sum(samples) FROM record GROUP BY agent, epoch;
      COMMIT;`);
    db.close();
  }
  const startMs = performance.now();
  const ledger = await openLedger({ folder, log: silentLog });
  const openMs = performance.now() - startMs;
  const held = ledger.chains().reduce((sum, chain) => sum + chain.records, 0);
  const bytes = ledger.sizeBytes();
  await ledger.close();
  const walkStartMs = performance.now();
  for (const month of months) {
    const db = openMonth(monthPath(folder, month));
    db.prepare(RUNS_WALKED).all();
    db.close();
  }
  const walkMs = performance.now() - walkStartMs;
  console.log(
    `${held} records (${(bytes / 1e9).toFixed(2)} GB): opened in ${openMs.toFixed(0)} ms; walking their index takes ${walkMs.toFixed(0)} ms`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
