import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSpoolDatabase } from '../../agent/spool-database.ts';
import { silentLog } from '../../protocols/log.ts';

/** What a disk answers to a commit, by SQLite's primary code. */
const FAULTS = { EIO: 10, ENOSPC: 13 } as const;
export type DiskFault = keyof typeof FAULTS;

/** When the power goes: before a commit is on the disk, or after it is and before anybody knows. */
export type CutAt = 'before' | 'after';

/** One process that has a disk open. */
interface DiskUser {
  isAlive(): boolean;
  /** The power went. */
  kill(): void;
}

let formatted: Uint8Array | undefined;

/** A spool's database that nobody has written to yet, made by the product on a real disk: its bytes. */
function formattedBytes(): Uint8Array {
  if (formatted === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-sim-'));
    const onDisk = openSpoolDatabase(folder, silentLog);
    const inMemory = copyDatabase(onDisk);
    formatted = inMemory.serialize();
    inMemory.close();
    onDisk.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return formatted;
}

function freshDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.deserialize(formattedBytes());
  return database;
}

function copyDatabase(from: DatabaseSync): DatabaseSync {
  const to = new DatabaseSync(':memory:');
  const made = from
    .prepare("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all() as { name: string; type: string; sql: string }[];
  to.exec('BEGIN');
  for (const { sql } of made) to.exec(sql);
  for (const { name, type } of made) {
    if (type !== 'table') continue;
    const rows = from.prepare(`SELECT * FROM "${name}"`).all();
    if (rows.length === 0) continue;
    const marks = Object.keys(rows[0] ?? {}).map(() => '?');
    const insert = to.prepare(`INSERT INTO "${name}" VALUES (${marks.join(',')})`);
    for (const row of rows) insert.run(...(Object.values(row) as SQLInputValue[]));
  }
  to.exec('COMMIT');
  const version = Number(from.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  to.exec(`PRAGMA user_version = ${version}`);
  return to;
}

/**
 * A gateway's disk: SQLite in memory behind what the product opens. What is committed stays when the process ends; what
 * is not is gone. A commit may fail, or the power may go in it.
 */
export class SpoolDisk {
  #database: DatabaseSync;
  readonly #prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
  /** Each commit fails so while it is set. */
  failing: DiskFault | undefined;
  /** So many commits from now on fail. */
  failNext = 0;
  /** The power goes at this commit from now: 1 is the next. */
  cutIn: number | undefined;
  cutAt: CutAt = 'before';
  commits = 0;

  constructor(database: DatabaseSync = freshDatabase()) {
    this.#database = database;
  }

  /** What a spool's tables take before anything is in them. */
  get emptyBytes(): number {
    return formattedBytes().length;
  }

  /** The disk as it is now, once more. */
  copy(): SpoolDisk {
    return new SpoolDisk(copyDatabase(this.#database));
  }

  /** Everything on it is as it was on another disk. */
  restore(from: SpoolDisk): void {
    this.#database = copyDatabase(from.#database);
  }

  /** Nothing is left on it. */
  replace(): void {
    this.#database = freshDatabase();
  }

  /** Looks at what is on the disk; no process need be running. */
  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#prepare(sql).all(...values);
  }

  /** The database as a process sees it: with its faults, and for as long as the process lives. */
  open(user: DiskUser): DatabaseSync {
    const database = this.#database;
    if (database.isTransaction) database.exec('ROLLBACK');
    let closed = false;
    const requireOpen = () => {
      if (closed || !user.isAlive()) throw new Error('database is not open');
    };
    const exec = (sql: string): void => {
      requireOpen();
      if (/^\s*COMMIT/i.test(sql)) this.#commit(database, user);
      else database.exec(sql);
    };
    const prepare = (sql: string) => {
      requireOpen();
      const statement = this.#prepare(sql);
      const guard = <Args extends unknown[], Result>(act: (...args: Args) => Result) => {
        return (...args: Args): Result => {
          requireOpen();
          return act(...args);
        };
      };
      return {
        get: guard((...args: SQLInputValue[]) => statement.get(...args)),
        all: guard((...args: SQLInputValue[]) => statement.all(...args)),
        iterate: guard((...args: SQLInputValue[]) => statement.iterate(...args)),
        run: guard((...args: SQLInputValue[]) => {
          // Outside a transaction a statement commits by itself.
          if (!database.isTransaction) this.#fail();
          return statement.run(...args);
        }),
      };
    };
    return new Proxy(database, {
      get: (target, name) => {
        if (name === 'exec') return exec;
        if (name === 'prepare') return prepare;
        if (name === 'isOpen') return !closed && user.isAlive();
        if (name === 'close') return () => void (closed = true);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Each text once a database: a gateway starts anew all the time. */
  #prepare(sql: string): StatementSync {
    let own = this.#prepared.get(this.#database);
    if (own === undefined) this.#prepared.set(this.#database, (own = new Map()));
    let statement = own.get(sql);
    if (statement === undefined) own.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #commit(database: DatabaseSync, user: DiskUser): void {
    this.commits++;
    if (this.cutIn !== undefined && --this.cutIn <= 0) {
      this.cutIn = undefined;
      database.exec(this.cutAt === 'after' ? 'COMMIT' : 'ROLLBACK');
      user.kill();
      throw new Error('the power went');
    }
    try {
      this.#fail();
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
    database.exec('COMMIT');
  }

  #fail(): void {
    const fault = this.failing ?? (this.failNext > 0 ? 'EIO' : undefined);
    if (fault === undefined) return;
    if (this.failing === undefined) this.failNext--;
    throw Object.assign(new Error(fault === 'EIO' ? 'disk I/O error' : 'database or disk is full'), {
      code: 'ERR_SQLITE_ERROR',
      errcode: FAULTS[fault],
    });
  }
}
