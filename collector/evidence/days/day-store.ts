import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import { dayFault, type DayChain, type DayEntry } from './day-entry.ts';

/*
 * days.db, version 1 (PRAGMA user_version): the signed days of a ledger. It cannot be made again: a later day names the hash of
 * the one before it, and stamps tell of when it was there. It is never deleted or repaired by us; a newer version is refused.
 *
 *   entry  a day as it was signed (DayEntry)
 *   chain  what each chain delivered on it (DayChain): with these, one machine's share is proven without its neighbours
 *   stamp  the RFC 3161 response over a day, DER as it came; `at_ms` and `authority` are what it says, for lists
 *   meta   `key`: the public key that signs, base64url; `site`
 *
 * Triggers keep honest programs from changing anything; against others there is the chain.
 */
const DAYS_VERSION = 1;
const BUSY_MS = 5000;
const BUSY = 5;
const FULL = 13;
const DAMAGE = [11, 26];

const SCHEMA = `
  CREATE TABLE entry(
    number INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    from_ordinal INTEGER NOT NULL,
    to_ordinal INTEGER NOT NULL,
    records INTEGER NOT NULL,
    chains INTEGER NOT NULL,
    root TEXT NOT NULL,
    prev TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT;
  CREATE TABLE chain(
    number INTEGER NOT NULL,
    agent TEXT NOT NULL,
    epoch TEXT NOT NULL,
    records INTEGER NOT NULL,
    root TEXT NOT NULL,
    PRIMARY KEY(number, agent, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE stamp(
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    authority TEXT NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TRIGGER entry_order BEFORE INSERT ON entry
    WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM entry)
    BEGIN SELECT RAISE(ABORT, 'days are only appended'); END;
  CREATE TRIGGER entry_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'days never change'); END;
  CREATE TRIGGER entry_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'days are never removed'); END;
  CREATE TRIGGER chain_update BEFORE UPDATE ON chain BEGIN SELECT RAISE(ABORT, 'days never change'); END;
  CREATE TRIGGER chain_delete BEFORE DELETE ON chain BEGIN SELECT RAISE(ABORT, 'days are never removed'); END;
  CREATE TRIGGER stamp_update BEFORE UPDATE ON stamp BEGIN SELECT RAISE(ABORT, 'stamps never change'); END;
  CREATE TRIGGER stamp_delete BEFORE DELETE ON stamp BEGIN SELECT RAISE(ABORT, 'stamps are never removed'); END;
`;

const ENTRY =
  'SELECT number, day, made_ms AS madeMs, from_ordinal AS "from", to_ordinal AS "to", records, chains, root, prev, signature FROM entry';

/** A stamp as it is kept beside a day. */
export interface DayStamp {
  /** When the authority says that the day was there, wall ms. */
  atMs: number;
  /** Who says so: the subject of its certificate, as one line. */
  authority: string;
  /** The RFC 3161 response, DER. */
  bytes: Uint8Array;
}

/** The signed days of a ledger, to be read. */
export interface DayReader {
  site: string;
  /** The public key that signed them, base64url. */
  collector: string;
  /** In order, from the first; of numbers above `after`. */
  entries(after?: number): DayEntry[];
  last(): DayEntry | undefined;
  /** What the chains delivered on a day, in order of agent and epoch. */
  chainsOf(number: number): DayChain[];
  stampOf(number: number): DayStamp | undefined;
  /** Every stamp without its bytes, in order. */
  stamps(): (Omit<DayStamp, 'bytes'> & { number: number })[];
  close(): void;
}

/** The same, to be written to. */
export interface DayStore extends DayReader {
  /** Durable when it returns; a day that does not follow the last one, or has another owner, is refused (class `crash`). */
  append(entry: DayEntry, chains: readonly DayChain[]): void;
  /** Durable when it returns; a day that has a stamp keeps that one. */
  addStamp(number: number, stamp: DayStamp): void;
}

/** The file of the days in a collector's data folder. */
export function daysPath(folder: string): string {
  return join(folder, 'days.db');
}

/**
 * Opens (or makes, mode 0600) the days of a collector. Throws errors of class `refuse`: `days-damaged`, `other-days` where another
 * key or site signed them, `newer-days`; and of class `retry` where the disk refuses.
 */
