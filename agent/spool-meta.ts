import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';

/** The CRC-32 of a row's fields, kept beside them: a bit that flips on the disk is noticed. */
export function checkOf(...fields: readonly (string | number | null)[]): number {
  return crc32(JSON.stringify(fields));
}

/** Single values of the spool by name, each with its check. Writing belongs into a transaction with what it goes with. */
export class SpoolMeta {
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value, sum FROM meta WHERE name = ?');
    this.#set = database.prepare('INSERT OR REPLACE INTO meta (name, value, sum) VALUES (?, ?, ?)');
    this.#delete = database.prepare('DELETE FROM meta WHERE name = ?');
  }

  /** Null where there is none, or where it is damaged. */
  get(name: string): string | null {
    const row = this.#get.get(name);
    if (row === undefined) return null;
    const value = String(row['value']);
    // Values of format 1 have no check.
    return row['sum'] === null || Number(row['sum']) === checkOf(name, value) ? value : null;
  }

  /** Null deletes. */
  set(name: string, value: string | null): void {
    if (value === null) this.#delete.run(name);
    else this.#set.run(name, value, checkOf(name, value));
  }
}
