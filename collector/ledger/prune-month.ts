import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import { parseRecordHead, wallTimeMs } from '../../protocols/telemetry/record.ts';
import { openMonth, openMonthToRead } from './month-schema.ts';
import { headBytes, isHeadOnly } from './record-row.ts';

/** Records of one commit. */
const RECORDS_A_COMMIT = 500;
/** A record that is labelled farther ahead of its arrival has no date, ms. */
const LABELLED_AHEAD_MS = 86_400_000;

/** Whose readings are let go. */
export interface LettingGo {
  /** By machine: readings of before this are not needed any more, wall ms. A machine that is not named keeps all. */
  goneMs: Readonly<Record<string, number>>;
  /** Ordinals of records that stay whole. */
  whole: readonly number[];
}

/** What letting go came to. */
export interface Pruned {
  records: number;
  /** Records with readings that stay whole: of machines that still need them. */
  wholeRecords: number;
}

/**
 * Writes a month anew beside itself, with header and signature of each record whose readings are let go, and everything
 * else as it is; durable when it ends. Yields after each commit. A damaged record stays as it is.
 */
export function* pruneMonth(path: string, newPath: string, letting: LettingGo): Generator<number, Pruned> {
  for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(newPath + ending, { force: true });
  const whole = new Set(letting.whole);
  const pruned: Pruned = { records: 0, wholeRecords: 0 };
  const from = openMonthToRead(path);
  try {
    const to = openMonth(newPath);
    try {
      // All of it is synced at the end, before it takes the place of the other.
      to.exec('PRAGMA synchronous = OFF');
      copyTables(from, to, ['chain', 'meta', 'run', 'gone']);
      const insert = to.prepare('INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)');
      const cutOrdinals = to.prepare('CREATE TEMP TABLE cut(ordinal INTEGER PRIMARY KEY)');
      cutOrdinals.run();
      const noteCut = to.prepare('INSERT INTO temp.cut VALUES (?)');
      let count = 0;
      to.exec('BEGIN');
      for (const row of from.prepare('SELECT * FROM record ORDER BY ordinal').iterate()) {
        const values = Object.values(row) as (string | number | Uint8Array | null)[];
        const { ordinal, received_ms: receivedMs, bytes } = row as unknown as Row;
        const fate = whole.has(ordinal) ? 'whole' : fateOf(bytes, receivedMs, letting.goneMs);
        if (fate === 'cut') {
          values[values.length - 1] = headBytes(bytes);
          noteCut.run(ordinal);
          pruned.records++;
        } else if (fate === 'whole') pruned.wholeRecords++;
        insert.run(...values);
        if (++count % RECORDS_A_COMMIT !== 0) continue;
        to.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE); BEGIN');
        yield count;
      }
      const insertPart = to.prepare('INSERT INTO part VALUES (?, ?, ?, ?)');
      const isCut = to.prepare('SELECT 1 FROM temp.cut WHERE ordinal = ?');
      for (const part of from.prepare('SELECT machine, first_ms, ordinal, last_ms FROM part').iterate()) {
        const values = Object.values(part) as (string | number)[];
        if (isCut.get(values[2] ?? 0) === undefined) insertPart.run(...values);
      }
      to.prepare(`INSERT INTO meta VALUES ('pruned', ?1) ON CONFLICT DO UPDATE SET value = value + ?1`).run(
        pruned.records,
      );
      to.exec('COMMIT');
    } finally {
      to.close();
    }
  } finally {
    from.close();
  }
  const handle = openSync(newPath, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return pruned;
}

interface Row {
  ordinal: number;
  received_ms: number;
  bytes: Uint8Array;
}

function fateOf(
  bytes: Uint8Array,
  receivedMs: number,
  goneMs: LettingGo['goneMs'],
): 'cut' | 'whole' | 'as-is' {
  try {
    const { header } = parseRecordHead(bytes);
    if (header.kind !== 'readings' || header.parts.length === 0 || isHeadOnly(header, bytes)) return 'as-is';
    const labelMs = wallTimeMs(header, header.last);
    // What a clock that was never set says of its time may be corrected, and far ahead it counts nowhere.
    const isLabel = header.clock.state !== 'unsynced' && labelMs <= receivedMs + LABELLED_AHEAD_MS;
    const lastMs = isLabel ? labelMs : receivedMs;
    const isNeeded = header.parts.some(({ machine }) => !(lastMs < (goneMs[machine ?? ''] ?? -Infinity)));
    return isNeeded ? 'whole' : 'cut';
  } catch (error) {
    if (error instanceof MillwattError) return 'as-is';
    throw error;
  }
}

function copyTables(from: DatabaseSync, to: DatabaseSync, tables: readonly string[]): void {
  to.exec('BEGIN');
  for (const table of tables) {
    let insert: ReturnType<DatabaseSync['prepare']> | undefined;
    for (const row of from.prepare(`SELECT * FROM ${table}`).iterate()) {
      const values = Object.values(row) as (string | number | null)[];
      insert ??= to.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${values.map(() => '?').join(', ')})`);
      insert.run(...values);
    }
  }
  to.exec('COMMIT');
}
