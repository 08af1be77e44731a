import { basename } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Log } from '../../protocols/log.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { verifyParts } from '../../protocols/evidence/seal.ts';
import { parseRecord, parseRecordHead } from '../../protocols/telemetry/record.ts';
import type { ChainTip } from './chain-index.ts';
import type { DamagedRecord, GoneRange, LedgerRecord, RecordMark } from './ledger.ts';
import { isHeadOnly } from './record-row.ts';
import { isDamage, openMonthToRead, RUNS_WALKED, versionOf } from './month-schema.ts';

/** What a month holds of one chain. */
export interface MonthChain {
  agent: string;
  epoch: string;
  key: string;
  firstOrdinal: number;
  records: number;
  samples: number;
}

const RECORD = 'SELECT ordinal, received_ms AS receivedMs, hash, bytes FROM record';

/** Reads one month of the ledger, read-only, beside the thread that writes it. */
export class MonthReader {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #log: Log;
  readonly #onDamage: ((error: unknown) => never) | undefined;
  readonly #after: StatementSync;
  readonly #ofMachine: StatementSync;
  readonly #byOrdinal: StatementSync;
  readonly #bySeq: StatementSync;
  readonly #config: StatementSync;
  readonly #noted: StatementSync;
  readonly #isPruned: boolean;
  #machines: string[] | undefined;
  /** Records that were read and are not as they were admitted, by their ordinals. */
  readonly damaged = new Map<number, DamagedRecord>();

