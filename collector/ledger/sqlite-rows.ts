import type { DatabaseSync, StatementSync } from 'node:sqlite';

type Value = string | number | Uint8Array;

/** Runs statements, each prepared once. */
export class SqliteRows {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  get(sql: string, ...values: Value[]): Record<string, unknown> | undefined {
    return this.prepare(sql).get(...values);
  }

  all(sql: string, ...values: Value[]): Record<string, unknown>[] {
    return this.prepare(sql).all(...values);
  }

  run(sql: string, ...values: Value[]): void {
    this.prepare(sql).run(...values);
  }
}
