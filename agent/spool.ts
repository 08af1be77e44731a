import type { DatabaseSync } from 'node:sqlite';
import { describeError } from '../protocols/errors.ts';
import { headerHash, verifyRecord, type SealedRecord } from '../protocols/evidence/seal.ts';
import type { Log } from '../protocols/log.ts';
import { parseRecord, type ClockState, type RecordKind } from '../protocols/telemetry/record.ts';
import { drawToken } from '../protocols/telemetry/ids.ts';
import { SpoolAccounts, type RecordAccounts, type SampleAccounts } from './spool-accounts.ts';
import { SpoolDrops, type Drop } from './spool-drops.ts';
import { isAlone, shareAgain } from './spool-alone.ts';
import { openSpoolDatabase, transact, watch } from './spool-database.ts';
import { prepareHeaderInsert } from './spool-format.ts';
import { SpoolFullness } from './spool-fullness.ts';
import { SpoolMeta } from './spool-meta.ts';
import { prepareSpoolStatements } from './spool-statements.ts';
import { OpenRows, type BootAnchor, type Leftovers, type OpenRow } from './spool-open-rows.ts';
import { RunningAge } from './running-age.ts';
import { SpoolRetention } from './spool-retention.ts';

const NO_HEAD: ChainHead = { epoch: '', seq: 0, hash: null, config: null };
const YEAR_MS = 365 * 86_400_000;

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

/** An epoch that ended before the current one began. */
export interface Followed {
  /** `fork`: another record was sealed under its name; `corrupt`: where it stood was lost to damage; `key`: a new key. */
  reason: string;
  before: string;
  /** Its last seq that is known. */
  beforeSeq: number;
  /** Header hash of that record, where it is known. */
  beforeHash?: string;
}

/** What stands in the header of a record that waits for its receipt. */
export interface PendingHeader {
  id: number;
  epoch: string;
  seq: number;
  kind: RecordKind;
  samples: number;
  /** Bytes of the record. */
  size: number;
  boot: string;
  config: string;
  /** Both clocks as the header has them, ms. */
  mono: number;
  wall: number;
  clock: ClockState;
  /** It was made of others already. */
  thinned: boolean;
}

/** The agent's durable memory: what it returns from is on disk. All calls are synchronous. */
export class Spool {
  readonly #database: DatabaseSync;
  /** When it was full the last time. */
  readonly fullness: SpoolFullness;
  readonly #isLazy: boolean;
  readonly #folder: string;
  /** The disk was full when it was opened: until it is shared again, no other process can read it. */
  #isAlone: boolean;
  readonly #log: Log;
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #accounts: SpoolAccounts;
  readonly #meta: SpoolMeta;
  readonly #insertHeader: ReturnType<typeof prepareHeaderInsert>;
  readonly #open: OpenRows;
  readonly #drops: SpoolDrops;
  readonly #retention: SpoolRetention;
  readonly #statements: ReturnType<typeof prepareSpoolStatements>;
  #head: ChainHead;
  readonly #age: RunningAge;

