import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ClockState } from '../protocols/telemetry/record.ts';
import { checkOf } from './spool-meta.ts';

/** A process run and both of its clocks read at one moment. */
export interface BootAnchor {
  boot: string;
  /** Hash of the config snapshot its readings rest on. */
  config: string;
  mono: number;
  wall: number;
  state: ClockState;
}

/** Readings of one machine on their way to disk. */
export interface OpenRow {
  /** 1, 2, 3 ... in a boot: a row that is written again, because it was not known whether it was written, comes once. */
  number: number;
  machine: string;
  samples: number;
  /** Text of a MachinePart. */
  part: string;
}

/** What an earlier process run left open. */
export interface Leftovers {
  /** Undefined where the disk spoilt it and no record of that boot is there: nobody knows when it was read. */
  anchor: BootAnchor | undefined;
  boot: string;
  rows: OpenRow[];
  /** Of rows that the disk spoilt; they stand in `open` still. */
  spoilt: { id: number; samples: number }[];
}

/** Readings that are durable and not sealed, with the runs they were read in. Every change inside a transaction. */
export class OpenRows {
  readonly #insert: StatementSync;
  readonly #written: StatementSync;
  readonly #deleteMachines: StatementSync;
  readonly #deleteBoot: StatementSync;
  readonly #deleteRow: StatementSync;
  readonly #rows: StatementSync;
  readonly #upsertBoot: StatementSync;
  readonly #boot: StatementSync;
  readonly #otherBoots: StatementSync;
  readonly #forgetBoots: StatementSync;
  readonly #anchorOfRecord: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(
      'INSERT INTO open (boot, machine, samples, part, sum) VALUES (?, ?, ?, ?, ?)',
    );
    this.#written = database.prepare('SELECT rows FROM boots WHERE boot = ?');
    // One pass over the table for all machines: a statement a machine would be one each.
    this.#deleteMachines = database.prepare(
      'DELETE FROM open WHERE boot = ? AND machine IN (SELECT value FROM json_each(?))',
    );
    this.#deleteRow = database.prepare('DELETE FROM open WHERE id = ?');
    this.#deleteBoot = database.prepare('DELETE FROM open WHERE boot = ? RETURNING samples');
    this.#rows = database.prepare(
      'SELECT id, machine, samples, part, sum FROM open WHERE boot = ? ORDER BY id',
    );
    // The config too: what is open rests on the one that holds now, because all before was sealed when it changed.
    this.#upsertBoot = database.prepare(
      `INSERT INTO boots (boot, config, mono, wall, state, rows, sum) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (boot) DO UPDATE SET config = excluded.config, mono = excluded.mono, wall = excluded.wall,
         state = excluded.state, rows = excluded.rows, sum = excluded.sum`,
    );
    this.#boot = database.prepare('SELECT * FROM boots WHERE boot = ?');
    this.#otherBoots = database.prepare(
      'SELECT boot FROM open WHERE boot <> ? GROUP BY boot ORDER BY MIN(id)',
    );
    this.#forgetBoots = database.prepare(
      'DELETE FROM boots WHERE boot <> ?1 AND boot NOT IN (SELECT boot FROM open WHERE boot <> ?1)',
    );
    this.#anchorOfRecord = database.prepare(
      'SELECT config, mono, wall, clock FROM headers WHERE boot = ? ORDER BY id DESC LIMIT 1',
    );
  }

  /** Adds those that are not there; gives how many samples came. */
  append(rows: readonly OpenRow[], { boot, config, mono, wall, state }: BootAnchor): number {
    let written = Number(this.#written.get(boot)?.['rows'] ?? 0);
    let samples = 0;
    for (const row of rows) {
      if (row.number <= written) continue;
      const sum = checkOf(boot, row.machine, row.samples, row.part);
      this.#insert.run(boot, row.machine, row.samples, row.part, sum);
      samples += row.samples;
      written = row.number;
    }
    const sum = checkOf(boot, config, mono, wall, state, written);
    this.#upsertBoot.run(boot, config, mono, wall, state, written, sum);
    return samples;
  }

  /** The rows of these machines are in a record. */
  delete(boot: string, machines: readonly string[]): void {
    if (machines.length > 0) this.#deleteMachines.run(boot, JSON.stringify(machines));
  }

  /** Deletes single rows. */
  deleteRows(ids: readonly number[]): void {
    for (const id of ids) this.#deleteRow.run(id);
  }

  /** Deletes what a boot has open still; gives how many samples that is. */
  deleteBoot(boot: string): number {
    return this.#deleteBoot.all(boot).reduce((sum, row) => sum + Number(row['samples']), 0);
  }

  /** Run by run and in order; `current` is left out. */
  leftovers(current: string): Leftovers[] {
    return this.#otherBoots.all(current).map((row) => {
      const boot = String(row['boot']);
      const left: Leftovers = { anchor: this.#anchorOf(boot), boot, rows: [], spoilt: [] };
      for (const open of this.#rows.all(boot)) {
        const [machine, samples, part] = [
          String(open['machine']),
          Number(open['samples']),
          String(open['part']),
        ];
        const isSound = open['sum'] === null || Number(open['sum']) === checkOf(boot, machine, samples, part);
        if (isSound) left.rows.push({ number: left.rows.length + 1, machine, samples, part });
        else left.spoilt.push({ id: Number(open['id']), samples });
      }
      return left;
    });
  }

  /** Forgets earlier process runs of which nothing is open. */
  forgetBoots(current: string): void {
    this.#forgetBoots.run(current);
  }

  #anchorOf(boot: string): BootAnchor | undefined {
    const row = this.#boot.get(boot);
    if (row !== undefined) {
      const anchor: BootAnchor = {
        boot,
        config: String(row['config']),
        mono: Number(row['mono']),
        wall: Number(row['wall']),
        state: row['state'] as ClockState,
      };
      const { config, mono, wall, state } = anchor;
      // Rows of format 1 have no check.
      if (
        row['sum'] === null ||
        Number(row['sum']) === checkOf(boot, config, mono, wall, state, Number(row['rows']))
      )
        return anchor;
    }
    const record = this.#anchorOfRecord.get(boot);
    return record === undefined
      ? undefined
      : {
          boot,
          config: String(record['config']),
          mono: Number(record['mono']),
          wall: Number(record['wall']),
          state: record['clock'] as ClockState,
        };
  }
}
