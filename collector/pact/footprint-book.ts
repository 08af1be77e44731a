import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { FootprintHead, ProductFootprint } from '../footprint/exports/pact/product-footprint.ts';

/** A footprint that was published, as lists find it. */
export interface BookedFootprint extends FootprintHead {
  /** Of what and over which period it is: the same for all its issues. */
  subject: string;
  /** 1, 2, ... */
  issue: number;
  /** Hash of what a new issue is judged by. */
  content: string;
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
  #all: BookedFootprint[] | undefined;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Heads of all, deprecated ones too, oldest first; kept in memory. */
  all(): readonly BookedFootprint[] {
    return (this.#all ??= (
      this.#db
        .prepare(
          'SELECT subject, issue, head, content, deprecated_ms AS deprecated FROM footprint ORDER BY rowid',
        )
        .all() as {
        subject: string;
        issue: number;
        head: string;
        content: string;
        deprecated: number | null;
      }[]
    ).map(({ subject, issue, head, content, deprecated }) => ({
      ...(JSON.parse(head) as FootprintHead),
      ...(deprecated === null ? {} : { status: 'Deprecated' as const }),
      subject,
      issue,
      content,
    })));
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
    const booked = { ...headOf(footprint), subject, issue, content };
    const superseded = this.issuesOf(subject)
      .filter(({ status }) => status === 'Active')
      .map((one): BookedFootprint => ({ ...one, status: 'Deprecated' }));
    const changed = [booked, ...superseded];
    // Read before it is written: the list is then that of before.
    this.all();
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const deprecate = this.#db.prepare('UPDATE footprint SET deprecated_ms = ? WHERE id = ?');
      for (const { id } of superseded) deprecate.run(atMs, id);
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
      also(changed);
      this.#db.exec('COMMIT');
    } catch (error) {
      // A full disk has rolled back already, and to do so again would hide it.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    const gone = new Map(superseded.map((one) => [one.id, one]));
    this.#all = [...this.all().map((one) => gone.get(one.id) ?? one), booked];
    return changed;
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
