import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import type { FootprintHead, ProductFootprint } from '../footprint/exports/pact/product-footprint.ts';

/** A footprint that was published, as lists find it. */
export interface BookedFootprint extends FootprintHead {
  /** Of what and over which period it is: the same for all its issues. */
  subject: string;
  /** 1, 2, ... */
  issue: number;
  /** Hash of what a new issue is judged by. */
  content: string;
  /** By whom and why it was withdrawn; null where it was not. */
  withdrawn: Withdrawal | null;
}

/** That somebody withdrew a footprint. Times are wall ms. */
export interface Withdrawal extends Decision {
  /** Since when the same may be published anew; null where it may not. */
  restoredMs: number | null;
}

/** Who decided something, when and why. */
export interface Decision {
  atMs: number;
  by: string;
  because: string;
}

/** A footprint to be published. */
export interface FootprintToPublish {
  subject: string;
  issue: number;
  content: string;
  footprint: ProductFootprint;
}

/** What was published: bytes that never change, and which of it is superseded. */
export class FootprintBook {
  readonly #db: DatabaseSync;
  readonly #changes: StatementSync;
  #all: BookedFootprint[] = [];
  /** Of the file, when the list was read: another process may withdraw what this one lists. */
  #change: unknown;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#changes = db.prepare('PRAGMA data_version');
  }

  /** Heads of all, deprecated ones too, in the order of publishing; kept in memory while nobody else changes the file. */
  all(): readonly BookedFootprint[] {
    const { data_version: change } = this.#changes.get() as { data_version: unknown };
    if (change !== this.#change) {
      this.#all = readAll(this.#db);
      this.#change = change;
    }
    return this.#all;
  }

  /** Issues of a subject and period, the first one first. */
  issuesOf(subject: string): BookedFootprint[] {
    return this.all()
      .filter((footprint) => footprint.subject === subject)
      .sort((a, b) => a.issue - b.issue);
  }

  /**
   * The JSON text of a footprint: the bytes that were published, but for the status of one that is deprecated now. Throws where
   * the bytes are not those any more.
   */
  textOf(id: string): string {
    const row = this.#db
      .prepare('SELECT body, sha256, deprecated_ms AS deprecated FROM footprint WHERE id = ?')
      .get(id) as { body: string; sha256: string; deprecated: number | null } | undefined;
    if (row === undefined) throw new Error(`there is no footprint ${id}`);
    if (hashOf(row.body) !== row.sha256) throw new Error(`footprint ${id} is not as it was published`);
    return row.deprecated === null
      ? row.body
      : JSON.stringify({ ...(JSON.parse(row.body) as ProductFootprint), status: 'Deprecated' });
  }

  /**
   * Publishes a footprint and deprecates the earlier ones of its subject, together with whatever else `also` writes: all of it is on
   * disk or nothing. Gives those of which the status is new: the published one first.
   */
  publish(
    { subject, issue, content, footprint }: FootprintToPublish,
    atMs: number,
    also: (changed: BookedFootprint[]) => void,
  ): BookedFootprint[] {
    const body = JSON.stringify(footprint);
    const booked = { ...headOf(footprint), subject, issue, content, withdrawn: null };
    return this.#write((all) => {
      const superseded = all
        .filter((one) => one.subject === subject && one.status === 'Active')
        .map(deprecated);
      this.#deprecate(superseded, atMs);
      this.#db
        .prepare(
          'INSERT INTO footprint(id, subject, issue, head, body, sha256, content, published_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          footprint.id,
          subject,
          issue,
          JSON.stringify(headOf(footprint)),
          body,
          hashOf(body),
          content,
          atMs,
        );
      return [booked, ...superseded];
    }, also);
  }

  /**
   * Withdraws what is offered, with whatever else `also` writes: partners find it `Deprecated`, and nothing is published in its
   * place until it would say something else. Throws errors of class `refuse`: `no-published`, `not-offered`.
   */
  withdraw(id: string, { atMs, by, because }: Decision, also: (changed: BookedFootprint[]) => void): void {
    this.#write((all) => {
      const found = all.find((one) => one.id === id) ?? notThere(id);
      if (found.status !== 'Active') notOffered(found);
      this.#deprecate([found], atMs);
      this.#db
        .prepare('INSERT INTO withdrawal(id, at_ms, by, because) VALUES (?, ?, ?, ?)')
        .run(id, atMs, by, because);
      return [{ ...deprecated(found), withdrawn: { atMs, by, because, restoredMs: null } }];
    }, also);
  }

  /**
   * Lets the next look publish anew what was withdrawn, as a new issue: its own status stays, because partners were told of it.
   * Throws errors of class `refuse`: `no-published`, `not-withdrawn`.
   */
  restore(id: string, atMs: number): void {
    this.#write((all) => {
      const found = all.find((one) => one.id === id) ?? notThere(id);
      const { withdrawn } = found;
      const isLast = all.findLast(({ subject }) => subject === found.subject)?.id === id;
      if (withdrawn === null || withdrawn.restoredMs !== null || !isLast) notWithdrawn(found, isLast);
      this.#db.prepare('UPDATE withdrawal SET restored_ms = ? WHERE id = ?').run(atMs, id);
      // Everything is looked at once more: another entry may have published the same.
      this.#db.exec('DELETE FROM looked');
      return [{ ...found, withdrawn: { ...withdrawn, restoredMs: atMs } }];
    });
  }

  /** Writes a change, all of it or nothing, and takes it over into the list. `act` gives those that are new or changed. */
  #write(
    act: (all: readonly BookedFootprint[]) => BookedFootprint[],
    also: (changed: BookedFootprint[]) => void = () => {},
  ): BookedFootprint[] {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const before = this.all();
      const changed = act(before);
      also(changed);
      this.#db.exec('COMMIT');
      const byId = new Map(changed.map((one) => [one.id, one]));
      const known = before.map((one) => byId.get(one.id) ?? one);
      this.#all = [...known, ...changed.filter(({ id }) => before.every((one) => one.id !== id))];
      return changed;
    } catch (error) {
      // A full disk has rolled back already, and to do so again would hide it.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #deprecate(footprints: readonly BookedFootprint[], atMs: number): void {
    const deprecate = this.#db.prepare('UPDATE footprint SET deprecated_ms = ? WHERE id = ?');
    for (const { id } of footprints) deprecate.run(atMs, id);
  }

  /** Subjects and periods that could not be published at the last look, each with why. */
  refusals(): { subject: string; reason: string }[] {
    const rows = this.#db.prepare('SELECT subject, reason FROM refusal ORDER BY subject').all();
    return rows as { subject: string; reason: string }[];
  }

  /** Replaces them: all or none. */
  noteRefusals(refusals: readonly { subject: string; reason: string }[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#db.exec('DELETE FROM refusal');
      const insert = this.#db.prepare('INSERT OR REPLACE INTO refusal(subject, reason) VALUES (?, ?)');
      for (const { subject, reason } of refusals) insert.run(subject, reason);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What a subject and period was last made from; undefined before anyone looked. */
  lookedAt(subject: string): string | undefined {
    const row = this.#db.prepare('SELECT basis FROM looked WHERE subject = ?').get(subject);
    return (row as { basis: string } | undefined)?.basis;
  }

  /** Remembers what a subject and period was made from, so that nobody makes it again to find it the same. */
  noteLook(subject: string, basis: string): void {
    this.#db
      .prepare(
        'INSERT INTO looked(subject, basis) VALUES (?, ?) ON CONFLICT DO UPDATE SET basis = excluded.basis',
      )
      .run(subject, basis);
  }
}

function readAll(db: DatabaseSync): BookedFootprint[] {
  const rows = db
    .prepare(
      `SELECT subject, issue, head, content, deprecated_ms AS deprecatedMs, at_ms AS atMs, by, because, restored_ms AS restoredMs
       FROM footprint LEFT JOIN withdrawal USING (id) ORDER BY footprint.rowid`,
    )
    .all() as unknown as (Withdrawal & {
    subject: string;
    issue: number;
    head: string;
    content: string;
    deprecatedMs: number | null;
    atMs: number | null;
  })[];
  return rows.map(({ subject, issue, head, content, deprecatedMs, atMs, by, because, restoredMs }) => {
    const withdrawn = atMs === null ? null : { atMs, by, because, restoredMs };
    const booked = { ...(JSON.parse(head) as FootprintHead), subject, issue, content, withdrawn };
    return deprecatedMs === null ? booked : deprecated(booked);
  });
}

const deprecated = (one: BookedFootprint): BookedFootprint => ({ ...one, status: 'Deprecated' });

function notThere(id: string): never {
  throw new MillwattError('refuse', 'no-published', `There is no published footprint ${id}.`, {
    cure: 'Take an id that `millwatt pact` lists.',
  });
}

function notOffered({ withdrawn }: BookedFootprint): never {
  throw new MillwattError(
    'refuse',
    'not-offered',
    withdrawn === null
      ? 'A later issue is offered in its place already.'
      : `It was withdrawn already, by ${withdrawn.by}: ${withdrawn.because}`,
    { cure: 'Take the id of one that `millwatt pact` lists as Active.' },
  );
}

function notWithdrawn({ withdrawn }: BookedFootprint, isLast: boolean): never {
  throw new MillwattError(
    'refuse',
    'not-withdrawn',
    withdrawn === null
      ? 'It was never withdrawn.'
      : isLast
        ? 'It was restored already: it is published anew at the next look.'
        : 'It was withdrawn, and a later issue has been published since.',
    { cure: 'Nothing is left to be done.' },
  );
}

function headOf(footprint: ProductFootprint): FootprintHead {
  const { id, created, status, validityPeriodStart, validityPeriodEnd } = footprint;
  const { companyIds, productIds, productClassifications, pcf } = footprint;
  return {
    id,
    created,
    status,
    validityPeriodStart,
    validityPeriodEnd,
    companyIds,
    productIds,
    ...(productClassifications !== undefined && { productClassifications }),
    pcf: { geographyCountry: pcf.geographyCountry },
  };
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');
