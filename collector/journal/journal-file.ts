import { chmodSync, closeSync, existsSync, lstatSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describeError, MillwattError } from '../../protocols/errors.ts';

/*
 * journal.db, version 1 (PRAGMA user_version). It cannot be computed again: it is never deleted or repaired by us, and a
 * newer version is refused.
 *
 *   entry  one entry as it was signed; body is canonical JSON; times are wall ms since the Unix epoch
 *   meta   `key`: the public key that signs, base64url
 *
 * Triggers keep honest programs from changing anything; against others there is the chain.
 */
const JOURNAL_VERSION = 1;
const BUSY_MS = 5000;
const BUSY = 5;
const FULL = 13;
const DAMAGE = [11, 26];

const SCHEMA = `
  CREATE TABLE entry(
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    machine TEXT,
    by TEXT NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    signature TEXT NOT NULL
  ) STRICT;
  CREATE INDEX entry_kind ON entry(kind, machine, seq);
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TRIGGER entry_order BEFORE INSERT ON entry
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)
    BEGIN SELECT RAISE(ABORT, 'entries are only appended'); END;
  CREATE TRIGGER entry_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries never change'); END;
  CREATE TRIGGER entry_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
  CREATE TRIGGER meta_update BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'the key never changes'); END;
  CREATE TRIGGER meta_delete BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'the key never changes'); END;
`;

/** Opens the journal's file for writing, or makes it (mode 0600) for this key. Throws classed errors. */
export function openJournalFile(path: string, publicKey: string, busyMs = BUSY_MS): DatabaseSync {
  return attempt(path, () => {
    requireOwnFile(path);
    // 'ax' makes it anew or fails: a link that is put there at this moment is not followed.
    if (!existsSync(path)) makeFile(path);
    else if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const db = new DatabaseSync(path, { timeout: busyMs });
    try {
      // A power cut takes no entry away that was acknowledged.
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      if (versionOf(db) === 0) makeTables(db, publicKey);
      requireVersion(path, versionOf(db));
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** The journal's file, read-only; undefined where there is none yet. Throws classed errors. */
export function openJournalToRead(path: string): DatabaseSync | undefined {
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  return attempt(path, () => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    const version = versionOf(db);
    if (version === JOURNAL_VERSION) return db;
    db.close();
    if (version === 0) return undefined;
    return requireVersion(path, version);
  });
}

/** Runs what touches the file, and classes what SQLite throws: busy and full are `retry`, damage is `refuse`. */
export function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const code = (cause as { errcode?: unknown } | null)?.errcode;
    if (cause instanceof MillwattError || typeof code !== 'number') throw cause;
    if (DAMAGE.includes(code & 0xff)) throw damaged(path, `${path} is damaged: ${describeError(cause)}`);
    if ((code & 0xff) === BUSY)
      throw new MillwattError('retry', 'journal-busy', 'Another program writes into the journal.', {
        cure: 'Try again in a moment.',
        cause,
      });
    throw new MillwattError(
      'retry',
      (code & 0xff) === FULL ? 'journal-full' : 'journal-write',
      `The journal ${path} cannot be used: ${describeError(cause)}.`,
      { cure: 'Check the room on the disk and the rights of the data folder; nothing was entered.', cause },
    );
  }
}

/** The refusal of a journal that is not as it was signed. */
export function damaged(path: string, what: string): MillwattError {
  return new MillwattError('refuse', 'journal-damaged', `${what}.`, {
    cure: `Stop the collector and put ${path} back from a backup (remove its -wal and -shm first): it holds what people decided and cannot be computed again. \`millwatt amend verify\` says how far it is sound.`,
  });
}

/** An administrator may run us in a folder of another user, who must not choose what we write to. */
function requireOwnFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new MillwattError('refuse', 'journal-link', `${path} is a link, or no file at all.`, {
    cure: 'Put the journal itself there; for another place, change `data:` of the configuration.',
  });
}

function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    // Another process of ours may have been quicker.
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
    requireOwnFile(path);
  }
}

function makeTables(db: DatabaseSync, publicKey: string): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been quicker.
    if (versionOf(db) === 0) {
      db.exec(`${SCHEMA} PRAGMA user_version = ${JOURNAL_VERSION};`);
      db.prepare("INSERT INTO meta VALUES ('key', ?)").run(publicKey);
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

function requireVersion(path: string, version: number): undefined {
  if (version === JOURNAL_VERSION) return undefined;
  throw new MillwattError(
    'refuse',
    'newer-journal',
    `The journal ${path} has version ${version}; this millwatt knows ${JOURNAL_VERSION}.`,
    { cure: 'Install the version of millwatt that wrote it, or a later one.' },
  );
}