  constructor(options: {
    folder: string;
    maxBytes: number;
    keepMs: number;
    /** Running time after which readings that no collector took are dropped, ms; a year by default. */
    maxAgeMs?: number;
    /** `group` by default. With `os` a power cut may cost readings that were not sealed; records are on disk in any case. */
    durability?: 'always' | 'group' | 'os';
    randomBytes: (count: number) => Uint8Array;
    log: Log;
    /** Opens the database; that of the folder by default. */
    open?: typeof openSpoolDatabase;
  }) {
    this.#isLazy = options.durability === 'os';
    this.#database = (options.open ?? openSpoolDatabase)(options.folder, options.log, this.#isLazy);
    this.#folder = options.folder;
    this.#isAlone = isAlone(this.#database);
    this.#randomBytes = options.randomBytes;
    this.#log = options.log;
    this.#sync(!this.#isLazy);
    this.#accounts = new SpoolAccounts(this.#database);
    this.#drops = new SpoolDrops(this.#database);
    this.#open = new OpenRows(this.#database);
    this.#retention = new SpoolRetention(this.#database, {
      ...options,
      maxAgeMs: options.maxAgeMs ?? YEAR_MS,
      accounts: this.#accounts,
      drops: this.#drops,
    });
    this.#statements = prepareSpoolStatements(this.#database);
    this.#meta = new SpoolMeta(this.#database);
    this.fullness = new SpoolFullness(this.#database, this.#meta, options.maxBytes, () => this.usedBytes());
    this.#insertHeader = prepareHeaderInsert(this.#database);
    this.#reconcile(options.log);
    this.#age = new RunningAge(Number(this.#meta.get('age') ?? 0));
    const head = this.#meta.get('head');
    this.#head = head === null ? NO_HEAD : (JSON.parse(head) as ChainHead);
    if (head === null) this.#beginAnew();
    // A version before this one may have been cut off between hearing of a fork and opening a new epoch.
    else if (this.#statements.forked.get(this.#head.epoch) !== undefined)
      this.#moveHead((old) => this.#leave(old, 'fork'));
  }

  /** The epoch that ended before this one began, until the chain tells of it; null when none did, and afterwards. */
  get followed(): Followed | null {
    const text = watch(this.#database, () => this.#meta.get('followed'));
    // Versions before this one kept it for damage only, without the reason.
    return text === null ? null : { reason: 'corrupt', ...(JSON.parse(text) as Omit<Followed, 'reason'>) };
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** A new epoch begins, which tells which one it follows. */
  leaveEpoch(reason: string): void {
    this.#moveHead((head) => this.#leave(head, reason));
  }

  /** Makes readings durable, with the clocks they were read by; rows that are there already change nothing. */
  append(rows: readonly OpenRow[], anchor: BootAnchor): void {
    transact(this.#database, () => this.#append(rows, anchor));
    if (this.#isAlone) this.#isAlone = !shareAgain(this.#database, this.#folder);
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
    /** Ids of the drops that the one record tells. */
    told?: readonly number[];
    /** The records tell of `followed`. */
    tellsFollowed?: boolean;
  }): void {
    this.#moveHead((from) => {
      let head = from;
      this.#append(change.rows, change.anchor);
      this.#open.delete(change.anchor.boot, change.machines);
      if (change.tellsFollowed === true) this.#meta.set('followed', null);
      // Before room is made: what is dropped for this very record is no part of what it tells.
      const [log] = change.records;
      if (change.told !== undefined && log !== undefined)
        this.#drops.markTold(change.told, log.header.epoch, log.header.seq);
      this.#retention.expire(this.#age.ms);
      this.fullness.note(0, this.#retention.makeRoom(sizeOf(change.records)));
      for (const record of change.records) head = this.#insert(record, head, this.#age.ms);
      return head;
    });
  }

  /**
   * By how many bytes the spool would be too large with so many more, after all went that nobody waits for; 0 while they fit. It
   * deletes those records.
   */
  excessBytes(bytes: number): number {
    return this.#retention.excessBytes(bytes) === 0
      ? 0
      : transact(this.#database, () => this.#retention.freeSettled(bytes));
  }

  /**
   * One transaction: the records thinnedFrom .. thinnedTo of this one's epoch that wait for a receipt go, and it comes at the
   * head of the chain in their place. Samples that it does not hold count as thinned.
   */
  thin(record: SealedRecord): void {
    const { epoch, thinnedFrom = 0, thinnedTo = 0, samples } = record.header;
    this.#moveHead((head) => {
      const rows = this.#statements.originals.all(epoch, thinnedFrom, thinnedTo);
      for (const row of rows) this.#retention.remove(Number(row['id']));
      const thinned = rows.reduce((sum, row) => sum + Number(row['samples']), 0) - samples;
      this.#accounts.addThinned(rows.length, thinned);
      this.fullness.note(thinned, 0);
      // It is as old as the oldest of them.
      const ageMs = Math.min(this.#age.ms, ...rows.map((row) => Number(row['age'] ?? this.#age.ms)));
      return this.#insert(record, head, ageMs);
    });
  }

  /** What stands in the headers of records without receipt after an id, oldest first. */
  pendingHeaders(afterId: number, limit: number): PendingHeader[] {
    return this.#statements.pendingHeaders.all(afterId, limit).map((row) => ({
      id: Number(row['id']),
      epoch: String(row['epoch']),
      seq: Number(row['seq']),
      kind: row['kind'] as RecordKind,
      samples: Number(row['samples']),
      size: Number(row['size']),
      boot: String(row['boot']),
      config: String(row['config']),
      mono: Number(row['mono']),
      wall: Number(row['wall']),
      clock: row['clock'] as ClockState,
      thinned: row['thinned_from'] !== null,
    }));
  }

  /** Open rows that earlier process runs left, run by run and in order; `current` is left out. */
  leftovers(current: string): Leftovers[] {
    return this.#open.leftovers(current);
  }

  /** Removes open rows of a machine that cannot be read back, and counts their samples as dropped. */
  dropOpen(boot: string, machine: string, samples: number): void {
    transact(this.#database, () => {
      this.#open.delete(boot, [machine]);
      this.#countDropped('unreadable', samples);
    });
  }

  /** Removes open rows that the disk spoilt, and counts their samples as dropped. */
  dropSpoilt(rows: Leftovers['spoilt']): void {
    transact(this.#database, () => {
      this.#open.deleteRows(rows.map(({ id }) => id));
      this.#countDropped(
        'corrupt',
        rows.reduce((sum, { samples }) => sum + samples, 0),
      );
    });
  }

  /** Removes what a boot has open, because the disk spoilt the clocks it was read by, and counts its samples as dropped. */
  dropBoot(boot: string): void {
    transact(this.#database, () => this.#countDropped('corrupt', this.#open.deleteBoot(boot)));
  }

  /** Counts samples that were read and never reached the disk. */
  countLost(reason: string, samples: number): void {
    transact(this.#database, () => {
      this.#accounts.addSampled(samples);
      this.#countDropped(reason, samples);
    });
  }

  /** Records that are asked for and will never be sent are told in the chain; the samples in them are accounted for already. */
  tellGone(epoch: string, reason: string, range: { from: number; to: number }, samples: number): void {
    transact(this.#database, () => this.#drops.addRecords(epoch, reason, range.from, range.to, samples));
  }

  /** Drops that no log record tells yet, oldest first. */
  untold(limit: number): Drop[] {
    return this.#drops.untold(limit);
  }

  /** Forgets earlier process runs; nothing of theirs may be open. */
  forgetBoots(current: string): void {
    this.#open.forgetBoots(current);
  }

  /** Records without receipt after an id, oldest first; one that does not hold any more is set aside and left out. */
  pendingAfter(id: number, limit: number): SpooledRecord[] {
    return watch(this.#database, () => this.#statements.pendingAfter.all(id, limit)).flatMap(
      (row) => this.#soundRecord(row) ?? [],
    );
  }

  /** A record by its place in a chain, whatever its state; undefined when it is not kept, or does not hold any more. */
  record(epoch: string, seq: number): SpooledRecord | undefined {
    const row = watch(this.#database, () => this.#statements.record.get(epoch, seq));
    return row === undefined ? undefined : this.#soundRecord(row);
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
  markReceipted(epoch: string, ranges: readonly { from: number; to: number }[]): number[] {
    return transact(this.#database, () => {
      const ids: number[] = [];
      let samples = 0;
      for (const { from, to } of ranges) {
        for (const row of this.#statements.receipt.all(this.#age.ms, epoch, from, to)) {
          ids.push(Number(row['id']));
          samples += Number(row['samples']);
          if (row['kind'] === 'log') this.#drops.forget(epoch, Number(row['seq']));
        }
      }
      this.#accounts.addReceipted(ids.length, samples);
      return ids;
    });
  }

  /** A collector lacks records that it once receipted: they wait for a receipt again. Gives what they are, in no order. */
  takeBack(epoch: string, ranges: readonly { from: number; to: number }[]): { id: number; seq: number }[] {
    return transact(this.#database, () => {
      const rows = ranges.flatMap(({ from, to }) => this.#statements.takeBack.all(epoch, from, to));
      this.#accounts.addReceipted(-rows.length, -rows.reduce((sum, row) => sum + Number(row['samples']), 0));
      return rows.map((row) => ({ id: Number(row['id']), seq: Number(row['seq']) }));
    });
  }

  /**
   * Sets a record that will never be accepted aside; gives its id, or undefined when it was not waiting. A fork of the
   * current epoch ends it in the same transaction: nobody tells of it again after a crash in between.
   */
  markRejected(epoch: string, seq: number, reason: string): number | undefined {
    let id: number | undefined;
    const reject = () => {
      const row = this.#statements.reject.get(reason, this.#age.ms, epoch, seq);
      id = row === undefined ? undefined : Number(row['id']);
      if (row === undefined) return;
      this.#accounts.addRejected(1, Number(row['samples']));
      this.#drops.forget(epoch, seq);
    };
    if (reason !== 'fork' || epoch !== this.#head.epoch) transact(this.#database, reject);
    else
      this.#moveHead((head) => {
        reject();
        return id === undefined ? head : this.#leave(head, 'fork');
      });
    return id;
  }

  /** The collector key that was pinned at first use; null before. */
  get pinnedKey(): string | null {
    return this.#meta.get('collector.key');
  }

  pinKey(key: string): void {
    this.#meta.set('collector.key', key);
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

  /** Where the chain stood is not known, or there was none: what is published under a seq must never be another record. */
  #beginAnew(): void {
    const last = this.#database
      .prepare('SELECT epoch, MAX(seq) AS seq FROM records GROUP BY epoch ORDER BY MAX(id) DESC LIMIT 1')
      .get();
    const before: ChainHead = {
      ...NO_HEAD,
      epoch: String(last?.['epoch'] ?? ''),
      seq: Number(last?.['seq'] ?? 0),
    };
    this.#moveHead(() => this.#leave(before, 'corrupt'));
    if (last === undefined) return;
    this.#log.error(
      { before: last['epoch'] },
      'where the chain stood is not known any more; a new one begins',
    );
  }

  /** The head of a new chain; which one ended is kept until it is told there. Inside a transaction. */
  #leave({ epoch: before, seq: beforeSeq, hash }: ChainHead, reason: string): ChainHead {
    const followed: Followed = { reason, before, beforeSeq, ...(hash === null ? {} : { beforeHash: hash }) };
    // Of one in which nothing was sealed there is nothing to tell, and what came before it is not told yet.
    if (beforeSeq > 0) this.#meta.set('followed', JSON.stringify(followed));
    return { epoch: drawToken(this.#randomBytes), seq: 0, hash: null, config: null };
  }

  /** What the disk spoilt is never published: it is set aside where it is, counted, and told in the chain. */
  #soundRecord(row: Record<string, unknown>): SpooledRecord | undefined {
    const record = toRecord(row);
    try {
      const frame = parseRecord(record.bytes);
      verifyRecord(frame);
      const hash = headerHash(frame);
      // The record proves itself, its hash beside it does not.
      if (hash !== row['hash']) this.#statements.setHash.run(hash, record.id);
      return record;
    } catch (error) {
      const { id, epoch, seq } = record;
      this.#log.error(
        { epoch, seq, reason: describeError(error) },
        'the disk spoilt a record; it is set aside',
      );
      transact(this.#database, () => this.#setAside(id, epoch, seq));
      return undefined;
    }
  }

  #setAside(id: number, epoch: string, seq: number): void {
    const row = this.#statements.setAside.get(id);
    if (row === undefined) return;
    const samples = Number(row['samples']);
    this.#accounts.addDropped('corrupt', 1, samples);
    this.#drops.untell(epoch, seq);
    this.#drops.addRecords(epoch, 'corrupt', seq, seq, samples);
  }

  #reconcile(log: Log): void {
    const missing = transact(this.#database, () => {
      // A state that cannot be was flipped; what a collector has already it receipts again.
      this.#database.exec(
        "UPDATE records SET state = 'sealed' WHERE state NOT IN ('sealed', 'receipted', 'rejected', 'corrupt')",
      );
      return this.#accounts.reconcile();
    });
    if (missing !== 0)
      log.error({ samples: missing }, 'the accounts of the spool did not hold; they were set right');
  }

  #append(rows: readonly OpenRow[], anchor: BootAnchor): void {
    this.#accounts.addSampled(this.#open.append(rows, anchor));
    this.#meta.set('age', String(this.#age.advance(anchor)));
    this.fullness.tick(anchor);
  }

  #insert(record: SealedRecord, head: ChainHead, ageMs: number): ChainHead {
    const { hash, bytes, header } = record;
    const { epoch, seq, kind, samples, first, last } = header;
    const insert = this.#statements.insertRecord;
    const row = insert.run(epoch, seq, kind, hash, samples, first, last, bytes.length, bytes);
    this.#insertHeader(Number(row.lastInsertRowid), header, ageMs);
    this.#accounts.addSealed(1);
    return { ...head, seq, hash, config: kind === 'config' ? header.config : head.config };
  }

  #countDropped(reason: string, samples: number): void {
    if (samples === 0) return;
    this.#accounts.addDropped(reason, 0, samples);
    this.#drops.addSamples(this.#head.epoch, reason, samples);
  }

  /** What moves the head is on disk whatever the durability: a head that falls back behind what was published forks the chain. */
  #moveHead(change: (head: ChainHead) => ChainHead): ChainHead {
    if (this.#isLazy) this.#sync(true);
    try {
      this.#head = transact(this.#database, () => {
        const head = change(this.#head);
        this.#meta.set('head', JSON.stringify(head));
        return head;
      });
    } finally {
      if (this.#isLazy) this.#sync(false);
    }
    return this.#head;
  }

  #sync(full: boolean): void {
    this.#database.exec(`PRAGMA synchronous=${full ? 'FULL' : 'NORMAL'}`);
  }
}

function sizeOf(records: readonly SealedRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function toRecord(row: Record<string, unknown>): SpooledRecord {
  return {
    id: Number(row['id']),
    epoch: String(row['epoch']),
    seq: Number(row['seq']),
    bytes: row['bytes'] as Uint8Array,
  };
}
