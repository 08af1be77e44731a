import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint, type SigningKey } from '../../protocols/evidence/keys.ts';
import type { Log } from '../../protocols/log.ts';
import { checkEntry } from './check-entry.ts';
import { attempt, damaged, openJournalFile, openJournalToRead } from './journal-file.ts';
import type {
  EntryKind,
  EntryQuery,
  EntryToAppend,
  Journal,
  JournalEntry,
  JournalReader,
} from './journal.ts';
import { canonicalJson } from './canonical-json.ts';
import { findFault, isSigned, isWhole, sealEntry, type StoredEntry } from './seal-entry.ts';

const COLUMNS = 'seq, at_ms AS atMs, kind, machine, by, body, prev, hash, signature';
const START = { seq: 0, hash: '' };
const DECISIONS: readonly EntryKind[] = ['amendment', 'revocation', 'key'];

/** The file of the journal in a collector's data folder. */
export function journalPath(folder: string): string {
  return join(folder, 'journal.db');
}

/**
 * Opens (or makes) journal.db in a collector's data folder and checks every entry. Other processes may have it open too. Throws
 * errors of class `refuse`: `journal-damaged` with the place, `other-journal-key` where another key signed it,
 * `newer-journal`; and of class `retry` where the disk refuses.
 */
export function openJournal(options: {
  folder: string;
  key: SigningKey;
  log: Log;
  /** How long to wait for another process that writes, ms; 5 s without. */
  busyMs?: number;
}): Journal {
  const { folder, key, log, busyMs } = options;
  const path = journalPath(folder);
  const db = openJournalFile(path, key.publicKey, busyMs);
  const journal = new SqliteJournal(path, db, key.publicKey, key);
  const entries = journal.open();
  log.debug({ entries }, 'The journal is sound.');
  return journal;
}

/**
 * The journal of a collector that may be running in another process, read-only, every entry checked; one without entries where
 * there is no file yet. Throws as `openJournal`.
 */
export function readJournal(options: { folder: string; publicKey: string }): JournalReader {
  const path = journalPath(options.folder);
  const db = openJournalToRead(path);
  if (db === undefined) return { entries: () => [], page: () => [], lastSeq: () => 0, close: () => {} };
  const journal = new SqliteJournal(path, db, options.publicKey, undefined);
  journal.open();
  return journal;
}

/** The end of a journal that was looked at: how many entries, and the hash of the last one; empty without any. */
export interface JournalHead {
  entries: number;
  hash: string;
}

/** How far a journal is sound: `entries` of it are; `fault` says what is wrong with the next one, or with the whole. */
export interface JournalVerdict extends JournalHead {
  fault?: string;
}

/**
 * Checks every entry of a journal against its neighbours, its hash and its signature, and says the first fault.
 * @param options `since`: a head that was noted earlier, and must still be there
 */
export function verifyJournal(options: {
  folder: string;
  publicKey: string;
  since?: JournalHead;
}): JournalVerdict {
  const { folder, publicKey, since = { entries: 0, hash: '' } } = options;
  const path = journalPath(folder);
  let journal: SqliteJournal | undefined;
  const headOf = () => ({ entries: journal?.checked.seq ?? 0, hash: journal?.checked.hash ?? '' });
  try {
    const db = openJournalToRead(path);
    if (db !== undefined) {
      journal = new SqliteJournal(path, db, publicKey, undefined);
      journal.check(true);
    }
    const now = journal?.hashAt(since.entries) ?? '';
    if (now === since.hash) return headOf();
    const what = now === '' ? 'is gone' : 'is another one';
    return {
      ...headOf(),
      fault: `Entry ${since.entries} of ${path} was noted as its last one, and ${what}.`,
    };
  } catch (error) {
    if (!(error instanceof MillwattError) || error.remedy !== 'refuse') throw error;
    return { ...headOf(), fault: error.message };
  } finally {
    journal?.close();
  }
}

class SqliteJournal implements Journal {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #publicKey: string;
  readonly #key: SigningKey | undefined;
  /** The last entry that was checked. */
  checked: { seq: number; hash: string } = START;

  constructor(path: string, db: DatabaseSync, publicKey: string, key: SigningKey | undefined) {
    this.#path = path;
    this.#db = db;
    this.#publicKey = publicKey;
    this.#key = key;
  }

