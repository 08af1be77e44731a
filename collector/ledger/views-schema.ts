import { chmodSync, existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { isDamage, sqliteCode } from './month-schema.ts';

/*
 * views.db, version 4 (PRAGMA user_version). Everything in it is computed from the ledger: another version, or damage,
 * is answered by deleting the file and computing it again.
 *
 *   cursor      how far each reader of the ledger (or of the hours) has come
 *   channel     ids of measured channels as small numbers
 *   minute      rollups in the channel's unit; times are wall ms since the Unix epoch
 *   hour        the machine-hour as JSON; `version` rises with every change of any hour
 *   base        minutes and decisions of an hour, beside its record (base-bytes.ts)
 *   snapshot    config snapshots that hours rest on, as JSON
 *   state       stretches of one operating state and what decided it; those of a machine do not overlap
 *   word        what controls said of programs and parts, as recorded, and when their sources were there
 *   checkpoint  the derivation's own state at the start of an hour
 */
const VIEWS_VERSION = 4;
/** Larger files are not read through at every start; damage in them shows when the page is used. */
const CHECKED_BYTES_MAX = 256_000_000;

const SCHEMA = `
  CREATE TABLE cursor(reader TEXT PRIMARY KEY, ordinal INTEGER NOT NULL) STRICT;
  CREATE TABLE channel(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, machine TEXT NOT NULL) STRICT;
  CREATE TABLE minute(
    channel INTEGER NOT NULL,
    minute_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    sum REAL NOT NULL,
    last REAL NOT NULL,
    last_ms INTEGER NOT NULL,
    squares REAL NOT NULL,
    steps REAL NOT NULL,
    PRIMARY KEY(channel, minute_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE hour(
    machine TEXT NOT NULL,
    hour_ms INTEGER NOT NULL,
    version INTEGER NOT NULL UNIQUE,
    json TEXT NOT NULL,
    PRIMARY KEY(machine, hour_ms)
  ) STRICT;
  CREATE TABLE base(
    machine TEXT NOT NULL,
    hour_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY(machine, hour_ms)
  ) STRICT;
  CREATE TABLE snapshot(hash TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE state(
    machine TEXT NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    decider TEXT NOT NULL,
    basis TEXT NOT NULL,
    PRIMARY KEY(machine, from_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE word(
    machine TEXT NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    status TEXT NOT NULL,
    vocabulary TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY(machine, channel, source, at_ms, epoch, seq, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE checkpoint(
    machine TEXT NOT NULL,
    hour_ms INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY(machine, hour_ms)
  ) STRICT;
  PRAGMA user_version = ${VIEWS_VERSION};
`;

/**
 * Opens the views' file, or makes it anew where it is of another version or damaged. Throws an error of class `refuse`
 * (code `views-unreadable`) where it cannot be read just now: a full disk, no handle left, another process that holds it.
 */
export function openViewsFile(path: string, log: Log): DatabaseSync {
  try {
    const db = openExisting(path);
    if (db !== undefined) return db;
    log.warn({ file: path }, 'The views are of another version of millwatt; they are computed again.');
  } catch (error) {
    if (!(error instanceof DamagedViews || isDamage(error) || sqliteCode(error) === 1))
      throw unreadable(path, error);
    log.warn({ file: path, error: describeError(error) }, 'The views are damaged; they are computed again.');
  }
  deleteViewsFile(path);
  return openExisting(path) ?? new DatabaseSync(path);
}

class DamagedViews extends Error {}

function unreadable(path: string, cause: unknown): MillwattError {
  return new MillwattError(
    'refuse',
    'views-unreadable',
    `${path} cannot be read just now: ${describeError(cause)}.`,
    {
      cure: 'Make room on its disk, check its rights, and that no other process holds it; it stays as it is. Where its disk is broken, delete views.db: everything in it is computed again.',
      cause,
    },
  );
}

/** The views' file, read-only. Throws an error of class `refuse` (codes `no-views`, `other-views`). */
export function openViewsToRead(path: string): DatabaseSync {
  if (!existsSync(path))
    throw new MillwattError('refuse', 'no-views', `There is no ${path}: no collector has run here.`, {
      cure: 'Start `millwatt collector` with this configuration, or correct its data folder.',
    });
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === VIEWS_VERSION) return db;
  db.close();
  throw new MillwattError('refuse', 'other-views', `${path} has version ${version}, not ${VIEWS_VERSION}.`, {
    cure: 'Start `millwatt collector` of this version once; it computes the views again from the ledger.',
  });
}

/** Deletes the views' file and what SQLite keeps beside it. */
export function deleteViewsFile(path: string): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true });
}

/** The open file, or undefined when another version wrote it. */
function openExisting(path: string): DatabaseSync | undefined {
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    // Before SQLite makes files of the same rights beside it.
    chmodSync(path, 0o600);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version === 0) db.exec(`BEGIN; ${SCHEMA} COMMIT;`);
    if (statSync(path).size <= CHECKED_BYTES_MAX) {
      const check = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (check !== 'ok') throw new DamagedViews(String(check));
    }
    if (version === 0 || version === VIEWS_VERSION) return db;
    db.close();
    return undefined;
  } catch (error) {
    db.close();
    throw error;
  }
}
