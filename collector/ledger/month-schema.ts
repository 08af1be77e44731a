import { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';

/*
 * One month of the ledger, version 2 (PRAGMA user_version). Upgrade rule: a version is only ever raised, by whoever opens
 * the file for writing, in one transaction; an older one can be read as it is, a newer one is refused and left alone. `record` keeps blobs and therefore rowids.
 *
 *   record  one sealed record as it came; times are wall ms since the Unix epoch, hashes and keys base64url
 *   part    which records speak of a machine, and of which time
 *   chain   what a month holds of an epoch, so that opening the ledger reads no record
 *   run     gapless runs of sequence numbers (since 2), so that opening the ledger walks no index
 *   gone    what the record of this ordinal says will never come of this epoch, its own or an earlier one (since 2):
 *           goneOf(record) says the same
 *   meta    `longest_ms`: the longest last_ms - first_ms of any record, so that a search by first_ms can be bounded;
 *           `ordinal_floor`: no later record gets an ordinal at or below it;
 *           `pruned`: readings of so many records were let go (since 2): of these, `bytes` are header and signature, and
 *           `part` has no entry
 */
export const MONTH_VERSION = 2;

const SCHEMA = `
  CREATE TABLE record(
    ordinal INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    agent TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    sealed_to_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    config TEXT NOT NULL,
    prev TEXT,
    bytes BLOB NOT NULL,
    UNIQUE(agent, epoch, seq)
  ) STRICT;
  CREATE INDEX record_config ON record(config) WHERE kind = 'config';
  CREATE TABLE part(
    machine TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY(machine, first_ms, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chain(
    agent TEXT NOT NULL,
    epoch TEXT NOT NULL,
    key TEXT NOT NULL,
    first_ordinal INTEGER NOT NULL,
    records INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY(agent, epoch)
  ) STRICT;
  CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES ('longest_ms', 0), ('ordinal_floor', 0);
`;

const SCHEMA_2 = `
  CREATE TABLE run(
    agent TEXT NOT NULL,
    epoch TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    PRIMARY KEY(agent, epoch, from_seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE gone(
    agent TEXT NOT NULL,
    epoch TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    fate TEXT NOT NULL,
    PRIMARY KEY(agent, epoch, ordinal, from_seq, fate)
  ) STRICT, WITHOUT ROWID;
`;

/** Every gapless run of sequence numbers, found by walking the index of records. */
export const RUNS_WALKED = `
  SELECT agent, epoch, min(seq) AS from_seq, max(seq) AS to_seq FROM (
    SELECT agent, epoch, seq, seq - row_number() OVER (PARTITION BY agent, epoch ORDER BY seq) AS run
    FROM record) GROUP BY agent, epoch, run`;

/** Records of version 1 say of nothing that it is gone. */
const UPGRADE_1_TO_2 = `${SCHEMA_2} INSERT INTO run ${RUNS_WALKED};`;

/**
 * Opens a month for writing, making it when it is new. Throws an error of class `refuse` (code `newer-ledger`) when a
 * later version wrote it, and SQLite's own error when it is damaged.
 */
export function openMonth(path: string, bytesMax?: number): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    // Before anything is written: a file of a later version stays as it is.
    const version = versionOf(db);
    if (version > MONTH_VERSION) throw newerLedger(path, version);
    // Records of 2 to 3 kB waste less of a page of 8 kB than of the usual 4 kB; an existing file keeps its own size.
    db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const missing = version === 0 ? `${SCHEMA} ${SCHEMA_2}` : version === 1 ? UPGRADE_1_TO_2 : undefined;
    if (missing !== undefined)
      db.exec(`BEGIN IMMEDIATE; ${missing} PRAGMA user_version = ${MONTH_VERSION}; COMMIT;`);
    if (bytesMax !== undefined) {
      const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
      db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
    }
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/**
 * Opens a month to look at it, of this version or an older one. Throws an error of class `refuse` (code `newer-ledger`)
 * when a later version wrote it, and SQLite's own error when it is damaged.
 */
export function openMonthToRead(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const version = versionOf(db);
    if (version > MONTH_VERSION) throw newerLedger(path, version);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The version of an open month's file; whoever writes it may raise it meanwhile. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

function newerLedger(path: string, version: number): MillwattError {
  return new MillwattError(
    'refuse',
    'newer-ledger',
    `The ledger file ${path} has version ${version}; this millwatt knows ${MONTH_VERSION}.`,
    { cure: 'Install the version of millwatt that wrote it, or a later one.' },
  );
}

/** SQLite's primary result code of an error (10 I/O, 11 corrupt, 13 full, 19 constraint, 26 not a database), or 0. */
export function sqliteCode(error: unknown): number {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : 0;
}

/** True when an error says that the file is damaged, rather than that something about it failed just now. */
export function isDamage(error: unknown): boolean {
  return [11, 26].includes(sqliteCode(error));
}
