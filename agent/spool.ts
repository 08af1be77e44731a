import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SealedRecord } from '../protocols/evidence/seal.ts';
import type { Log } from '../protocols/log.ts';
import { drawToken } from '../protocols/telemetry/ids.ts';
import type { ClockState } from '../protocols/telemetry/record.ts';
import { SpoolAccounts, type RecordAccounts, type SampleAccounts } from './spool-accounts.ts';
import { openSpoolDatabase, transact } from './spool-database.ts';
import { SpoolRetention } from './spool-retention.ts';

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
  machine: string;
  samples: number;
  /** Text of a MachinePart. */
  part: string;
}

/** A record as the publisher needs it. */
export interface SpooledRecord {
  id: number;
  epoch: string;
  seq: number;
  bytes: Uint8Array;
}

/** Where the chain stands. */
export interface ChainHead {
  epoch: string;
  /** Seq of the last sealed record; 0 before the first. */
  seq: number;
  hash: string | null;
  /** Hash of the last config snapshot sealed in this epoch; null before the first. */
  config: string | null;
}

/** The agent's durable memory: what it returns from is on disk. All calls are synchronous. */
export class Spool {
  readonly #database: DatabaseSync;
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #accounts: SpoolAccounts;
  readonly #retention: SpoolRetention;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #head: ChainHead;

