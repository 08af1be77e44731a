import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeError, MillwattError } from '../../protocols/errors.ts';

/*
 * pact/pact.db, version 1 (PRAGMA user_version): what was published, which cannot be made again to the byte. It is never
 * deleted or repaired by us, and a newer version is refused.
 *
 *   footprint  one issue as it was published; only that it was deprecated is added later
 *   withdrawal what somebody withdrew by hand, and whether the same may be published anew
 *   looked     what each subject and period was last made from: without it, everything is looked at once more
 *   refusal    what could not be published at the last look, and why
 *   event      what partners are to be told, and what became of it
 */
const PACT_VERSION = 1;

const SCHEMA = `
  CREATE TABLE footprint(
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    issue INTEGER NOT NULL,
    head TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    content TEXT NOT NULL,
    published_ms INTEGER NOT NULL,
    deprecated_ms INTEGER,
    UNIQUE(subject, issue)
  ) STRICT;
  CREATE TRIGGER footprint_update BEFORE UPDATE ON footprint
    WHEN NEW.id <> OLD.id OR NEW.subject <> OLD.subject OR NEW.issue <> OLD.issue OR NEW.head <> OLD.head
      OR NEW.body <> OLD.body OR NEW.sha256 <> OLD.sha256 OR NEW.content <> OLD.content
      OR NEW.published_ms <> OLD.published_ms OR OLD.deprecated_ms IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'what was published never changes'); END;
  CREATE TRIGGER footprint_delete BEFORE DELETE ON footprint
    BEGIN SELECT RAISE(ABORT, 'what was published is never removed'); END;
  CREATE TABLE looked(subject TEXT PRIMARY KEY, basis TEXT NOT NULL) STRICT;
  CREATE TABLE refusal(subject TEXT PRIMARY KEY, reason TEXT NOT NULL) STRICT;
  CREATE TABLE event(
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    state TEXT NOT NULL,
    saying TEXT NOT NULL,
    PRIMARY KEY(partner, id)
  ) STRICT;
  CREATE INDEX event_due ON event(state, due_ms);
`;

/** Files of before have it too from now on. */
const WITHDRAWAL = `TABLE IF NOT EXISTS withdrawal(
    id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    because TEXT NOT NULL,
    restored_ms INTEGER
  ) STRICT`;

/**
 * Opens (or makes, mode 0600) pact/pact.db in a collector's data folder. A power cut takes nothing away that was answered. Throws
 * errors of class `refuse`: `pact-damaged`, `newer-pact`, `unusable-folder`.
 */
export function openPactFile(dataFolder: string): DatabaseSync {
  const path = pactPath(dataFolder);
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const isNew = !existsSync(path);
    db = new DatabaseSync(path, { timeout: 5_000 });
    if (isNew) chmodSync(path, 0o600);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const version = versionOf(db, path);
    if (version === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${PACT_VERSION}; COMMIT;`);
    db.exec(`CREATE ${WITHDRAWAL}`);
    // An index changes nothing that any version reads.
    db.exec(
      'CREATE INDEX IF NOT EXISTS event_turn ON event(state, partner); DROP INDEX IF EXISTS event_order',
    );
    return db;
  } catch (cause) {
    db?.close();
    throw classed(path, cause);
  }
}

/** The same file, read-only, while a collector may have it open; undefined where nothing was ever published. Throws as `openPactFile`. */
export function readPactFile(dataFolder: string): DatabaseSync | undefined {
  const path = pactPath(dataFolder);
  if (!existsSync(path)) return undefined;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    if (versionOf(db, path) > 0) {
      // In memory, over a file that has none yet.
      const found = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'withdrawal'").get();
      if (found === undefined) db.exec(`CREATE TEMP ${WITHDRAWAL}`);
      return db;
    }
    db.close();
    return undefined;
  } catch (cause) {
    db?.close();
    throw classed(path, cause);
  }
}

/** The file in a collector's data folder. */
export function pactPath(dataFolder: string): string {
  return join(dataFolder, 'pact', 'pact.db');
}

function versionOf(db: DatabaseSync, path: string): number {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version <= PACT_VERSION) return version;
  throw new MillwattError('refuse', 'newer-pact', `${path} was written by a newer millwatt.`, {
    cure: 'Start the version that wrote it, or a newer one.',
  });
}

function classed(path: string, cause: unknown): MillwattError {
  if (cause instanceof MillwattError) return cause;
  const code = (cause as { errcode?: unknown }).errcode;
  if (typeof code === 'number' && [11, 26].includes(code & 0xff))
    return new MillwattError('refuse', 'pact-damaged', `${path} is damaged: ${describeError(cause)}`, {
      cure: 'Put it back from a backup: what was published cannot be made again to the byte.',
      cause,
    });
  return new MillwattError('refuse', 'unusable-folder', `${path} cannot be used: ${describeError(cause)}`, {
    cure: 'Let the user that runs the collector write there, and look whether its disk is full.',
    cause,
  });
}
