import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';

/*
 * frozen.db, version 1 (PRAGMA user_version): what was computed from readings that are not kept any more. It cannot be
 * computed again: it is never deleted, a later version is refused, and an older one has to be upgraded in place. Rows have
 * the columns of views.db, but for numbers that are given anew there (`channel` is a name, hours have no `version`). Its
 * tables are written out here although views.db has the same ones: those may change with any release, these may not.
 *
 *   frozen      how far a machine's hours are frozen (FrozenMachine)
 */
const FROZEN_VERSION = 1;

const SCHEMA = `
  CREATE TABLE frozen(
    machine TEXT PRIMARY KEY,
    gone_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    method TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    late TEXT NOT NULL
  ) STRICT;
  CREATE TABLE minute(
    channel TEXT NOT NULL,
    machine TEXT NOT NULL,
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
  PRAGMA user_version = ${FROZEN_VERSION};
`;

/** What was read too late: of hours whose readings are not kept any more. */
export interface LateRange {
  machine: string;
  agent: string;
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  records: number;
  /** Readings and words, a column of a row each. */
  samples: number;
}

/** How far a machine's hours are frozen. Times are wall ms. */
export interface FrozenMachine {
  machine: string;
  /** Readings of before may be gone. */
  goneMs: number;
  /** Hours that begin before this stay as they are, whatever comes or is decided. */
  toMs: number;
  /** Records up to this one are in them; what comes later is late. */
  ordinal: number;
  /** By which method they were computed, as JSON. */
  method: string;
  /** The fold at `toMs`, as JSON. */
  checkpoint: string;
  late: LateRange[];
}

/** Where frozen hours lie. */
export function frozenPath(folder: string): string {
  return join(folder, 'frozen.db');
}

/** How far the hours of each machine are frozen; none where no readings were let go yet. Throws as `openFrozen`. */
export function readFrozen(folder: string): FrozenMachine[] {
  if (!existsSync(frozenPath(folder))) return [];
  const db = openFrozen(frozenPath(folder), { readOnly: true });
  try {
    if (isUnmade(db)) return [];
    return db
      .prepare(
        'SELECT machine, gone_ms AS goneMs, to_ms AS toMs, ordinal, method, checkpoint, late FROM frozen ORDER BY machine',
      )
      .all()
      .map((row) => {
        const frozen = row as unknown as Omit<FrozenMachine, 'late'> & { late: string };
        return { ...frozen, late: JSON.parse(frozen.late) as LateRange[] };
      });
  } finally {
    db.close();
  }
}

/**
 * Writes what the views hold of frozen hours beside them, durable when it returns. Rows that are there stay as they are:
 * a frozen hour never changes.
 */