  constructor(options: {
    folder: string;
    maxBytes: number;
    keepMs: number;
    randomBytes: (count: number) => Uint8Array;
    log: Log;
    /** Opens the database; that of the folder by default. */
    open?: typeof openSpoolDatabase;
  }) {
    this.#database = (options.open ?? openSpoolDatabase)(options.folder, options.log);
    this.#randomBytes = options.randomBytes;
    this.#accounts = new SpoolAccounts(this.#database);
    this.#retention = new SpoolRetention(this.#database, { ...options, accounts: this.#accounts });
    this.#statements = prepareStatements(this.#database);
    const epoch = this.#meta('epoch');
    if (epoch === null) this.#head = this.openEpoch();
    else
      this.#head = {
        epoch,
        seq: Number(this.#meta('head.seq') ?? 0),
        hash: this.#meta('head.hash'),
        config: this.#meta('head.config'),
      };
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** Begins a new chain: at the first start, and after a fork. */
  openEpoch(): ChainHead {
    const head: ChainHead = { epoch: drawToken(this.#randomBytes), seq: 0, hash: null, config: null };
    transact(this.#database, () => this.#writeHead(head));
    this.#head = head;
    return head;
  }

  /** Makes readings durable, with the clocks they were read by. */
  append(rows: readonly OpenRow[], anchor: BootAnchor): void {
    transact(this.#database, () => this.#append(rows, anchor));
  }

  /**
   * One transaction: readings that are not durable yet are added, the open rows of these machines in this boot go, the
   * records that now hold them come, and the chain's head moves.
   */
  seal(change: {
    rows: readonly OpenRow[];
    anchor: BootAnchor;
    machines: readonly string[];
    records: readonly SealedRecord[];
    nowMs: number;
  }): void {
    let head = this.#head;
    transact(this.#database, () => {
      this.#append(change.rows, change.anchor);
      this.#deleteOpen(change.anchor.boot, change.machines);
      this.#retention.expire(change.nowMs);
      this.#retention.makeRoom(change.records.reduce((sum, { bytes }) => sum + bytes.length, 0));
      for (const { header, hash, bytes } of change.records) {
        const { epoch, seq, kind, samples, first, last } = header;
        this.#statements.insertRecord.run(epoch, seq, kind, hash, samples, first, last, bytes.length, bytes);
        head = { ...head, seq, hash, config: kind === 'config' ? header.config : head.config };
      }
      this.#accounts.addSealed(change.records.length);
      this.#writeHead(head);
    });
    this.#head = head;
  }

  /** Open rows that earlier process runs left, run by run and in order; `current` is left out. */
  leftovers(current: string): { anchor: BootAnchor; rows: OpenRow[] }[] {
    return this.#statements.otherBoots.all(current).flatMap((row) => {
      const anchor: BootAnchor = {
        boot: String(row['boot']),
        config: String(row['config']),
        mono: Number(row['mono']),
        wall: Number(row['wall']),
        state: row['state'] as ClockState,
      };
      const rows = this.#statements.openRows.all(anchor.boot).map((open) => ({
        machine: String(open['machine']),
        samples: Number(open['samples']),
        part: String(open['part']),
      }));
      return rows.length === 0 ? [] : [{ anchor, rows }];
    });
  }

  /** Removes open rows that cannot be read back, and counts their samples as dropped. */
  dropOpen(boot: string, machine: string, samples: number): void {
    transact(this.#database, () => {
      this.#deleteOpen(boot, [machine]);
      this.#accounts.addDropped('unreadable', 0, samples);
    });
  }

  /** Counts samples that were read and never reached the disk. */
  countLost(reason: string, samples: number): void {
    transact(this.#database, () => {
      this.#accounts.addSampled(samples);
      this.#accounts.addDropped(reason, 0, samples);
    });
  }

  /** Forgets earlier process runs; nothing of theirs may be open. */
  forgetBoots(current: string): void {
    this.#statements.deleteBoots.run(current, current);
  }

  /** Records without receipt after an id, oldest first. */
  pendingAfter(id: number, limit: number): SpooledRecord[] {
    return this.#statements.pendingAfter.all(id, limit).map(toRecord);
  }

  /** A record by its place in a chain, whatever its state; undefined when it is not kept. */
  record(epoch: string, seq: number): SpooledRecord | undefined {
    const row = this.#statements.record.get(epoch, seq);
    return row === undefined ? undefined : toRecord(row);
  }

  /** Hashes of the records from..to of an epoch in order, and how many of them wait for a receipt; undefined when one is missing. */
  hashes(epoch: string, from: number, to: number): { hashes: string[]; pending: number } | undefined {
    const rows = this.#statements.hashes.all(epoch, from, to, to - from + 1);
    if (rows.length !== to - from + 1) return undefined;
    return {
      hashes: rows.map((row) => String(row['hash'])),
      pending: rows.filter((row) => row['state'] === 'sealed').length,
    };
  }

  /** Marks records without receipt in from..to as receipted; gives their ids. */
  markReceipted(epoch: string, ranges: readonly { from: number; to: number }[], nowMs: number): number[] {
    return transact(this.#database, () => {
      const ids: number[] = [];
      let samples = 0;
      for (const { from, to } of ranges) {
        for (const row of this.#statements.receipt.all(nowMs, epoch, from, to)) {
          ids.push(Number(row['id']));
          samples += Number(row['samples']);
        }
      }
      this.#accounts.addReceipted(ids.length, samples);
      return ids;
    });
  }

  /** Sets a record that will never be accepted aside; gives its id, or undefined when it was not waiting. */
  markRejected(epoch: string, seq: number, reason: string, nowMs: number): number | undefined {
    return transact(this.#database, () => {
      const row = this.#statements.reject.get(reason, nowMs, epoch, seq);
      if (row === undefined) return undefined;
      this.#accounts.addRejected(1, Number(row['samples']));
      return Number(row['id']);
    });
  }

  /** The collector key that was pinned at first use; null before. */
  get pinnedKey(): string | null {
    return this.#meta('collector.key');
  }

  pinKey(key: string): void {
    this.#setMeta('collector.key', key);
  }

  accounts(): { samples: SampleAccounts; records: RecordAccounts } {
    return this.#accounts.read();
  }

  /** Bytes that the spool's rows take on disk. */
  usedBytes(): number {
    return this.#retention.usedBytes();
  }

  /** Closing twice does nothing. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #append(rows: readonly OpenRow[], { boot, config, mono, wall, state }: BootAnchor): void {
    let samples = 0;
    for (const row of rows) {
      this.#statements.insertOpen.run(boot, row.machine, row.samples, row.part);
      samples += row.samples;
    }
    this.#statements.upsertBoot.run(boot, config, mono, wall, state);
    this.#accounts.addSampled(samples);
  }

  #deleteOpen(boot: string, machines: readonly string[]): void {
    if (machines.length > 0) this.#statements.deleteOpen.run(boot, JSON.stringify(machines));
  }

  #writeHead(head: ChainHead): void {
    this.#setMeta('epoch', head.epoch);
    this.#setMeta('head.seq', String(head.seq));
    this.#setMeta('head.hash', head.hash);
    this.#setMeta('head.config', head.config);
  }

  #meta(name: string): string | null {
    const row = this.#database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
    return row === undefined ? null : String(row['value']);
  }

  #setMeta(name: string, value: string | null): void {
    if (value === null) this.#database.prepare('DELETE FROM meta WHERE name = ?').run(name);
    else this.#database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(name, value);
  }
}

function prepareStatements(
  database: DatabaseSync,
): Record<
  | 'insertOpen'
  | 'deleteOpen'
  | 'openRows'
  | 'upsertBoot'
  | 'otherBoots'
  | 'deleteBoots'
  | 'insertRecord'
  | 'pendingAfter'
  | 'record'
  | 'hashes'
  | 'receipt'
  | 'reject',
  StatementSync
> {
  return {
    insertOpen: database.prepare('INSERT INTO open (boot, machine, samples, part) VALUES (?, ?, ?, ?)'),
    // One pass over the table for all machines: a statement a machine would be one each.
    deleteOpen: database.prepare(
      'DELETE FROM open WHERE boot = ? AND machine IN (SELECT value FROM json_each(?))',
    ),
    openRows: database.prepare('SELECT machine, samples, part FROM open WHERE boot = ? ORDER BY id'),
    upsertBoot: database.prepare(
      `INSERT INTO boots (boot, config, mono, wall, state) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (boot) DO UPDATE SET mono = excluded.mono, wall = excluded.wall, state = excluded.state`,
    ),
    otherBoots: database.prepare('SELECT * FROM boots WHERE boot <> ? ORDER BY ordinal'),
    deleteBoots: database.prepare(
      'DELETE FROM boots WHERE boot <> ? AND boot NOT IN (SELECT boot FROM open WHERE boot <> ?)',
    ),
    insertRecord: database.prepare(
      `INSERT INTO records (epoch, seq, kind, hash, samples, first, last, size, bytes, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sealed')`,
    ),
    pendingAfter: database.prepare(
      "SELECT id, epoch, seq, bytes FROM records WHERE state = 'sealed' AND id > ? ORDER BY id LIMIT ?",
    ),
    record: database.prepare('SELECT id, epoch, seq, bytes FROM records WHERE epoch = ? AND seq = ?'),
    hashes: database.prepare(
      'SELECT hash, state FROM records WHERE epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?',
    ),
    receipt: database.prepare(
      `UPDATE records SET state = 'receipted', settled = ?
       WHERE epoch = ? AND seq BETWEEN ? AND ? AND state = 'sealed' RETURNING id, samples`,
    ),
    reject: database.prepare(
      `UPDATE records SET state = 'rejected', reason = ?, settled = ?
       WHERE epoch = ? AND seq = ? AND state = 'sealed' RETURNING id, samples`,
    ),
  };
}

function toRecord(row: Record<string, unknown>): SpooledRecord {
  return {
    id: Number(row['id']),
    epoch: String(row['epoch']),
    seq: Number(row['seq']),
    bytes: row['bytes'] as Uint8Array,
  };
}