export function openDays(options: { folder: string; site: string; collector: string }): DayStore {
  const path = daysPath(options.folder);
  return attempt(path, () => {
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    else if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const db = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      if (versionOf(db) === 0) makeTables(db, options);
      const store = new SqliteDays(path, db);
      requireOwner(path, store, options);
      return store;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** The days of a collector that may be running in another process, read-only; undefined where none were made yet. Throws as `openDays`, but for another key. */
export function readDays(folder: string): DayReader | undefined {
  const path = daysPath(folder);
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  return attempt(path, () => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    try {
      if (versionOf(db) !== 0) return new SqliteDays(path, db);
      db.close();
      return undefined;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

class SqliteDays implements DayStore {
  readonly site: string;
  readonly collector: string;
  readonly #path: string;
  readonly #db: DatabaseSync;

  constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#db = db;
    const version = versionOf(db);
    if (version !== DAYS_VERSION)
      throw new MillwattError(
        'refuse',
        'newer-days',
        `${path} has version ${version}; this millwatt knows ${DAYS_VERSION}.`,
        { cure: 'Install the version of millwatt that wrote it, or a later one.' },
      );
    const meta = (name: string) =>
      String(db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value']);
    this.site = meta('site');
    this.collector = meta('key');
  }

  entries(after = 0): DayEntry[] {
    return this.#attempt(() => this.#db.prepare(`${ENTRY} WHERE number > ? ORDER BY number`).all(after)).map(
      (row) => ({ ...row }) as unknown as DayEntry,
    );
  }

  last(): DayEntry | undefined {
    const row = this.#attempt(() => this.#db.prepare(`${ENTRY} ORDER BY number DESC LIMIT 1`).get());
    return row === undefined ? undefined : ({ ...row } as unknown as DayEntry);
  }

  chainsOf(number: number): DayChain[] {
    const sql = 'SELECT agent, epoch, records, root FROM chain WHERE number = ? ORDER BY agent, epoch';
    return this.#attempt(() => this.#db.prepare(sql).all(number)).map(
      (row) => ({ ...row }) as unknown as DayChain,
    );
  }

  stampOf(number: number): DayStamp | undefined {
    const sql = 'SELECT at_ms AS atMs, authority, bytes FROM stamp WHERE number = ?';
    const row = this.#attempt(() => this.#db.prepare(sql).get(number));
    return row === undefined ? undefined : ({ ...row } as unknown as DayStamp);
  }

  stamps(): (Omit<DayStamp, 'bytes'> & { number: number })[] {
    const sql = 'SELECT number, at_ms AS atMs, authority FROM stamp ORDER BY number';
    return this.#attempt(() => this.#db.prepare(sql).all()).map(
      (row) => ({ ...row }) as unknown as Omit<DayStamp, 'bytes'> & { number: number },
    );
  }

  append(entry: DayEntry, chains: readonly DayChain[]): void {
    this.#attempt(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        // Another process may have been quicker: then nothing is appended, and the next look finds its day.
        const fault = dayFault(this, entry, this.last());
        if (fault !== undefined)
          throw new MillwattError('crash', 'days-order', `Day ${entry.number} (${entry.day}) ${fault}.`);
        const { number, day, madeMs, from, to, records, root, prev, signature } = entry;
        this.#db
          .prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(number, day, madeMs, from, to, records, entry.chains, root, prev, signature);
        const insert = this.#db.prepare('INSERT INTO chain VALUES (?, ?, ?, ?, ?)');
        for (const chain of chains) insert.run(number, chain.agent, chain.epoch, chain.records, chain.root);
        this.#db.exec('COMMIT');
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  addStamp(number: number, { atMs, authority, bytes }: DayStamp): void {
    this.#attempt(() =>
      this.#db.prepare('INSERT OR IGNORE INTO stamp VALUES (?, ?, ?, ?)').run(number, atMs, authority, bytes),
    );
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #attempt<T>(act: () => T): T {
    return attempt(this.#path, act);
  }
}

function requireOwner(path: string, store: DayReader, { site, collector }: DayOwnerOptions): void {
  if (store.collector === collector && store.site === site) return;
  const whose = store.collector === collector ? `site ${store.site}` : 'another collector key';
  throw new MillwattError('refuse', 'other-days', `${path} was signed for ${whose}.`, {
    cure: `Put ${path} and collector-key.pem back from one backup. Where that is lost for good, move days.db away: days are then signed anew, from the first record on.`,
  });
}

interface DayOwnerOptions {
  site: string;
  collector: string;
}

function makeTables(db: DatabaseSync, { site, collector }: DayOwnerOptions): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been quicker.
    if (versionOf(db) === 0) {
      db.exec(`${SCHEMA} PRAGMA user_version = ${DAYS_VERSION};`);
      const insert = db.prepare('INSERT INTO meta VALUES (?, ?)');
      insert.run('key', collector);
      insert.run('site', site);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** Runs what touches the file, and classes what SQLite throws: busy and full are `retry`, damage is `refuse`. */
function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const code = (cause as { errcode?: unknown } | null)?.errcode;
    if (cause instanceof MillwattError) throw cause;
    if (typeof code === 'number' && DAMAGE.includes(code & 0xff))
      throw new MillwattError('refuse', 'days-damaged', `${path} is damaged: ${describeError(cause)}.`, {
        cure: `Stop the collector and put ${path} back from a backup (remove its -wal and -shm first): the days in it were signed, and perhaps stamped, when they ended. Days since are made again at the start.`,
        cause,
      });
    const isBusy = typeof code === 'number' && (code & 0xff) === BUSY;
    const isFull = typeof code === 'number' && (code & 0xff) === FULL;
    throw new MillwattError(
      'retry',
      isBusy ? 'days-busy' : isFull ? 'days-full' : 'days-write',
      `${path} cannot be used: ${describeError(cause)}.`,
      { cure: 'Check the room on the disk and the rights of the data folder.', cause },
    );
  }
}