export function writeFrozen(path: string, viewsPath: string, machines: readonly FrozenMachine[]): void {
  const db = openFrozen(path);
  try {
    db.prepare('ATTACH ? AS views').run(viewsPath);
    db.exec('BEGIN IMMEDIATE');
    // Only what cannot be lost any more is copied: views are not synced at every commit.
    syncFile(`${viewsPath}-wal`);
    const before = db.prepare('SELECT to_ms AS toMs FROM frozen WHERE machine = ?');
    for (const { machine, goneMs, toMs, ordinal, method, checkpoint, late } of machines) {
      const fromMs = Number(before.get(machine)?.['toMs'] ?? 0);
      if (toMs < fromMs) continue;
      if (toMs > fromMs) for (const sql of COPY_MACHINE) db.prepare(sql).run({ machine, fromMs, toMs });
      db.prepare('INSERT OR REPLACE INTO frozen VALUES (?, ?, ?, ?, ?, ?, ?)').run(
        machine,
        goneMs,
        toMs,
        ordinal,
        method,
        checkpoint,
        JSON.stringify(late),
      );
    }
    db.exec('INSERT OR IGNORE INTO main.snapshot SELECT hash, json FROM views.snapshot');
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

/** Puts frozen hours into views that hold nothing yet. */
export function seedViews(views: DatabaseSync, path: string): void {
  if (!existsSync(path)) return;
  const frozen = openFrozen(path, { readOnly: true });
  const isEmpty = isUnmade(frozen);
  frozen.close();
  if (isEmpty) return;
  views.prepare('ATTACH ? AS frozen').run(path);
  try {
    views.exec(`BEGIN IMMEDIATE; ${SEED} COMMIT;`);
  } catch (error) {
    if (views.isTransaction) views.exec('ROLLBACK');
    throw error;
  } finally {
    views.exec('DETACH frozen');
  }
}

/**
 * Opens frozen.db, making it where it is to be written and not there. Throws an error of class `refuse`: `newer-frozen`
 * where a later version wrote it, `damaged-frozen` where it cannot be read.
 */
export function openFrozen(path: string, { readOnly = false } = {}): DatabaseSync {
  if (readOnly) rollBack(path);
  const db = new DatabaseSync(path, { readOnly, timeout: 5000 });
  try {
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > FROZEN_VERSION)
      throw new MillwattError(
        'refuse',
        'newer-frozen',
        `${path} has version ${version}; this millwatt knows ${FROZEN_VERSION}.`,
        { cure: 'Install the version of millwatt that wrote it, or a later one.' },
      );
    if (!readOnly) db.exec('PRAGMA synchronous = EXTRA');
    if (!readOnly && version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof MillwattError) throw error;
    throw new MillwattError('refuse', 'damaged-frozen', `${path} cannot be read.`, {
      cure: 'Restore it from a backup: what is in it cannot be computed again, because its readings are not kept any more.',
      cause: error,
    });
  }
}

/** Whoever only reads cannot take back what a process that was killed had half written. */
function rollBack(path: string): void {
  if (!existsSync(`${path}-journal`)) return;
  try {
    const db = new DatabaseSync(path, { timeout: 5000 });
    try {
      db.prepare('PRAGMA user_version').get();
    } finally {
      db.close();
    }
  } catch {
    // Opening it to read says what is wrong.
  }
}

/** A process was killed before anything was in it. */
function isUnmade(db: DatabaseSync): boolean {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']) === 0;
}

function syncFile(path: string): void {
  if (!existsSync(path)) return;
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const MINUTE = 'minute_ms, count, min, max, sum, last, last_ms, squares, steps';
const WORD = 'machine, channel, source, at_ms, epoch, seq, place, status, vocabulary, json';
const STATE = 'state, decider, basis';
const HOURS = 'machine = :machine AND hour_ms >= :fromMs AND hour_ms < :toMs';

const COPY_MACHINE = [
  `INSERT OR REPLACE INTO main.hour SELECT machine, hour_ms, json FROM views.hour WHERE ${HOURS}`,
  `INSERT OR REPLACE INTO main.base SELECT machine, hour_ms, bytes FROM views.base WHERE ${HOURS}`,
  `INSERT OR REPLACE INTO main.minute SELECT name, machine, ${MINUTE} FROM views.channel
   JOIN views.minute ON views.minute.channel = views.channel.id
   WHERE machine = :machine AND minute_ms >= :fromMs AND minute_ms < :toMs`,
  `INSERT OR REPLACE INTO main.state SELECT machine, max(from_ms, :fromMs), min(to_ms, :toMs), ${STATE} FROM views.state
   WHERE machine = :machine AND from_ms < :toMs AND to_ms > :fromMs`,
  `INSERT OR REPLACE INTO main.word SELECT ${WORD} FROM views.word
   WHERE machine = :machine AND at_ms >= :fromMs AND at_ms < :toMs`,
];

const SEED = `
  INSERT OR IGNORE INTO main.channel(name, machine) SELECT DISTINCT channel, machine FROM frozen.minute ORDER BY channel;
  INSERT INTO main.minute SELECT main.channel.id, ${MINUTE} FROM frozen.minute
    JOIN main.channel ON main.channel.name = frozen.minute.channel;
  INSERT INTO main.hour SELECT machine, hour_ms, row_number() OVER (ORDER BY hour_ms, machine), json FROM frozen.hour;
  INSERT INTO main.base SELECT machine, hour_ms, bytes FROM frozen.base;
  INSERT INTO main.state SELECT machine, from_ms, to_ms, ${STATE} FROM frozen.state;
  INSERT INTO main.word SELECT ${WORD} FROM frozen.word;
  INSERT INTO main.snapshot SELECT hash, json FROM frozen.snapshot;
  INSERT INTO main.cursor SELECT 'frozen', max(ordinal) FROM frozen.frozen HAVING count(*) > 0;
`;