  /** Checks all of it, and closes it again where something is wrong; the number of entries. */
  open(): number {
    try {
      this.check();
      return this.checked.seq;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The hash of an entry; undefined where there is none. */
  hashAt(seq: number): string | undefined {
    const hash = this.#db.prepare('SELECT hash FROM entry WHERE seq = ?').get(seq)?.['hash'];
    return hash === undefined ? undefined : String(hash);
  }

  check(everySignature = false): void {
    attempt(this.#path, () => {
      const key = String(this.#db.prepare("SELECT value FROM meta WHERE name = 'key'").get()?.['value']);
      if (key !== this.#publicKey) throw otherKey(this.#path, key, this.#publicKey);
      this.#catchUp(everySignature);
      // Reading by kind goes through an index: one that hides an entry would take a decision away.
      const whole = this.#db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      if (whole !== 'ok') throw damaged(this.#path, `${this.#path} is damaged: ${String(whole)}`);
    });
  }

  append(entry: EntryToAppend): JournalEntry {
    const [appended] = this.appendAll([entry]);
    if (appended === undefined) throw new RangeError('one entry was appended');
    return appended;
  }

  appendAll(entries: readonly EntryToAppend[]): JournalEntry[] {
    const key = this.#key;
    if (key === undefined) throw new TypeError('the journal is open to be read');
    for (const entry of entries) checkEntry(entry);
    return attempt(this.#path, () => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        // What others appended meanwhile comes before, and is checked before anything is chained to it.
        this.#catchUp();
        let place = this.checked;
        const sealed = entries.map((entry) => {
          const one = sealEntry(entry, { seq: place.seq + 1, prev: place.hash }, key);
          place = { seq: one.seq, hash: one.hash };
          this.#insert(one);
          return one;
        });
        this.#db.exec('COMMIT');
        this.checked = place;
        return sealed;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  entries(kind: EntryKind, machine?: string): JournalEntry[] {
    return attempt(this.#path, () => {
      this.#catchUp();
      const rows =
        machine === undefined
          ? this.#db.prepare(`SELECT ${COLUMNS} FROM entry WHERE kind = ? ORDER BY seq`).all(kind)
          : this.#db
              .prepare(`SELECT ${COLUMNS} FROM entry WHERE kind = ? AND machine = ? ORDER BY seq`)
              .all(kind, machine);
      return rows.map((row) => this.#read(row as unknown as StoredEntry));
    });
  }

  page({ afterSeq = 0, limit, kind, machine, fromMs, toMs }: EntryQuery): JournalEntry[] {
    const terms: [string, number | string | undefined][] = [
      ['seq > ?', afterSeq],
      ['kind = ?', kind],
      ['machine = ?', machine],
      ['at_ms >= ?', fromMs],
      ['at_ms < ?', toMs],
    ];
    const told = terms.flatMap(([term, value]) => (value === undefined ? [] : [{ term, value }]));
    return attempt(this.#path, () => {
      this.#catchUp();
      return this.#db
        .prepare(
          `SELECT ${COLUMNS} FROM entry WHERE ${told.map(({ term }) => term).join(' AND ')} ORDER BY seq LIMIT ?`,
        )
        .all(...told.map(({ value }) => value), limit)
        .map((row) => this.#read(row as unknown as StoredEntry));
    });
  }

  lastSeq(kinds?: readonly EntryKind[]): number {
    return attempt(this.#path, () => {
      const where = kinds === undefined ? '' : `WHERE kind IN (${kinds.map(() => '?').join(', ')})`;
      const row = this.#db.prepare(`SELECT max(seq) AS seq FROM entry ${where}`).get(...(kinds ?? []));
      return Number(row?.['seq'] ?? 0);
    });
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  /**
   * Checks the entries that were appended since, by whomever. What each says is bound by its hash to the one after it, and the
   * last by its signature: one signature vouches for all before it, so years of job marks open in seconds. Signatures of
   * decisions are looked at all the same; with `everySignature`, all are.
   */
  #catchUp(everySignature = false): void {
    const rows = this.#db.prepare(`SELECT ${COLUMNS} FROM entry WHERE seq > ? ORDER BY seq`);
    let [before, last]: [typeof this.checked, StoredEntry | undefined] = [this.checked, undefined];
    for (const row of rows.iterate(before.seq)) {
      const entry = row as unknown as StoredEntry;
      const fault = findFault(entry, before);
      if (fault !== undefined) throw this.#fault(entry, fault);
      if (everySignature || DECISIONS.includes(entry.kind)) this.#requireSigned(entry);
      // How far it was sound is told only where each signature was looked at.
      if (everySignature) this.checked = { seq: entry.seq, hash: entry.hash };
      before = { seq: entry.seq, hash: entry.hash };
      last = entry;
    }
    if (last === undefined) return this.#requireStill();
    this.#requireSigned(last);
    this.checked = before;
  }

  /** What was there may be gone since: an older copy of the file was put in its place. */
  #requireStill(): void {
    if (this.checked.seq === 0) return;
    const row = this.#db.prepare('SELECT hash FROM entry WHERE seq = ?').get(this.checked.seq);
    if (row?.['hash'] !== this.checked.hash) throw this.#fault(this.checked, 'is gone since it was read');
  }

  #requireSigned(entry: StoredEntry): void {
    if (!isSigned(entry, this.#publicKey)) throw this.#fault(entry, "is not signed by this collector's key");
  }

  /** What an entry says, while it is still what was checked. */
  #read(entry: StoredEntry): JournalEntry {
    if (!isWhole(entry)) throw this.#fault(entry, 'was changed while it was open');
    return { ...entry, body: JSON.parse(entry.body) as JournalEntry['body'] };
  }

  #insert({ seq, atMs, kind, machine, by, body, prev, hash, signature }: JournalEntry): void {
    this.#db
      .prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(seq, atMs, kind, machine, by, canonicalJson(body), prev, hash, signature);
  }

  #fault({ seq }: { seq: number }, what: string): MillwattError {
    return damaged(this.#path, `Entry ${seq} of ${this.#path} ${what}`);
  }
}

function otherKey(path: string, itsKey: string, ourKey: string): MillwattError {
  return new MillwattError(
    'refuse',
    'other-journal-key',
    `${path} was signed by the collector key ${fingerprint(itsKey)}, and collector-key.pem beside it is ${fingerprint(ourKey)}.`,
    {
      cure: 'Put both files back from one backup. Where the old key is lost for good, move journal.db away, start again, and enter what still holds.',
    },
  );
}
