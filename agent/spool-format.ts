import type { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../protocols/errors.ts';
import { parseRecord, type RecordHeader } from '../protocols/telemetry/record.ts';
import { checkOf } from './spool-meta.ts';

/*
 * The spool, table by table (SQLite, WAL, synchronous=FULL):
 *
 *   meta      name -> text: format, the chain's head, the agent's running age, pinned collector key
 *   boots     every process run with its latest clock anchor: what its rows need to be sealed after a crash; `rows` is the
 *             number of its last row that ever was in `open`, so that the same row never comes twice
 *   open      readings that are durable and not sealed: the text of a MachinePart (protocols/telemetry/part.ts) a row
 *   records   sealed records, byte for byte; state sealed | receipted | rejected | corrupt
 *   headers   what stands in the header of a record, beside it, so that no record is read to find one; `age` is the agent's
 *             running age when it was sealed, ms; `settled` of a record is that age when its fate was told
 *   drops     what will never come and the chain does not tell for certain yet: ranges of records, or samples alone (first
 *             and last null); `told` is epoch/seq of the log record that tells it
 *   counters  sums of samples and records by fate; they only grow, but for what was receipted and is asked for again
 *
 * Always: counters.sampled = counters.receipted + counters.rejected + counters.thinned + dropped:* + samples in open +
 * samples in records of state sealed.
 *
 * `sum` is a CRC-32 over what the row says (checkOf): a record proves itself, nothing else in here would.
 */
const FORMAT = '2';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER);
  CREATE TABLE IF NOT EXISTS boots (
    ordinal INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, config TEXT NOT NULL,
    mono INTEGER NOT NULL, wall INTEGER NOT NULL, state TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0, sum INTEGER
  );
  CREATE TABLE IF NOT EXISTS open (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, machine TEXT NOT NULL, samples INTEGER NOT NULL, part TEXT NOT NULL,
    sum INTEGER
  );
  CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL,
    samples INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, size INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT, settled INTEGER, bytes BLOB NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS records_seq ON records (epoch, seq);
  CREATE INDEX IF NOT EXISTS records_state ON records (state, id, samples, size);
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL, sum INTEGER);
  CREATE TABLE IF NOT EXISTS headers (
    id INTEGER PRIMARY KEY, boot TEXT NOT NULL, config TEXT NOT NULL, mono INTEGER NOT NULL, wall INTEGER NOT NULL,
    clock TEXT NOT NULL, age INTEGER NOT NULL, thinned_from INTEGER, thinned_to INTEGER
  );
  CREATE TABLE IF NOT EXISTS drops (
    id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, reason TEXT NOT NULL, first INTEGER, last INTEGER,
    samples INTEGER NOT NULL, told TEXT
  );
`;
/** The counters that every spool has; `dropped:*` come with the first drop. */
export const COUNTERS: readonly string[] = ['sampled', 'receipted', 'rejected', 'thinned'].flatMap((name) => [
  name,
  name === 'sampled' ? 'records.sealed' : `records.${name}`,
]);
/** Columns that format 2 added to tables of format 1; added without a row being written again. */
const ADDED = `
  ALTER TABLE meta ADD COLUMN sum INTEGER;
  ALTER TABLE boots ADD COLUMN rows INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE boots ADD COLUMN sum INTEGER;
  ALTER TABLE open ADD COLUMN sum INTEGER;
  ALTER TABLE counters ADD COLUMN sum INTEGER;
`;

/** Throws an error of class `refuse` (code `newer-spool`) for a format that this version does not know. */
export function refuseNewerFormat(database: DatabaseSync, path: string): void {
  const format = formatOf(database);
  if (format === undefined || format === FORMAT || format === '1') return;
  throw new MillwattError(
    'refuse',
    'newer-spool',
    `${path} has format ${format}; this version reads 1 and ${FORMAT}.`,
    { cure: 'Run the version of millwatt that wrote it, until everything in it is receipted.' },
  );
}

/** Makes the tables, or those of format 1 into those of format 2; false where that is done. Inside a transaction. */
export function applyFormat(database: DatabaseSync): boolean {
  const format = formatOf(database);
  if (format === FORMAT) return false;
  if (format === '1') database.exec(ADDED);
  database.exec(SCHEMA);
  if (format === '1') upgrade(database);
  database
    .prepare('INSERT OR REPLACE INTO meta (name, value, sum) VALUES (?, ?, ?)')
    .run('format', FORMAT, checkOf('format', FORMAT));
  // They are there from the beginning: one that is missing was spoilt.
  const insert = database.prepare('INSERT OR IGNORE INTO counters (name, value, sum) VALUES (?, 0, ?)');
  for (const name of COUNTERS) insert.run(name, checkOf(name, 0));
  return true;
}

/** Undefined where there is no spool yet. */
function formatOf(database: DatabaseSync): string | undefined {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get();
  if (table === undefined) return undefined;
  const row = database.prepare("SELECT * FROM meta WHERE name = 'format'").get();
  if (row === undefined) return undefined;
  const format = String(row['value']);
  // Format 1 has no column of sums. A flipped bit must not look like a newer version, nor may one that takes the sum away.
  if ('sum' in row && row['sum'] !== checkOf('format', format)) throw spoilt();
  return format;
}

function spoilt(): MillwattError {
  return new MillwattError('crash', 'corrupt-spool', 'The format of the spool is spoilt.');
}

/** Headers are read from the records; one that cannot be read is set aside when it is to be published. */
function upgrade(database: DatabaseSync): void {
  const insert = prepareHeaderInsert(database);
  const rows = database.prepare('SELECT id, bytes FROM records').iterate();
  for (const row of rows) {
    let header: RecordHeader;
    try {
      header = parseRecord(row['bytes'] as Uint8Array).header;
    } catch {
      continue;
    }
    insert(Number(row['id']), header, 0);
  }
  // Format 1 knew wall time only: from here on they are kept as long as if they were told now.
  database.exec('UPDATE records SET settled = 0 WHERE settled IS NOT NULL');
  const head = new Map(
    database
      .prepare('SELECT name, value FROM meta')
      .all()
      .map((row) => [String(row['name']), String(row['value'])]),
  );
  database.exec("DELETE FROM meta WHERE name IN ('epoch', 'head.seq', 'head.hash', 'head.config')");
  const epoch = head.get('epoch');
  if (epoch !== undefined) {
    const text = JSON.stringify({
      epoch,
      seq: Number(head.get('head.seq') ?? 0),
      hash: head.get('head.hash') ?? null,
      config: head.get('head.config') ?? null,
    });
    database
      .prepare('INSERT INTO meta (name, value, sum) VALUES (?, ?, ?)')
      .run('head', text, checkOf('head', text));
  }
}

/** Writes what stands in a record's header beside it. */
export function prepareHeaderInsert(
  database: DatabaseSync,
): (id: number, header: RecordHeader, ageMs: number) => void {
  const insert = database.prepare(
    `INSERT OR REPLACE INTO headers (id, boot, config, mono, wall, clock, age, thinned_from, thinned_to)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (id, { boot, config, clock, thinnedFrom, thinnedTo }, ageMs) => {
    const { mono, wall, state } = clock;
    insert.run(id, boot, config, mono, wall, state, ageMs, thinnedFrom ?? null, thinnedTo ?? null);
  };
}
