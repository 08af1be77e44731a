import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Log } from '../../protocols/log.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import type { ChainTip } from './chain-index.ts';
import type { LedgerRecord } from './ledger.ts';

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
  readonly #after: StatementSync;
  readonly #ofMachine: StatementSync;
  readonly #byOrdinal: StatementSync;
  readonly #bySeq: StatementSync;
  readonly #config: StatementSync;
  /** Records that no longer have the hash they came with. */
  damaged = 0;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
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
      `${RECORD} WHERE kind = 'config' AND config = ?1 ORDER BY agent = ?2 DESC, ordinal LIMIT 1`,
    );
  }

  /** Records with ordinals above `after`, ascending, at most `limit`. */
  readAfter(after: number, limit: number): LedgerRecord[] {
    const records: LedgerRecord[] = [];
    let cursor = after;
    let more = true;
    // A damaged record is left out; the ones behind it must not look like the end.
    while (more && records.length < limit) {
      const rows = this.#after.all(cursor, limit - records.length);
      more = rows.length === limit - records.length;
      for (const row of rows) {
        cursor = Number(row['ordinal']);
        const record = this.#recordOf(row);
        if (record !== undefined) records.push(record);
      }
    }
    return records;
  }

  /** Ordinals of the records with a part of the machine and readings in wall time [fromMs, toMs], ascending. */
  ordinalsOf(machine: string, fromMs: number, toMs: number): number[] {
    return this.#ofMachine.all(machine, fromMs, toMs).map((row) => Number(row['ordinal']));
  }

  recordAt(ordinal: number): LedgerRecord | undefined {
    return this.#recordOf(this.#byOrdinal.get(ordinal));
  }

  /** Hash, predecessor and end of one record. */
  lookUp(agent: string, epoch: string, seq: number): (ChainTip & { prev: string | null }) | undefined {
    const row = this.#bySeq.get(agent, epoch, seq);
    return row === undefined ? undefined : (row as unknown as ChainTip & { prev: string | null });
  }

  configRecord(agent: string, configHash: string): LedgerRecord | undefined {
    return this.#recordOf(this.#config.get(configHash, agent));
  }

  /** Ordinals of the `config` records, ascending. */
  configOrdinals(): number[] {
    return this.#db
      .prepare("SELECT ordinal FROM record INDEXED BY record_config WHERE kind = 'config' ORDER BY ordinal")
      .all()
      .map((row) => Number(row['ordinal']));
  }

  chains(): MonthChain[] {
    return this.#db
      .prepare('SELECT agent, epoch, key, first_ordinal AS firstOrdinal, records, samples FROM chain')
      .all() as unknown as MonthChain[];
  }

  /** Every gapless run of sequence numbers. */
  ranges(): { agent: string; epoch: string; from: number; to: number }[] {
    return this.#db
      .prepare(
        `SELECT agent, epoch, min(seq) AS "from", max(seq) AS "to" FROM (
           SELECT agent, epoch, seq, seq - row_number() OVER (PARTITION BY agent, epoch ORDER BY seq) AS run
           FROM record) GROUP BY agent, epoch, run`,
      )
      .all() as unknown as { agent: string; epoch: string; from: number; to: number }[];
  }

  /** First and last ordinal; both null while the month is empty. `floor`: no ordinal at or below it is given again. */
  ordinals(): { first: number | null; last: number | null; floor: number } {
    return this.#db
      .prepare(
        `SELECT (SELECT min(ordinal) FROM record) AS first, (SELECT max(ordinal) FROM record) AS last,
         (SELECT value FROM meta WHERE name = 'ordinal_floor') AS floor`,
      )
      .get() as unknown as { first: number | null; last: number | null; floor: number };
  }

  close(): void {
    this.#db.close();
  }

  // A disk may change bytes without telling: what is handed on is what was admitted, or nothing.
  #recordOf(row: Record<string, unknown> | undefined): LedgerRecord | undefined {
    if (row === undefined) return undefined;
    const { ordinal, receivedMs, hash, bytes } = row as unknown as Omit<LedgerRecord, 'header'>;
    try {
      const frame = parseRecord(bytes);
      if (sha256(frame.signedBytes) === hash)
        return { ordinal, receivedMs, header: frame.header, hash, bytes };
    } catch {
      // Falls through: reported below like a wrong hash.
    }
    this.damaged++;
    this.#log.error(
      { file: this.#path, ordinal, hash },
      'A record in the ledger no longer has the hash it came with; it is left out. Restore the file from a backup.',
    );
    return undefined;
  }
}