  /** @param onDamage is called with SQLite's error where a read shows that the file is damaged; by default, that is thrown */
  constructor(path: string, log: Log, onDamage?: (error: unknown) => never) {
    this.#onDamage = onDamage;
    this.#path = path;
    this.#log = log;
    this.#db = openMonthToRead(path);
    this.#isPruned = this.meta('pruned') > 0;
    this.#after = this.#db.prepare(`${RECORD} WHERE ordinal > ? ORDER BY ordinal LIMIT ?`);
    this.#byOrdinal = this.#db.prepare(`${RECORD} WHERE ordinal = ?`);
    this.#bySeq = this.#db.prepare(
      'SELECT hash, prev, sealed_to_ms AS sealedToMs FROM record WHERE agent = ? AND epoch = ? AND seq = ?',
    );
    this.#ofMachine = this.#db.prepare(
      `SELECT DISTINCT ordinal FROM part WHERE machine = ?1 AND last_ms >= ?2 AND first_ms <= ?3
       AND first_ms >= ?2 - (SELECT value FROM meta WHERE name = 'longest_ms') ORDER BY ordinal`,
    );
    this.#config = this.#db.prepare(
      `${RECORD} WHERE kind = 'config' AND config = ?1 ORDER BY agent = ?2 DESC, ordinal`,
    );
    this.#noted = this.#db.prepare(
      'SELECT agent, epoch, seq, first_ms AS firstMs, last_ms AS lastMs FROM record WHERE ordinal = ?',
    );
  }

  /** Records with ordinals above `after`, ascending, at most `limit`. */
  readAfter(after: number, limit: number): LedgerRecord[] {
    const records: LedgerRecord[] = [];
    let cursor = after;
    let more = true;
    // A damaged record is left out; the ones behind it must not look like the end.
    while (more && records.length < limit) {
      const rows = this.#read(() => this.#after.all(cursor, limit - records.length));
      more = rows.length === limit - records.length;
      for (const row of rows) {
        cursor = Number(row['ordinal']);
        const record = this.#recordOf(row);
        if (record !== undefined) records.push(record);
      }
    }
    return records;
  }

  /** What is noted beside records with ordinals above `after`, ascending, at most `limit`; no bytes are read. */
  readMarks(after: number, limit: number): RecordMark[] {
    const sql =
      'SELECT ordinal, received_ms AS receivedMs, agent, epoch, hash FROM record WHERE ordinal > ? ORDER BY ordinal LIMIT ?';
    return this.#read(() => this.#db.prepare(sql).all(after, limit)) as unknown as RecordMark[];
  }

  /** Agents with a record that holds a part of the machine, in no order. */
  agentsOf(machine: string): string[] {
    const sql =
      'SELECT DISTINCT agent FROM record WHERE ordinal IN (SELECT ordinal FROM part WHERE machine = ?)';
    return this.#read(() => this.#db.prepare(sql).all(machine)).map((row) => String(row['agent']));
  }

  /** Ordinals of the records with a part of the machine and readings in wall time [fromMs, toMs], ascending. */
  ordinalsOf(machine: string, fromMs: number, toMs: number): number[] {
    return this.#read(() => this.#ofMachine.all(machine, fromMs, toMs)).map((row) => Number(row['ordinal']));
  }

  recordAt(ordinal: number): LedgerRecord | undefined {
    return this.#recordOf(this.#read(() => this.#byOrdinal.get(ordinal)));
  }

  /** Hash, predecessor and end of one record. */
  lookUp(agent: string, epoch: string, seq: number): (ChainTip & { prev: string | null }) | undefined {
    const row = this.#read(() => this.#bySeq.get(agent, epoch, seq));
    return row === undefined ? undefined : (row as unknown as ChainTip & { prev: string | null });
  }

  configRecord(agent: string, configHash: string): LedgerRecord | undefined {
    for (const row of this.#read(() => this.#config.all(configHash, agent))) {
      const record = this.#recordOf(row);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** Ordinals of the `config` records, ascending. */
  configOrdinals(): number[] {
    const sql = "SELECT ordinal FROM record INDEXED BY record_config WHERE kind = 'config' ORDER BY ordinal";
    return this.#read(() => this.#db.prepare(sql).all()).map((row) => Number(row['ordinal']));
  }

  chains(): MonthChain[] {
    return this.#db
      .prepare('SELECT agent, epoch, key, first_ordinal AS firstOrdinal, records, samples FROM chain')
      .all() as unknown as MonthChain[];
  }

  /** Every gapless run of sequence numbers. */
  ranges(): { agent: string; epoch: string; from: number; to: number }[] {
    const runs = versionOf(this.#db) < 2 ? `(${RUNS_WALKED})` : 'run';
    return this.#db
      .prepare(`SELECT agent, epoch, from_seq AS "from", to_seq AS "to" FROM ${runs}`)
      .all() as unknown as { agent: string; epoch: string; from: number; to: number }[];
  }

  /** What its records say will never come of their chains. */
  gone(): ({ agent: string; epoch: string } & GoneRange)[] {
    if (versionOf(this.#db) < 2) return [];
    return this.#db
      .prepare('SELECT agent, epoch, from_seq AS "from", to_seq AS "to", fate FROM gone')
      .all() as unknown as ({ agent: string; epoch: string } & GoneRange)[];
  }

  /** First and last ordinal; both null while the month is empty. `floor`: no ordinal at or below it is given again. */
  ordinals(): { first: number | null; last: number | null; floor: number } {
    const sql = `SELECT (SELECT min(ordinal) FROM record) AS first, (SELECT max(ordinal) FROM record) AS last,
      (SELECT value FROM meta WHERE name = 'ordinal_floor') AS floor`;
    return this.#read(() => this.#db.prepare(sql).get()) as unknown as {
      first: number | null;
      last: number | null;
      floor: number;
    };
  }

  /** A figure of the whole month; 0 where none is noted. */
  meta(name: 'pruned' | 'longest_ms'): number {
    const sql = 'SELECT value FROM meta WHERE name = ?';
    return Number(this.#read(() => this.#db.prepare(sql).get(name))?.['value'] ?? 0);
  }

  /** Whether what may go was let go. */
  isPruned(): boolean {
    const sql = "SELECT 1 FROM meta WHERE name = 'pruned'";
    return this.#read(() => this.#db.prepare(sql).get()) !== undefined;
  }

  close(): void {
    this.#db.close();
  }

  #read<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (this.#onDamage !== undefined && isDamage(error)) return this.#onDamage(error);
      throw error;
    }
  }

  // A disk may change bytes without telling: what is handed on is what was admitted, or nothing.
  #recordOf(row: Record<string, unknown> | undefined): LedgerRecord | undefined {
    if (row === undefined) return undefined;
    const { ordinal, receivedMs, hash, bytes } = row as unknown as Omit<LedgerRecord, 'header'>;
    try {
      const head = this.#isPruned ? headIfOnly(bytes) : undefined;
      const frame = head === undefined ? parseRecord(bytes) : undefined;
      const { header, signedBytes } = (head ?? frame)!;
      // The hash binds the header, and the header binds the parts.
      if (sha256(signedBytes) === hash) {
        const record = { ordinal, receivedMs, header, hash, bytes };
        if (frame === undefined) return { ...record, headOnly: true };
        verifyParts(frame);
        return record;
      }
    } catch {
      // Falls through: reported below like a wrong hash.
    }
    this.#noteDamage(ordinal);
    return undefined;
  }

  #noteDamage(ordinal: number): void {
    if (this.damaged.has(ordinal)) return;
    const found = this.#read(() => this.#noted.get(ordinal));
    if (found === undefined) {
      // A walk came by it, and the tree does not lead to it.
      const error = new Error(`record ${ordinal} is not found`);
      if (this.#onDamage !== undefined) this.#onDamage(error);
      throw error;
    }
    const noted = found as unknown as Omit<DamagedRecord, 'ordinal' | 'file' | 'machines'>;
    const file = basename(this.#path);
    const machines = this.#machinesOf(ordinal, noted.firstMs);
    this.damaged.set(ordinal, { ...noted, ordinal, file, machines });
    const { agent, epoch, seq } = noted;
    this.#log.error(
      { file: this.#path, agent, epoch, seq, ordinal, machines },
      'A record in the ledger is not as it was admitted; nothing is derived from it until its agent has sent it again. Where the agent does not keep it any more, stop the collector, restore the file from a backup, delete views.db and start again. `millwatt ledger verify` looks at all records.',
    );
  }

  /** The table has no index by ordinal: one look for each machine of the month. */
  #machinesOf(ordinal: number, firstMs: number): string[] {
    const all = () => this.#db.prepare('SELECT DISTINCT machine FROM part').all();
    this.#machines ??= this.#read(all).map((row) => String(row['machine']));
    const part = this.#db.prepare('SELECT 1 FROM part WHERE machine = ? AND first_ms = ? AND ordinal = ?');
    return this.#machines.filter(
      (machine) => this.#read(() => part.get(machine, firstMs, ordinal)) !== undefined,
    );
  }
}

function headIfOnly(bytes: Uint8Array): ReturnType<typeof parseRecordHead> | undefined {
  const head = parseRecordHead(bytes);
  return isHeadOnly(head.header, bytes) ? head : undefined;
}
