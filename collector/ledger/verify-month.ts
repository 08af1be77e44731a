import { basename } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import { examineRow, type NotedRow } from './record-faults.ts';

/** A thing that is not as it should be in a ledger. */
export interface LedgerFault {
  /** A short stable word such as `bad-part-hash`. */
  code: string;
  /** The file it is in; empty where it is in none of them. */
  file: string;
  agent: string;
  epoch: string;
  /** 0 where it is of no single record. */
  seq: number;
  /** A whole sentence. */
  says: string;
}

/** What a month holds of one agent. */
export interface AgentMonth {
  file: string;
  agent: string;
  records: number;
  samples: number;
  faults: number;
}

/** Where one record stands in its chain, as the file notes it. */
export interface ChainLink {
  agent: string;
  epoch: string;
  seq: number;
  hash: string;
  prev: string | null;
  key: string;
  file: string;
}

const ROW = `SELECT ordinal, received_ms AS receivedMs, agent, epoch, seq, hash, key, kind, first_ms AS firstMs,
  last_ms AS lastMs, sealed_to_ms AS sealedToMs, samples, config, prev, bytes FROM record ORDER BY ordinal`;

/** One month's file, as it was at the moment of opening; its collector may write into it meanwhile. */
export class MonthToVerify {
  readonly file: string;
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.file = basename(path);
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    try {
      this.#db.exec('BEGIN');
      this.count();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  count(): number {
    return Number(this.#db.prepare('SELECT count(*) AS count FROM record').get()?.['count']);
  }

  /** Chains of which the month holds records, by agent and epoch. */
  chains(): { agent: string; epoch: string }[] {
    return this.#db
      .prepare('SELECT DISTINCT agent, epoch FROM record ORDER BY agent, epoch')
      .all() as unknown as { agent: string; epoch: string }[];
  }

  /** What the month holds of a chain, by sequence number. */
  *links(agent: string, epoch: string): Generator<ChainLink, void> {
    const rows = this.#db.prepare(
      'SELECT agent, epoch, seq, hash, prev, key FROM record WHERE agent = ? AND epoch = ? ORDER BY seq',
    );
    for (const row of rows.iterate(agent, epoch)) yield { ...(row as unknown as ChainLink), file: this.file };
  }

  /**
   * Checks every record by itself, in order of arrival, and that each is found where it is looked for. Faults go to `report`, sound
   * records to `take`; yields after each record. Returns what it holds of each agent.
   */
  *verify(
    report: (fault: LedgerFault) => void,
    take: (header: RecordHeader, bytes: Uint8Array) => void,
  ): Generator<void, AgentMonth[]> {
    const { file } = this;
    const byAgent = new Map<string, AgentMonth>();
    const chains = new Map<string, number>();
    const part = this.#db.prepare(
      'SELECT last_ms AS lastMs FROM part WHERE machine = ? AND first_ms = ? AND ordinal = ?',
    );
    let parts = 0;
    for (const one of this.#db.prepare(ROW).iterate()) {
      const row = one as unknown as NotedRow;
      const { agent, epoch, seq, samples, ordinal, firstMs, lastMs } = row;
      const month = byAgent.get(agent) ?? { file, agent, records: 0, samples: 0, faults: 0 };
      byAgent.set(agent, month);
      month.records++;
      month.samples += samples;
      const chain = `${agent}/${epoch}`;
      chains.set(chain, (chains.get(chain) ?? 0) + 1);
      const tell = (code: string, says: string) => {
        month.faults++;
        report({ code, file, agent, epoch, seq, says: `Record ${seq} of ${agent} ${says}.` });
      };
      const examined = examineRow(row);
      if ('says' in examined) tell(examined.code, examined.says);
      else {
        take(examined.frame.header, row.bytes);
        const machines = examined.frame.header.parts.flatMap(({ machine }) => machine ?? []);
        parts += machines.length;
        const lost = machines.find((machine) => part.get(machine, firstMs, ordinal)?.['lastMs'] !== lastMs);
        if (lost !== undefined) tell('not-found', `is not found under machine ${lost}, of which it speaks`);
      }
      yield;
    }
    this.#verifyWhole(
      report,
      chains,
      parts,
      [...byAgent.values()].every(({ faults }) => faults === 0),
    );
    return [...byAgent.values()];
  }

  close(): void {
    this.#db.close();
  }

  /** What no single record shows: records that were taken out, entries that lead nowhere, and the file itself. */
  #verifyWhole(
    report: (fault: LedgerFault) => void,
    chains: ReadonlyMap<string, number>,
    parts: number,
    isSound: boolean,
  ): void {
    const { file } = this;
    const noted = this.#db.prepare('SELECT agent, epoch, records FROM chain').all() as unknown as {
      agent: string;
      epoch: string;
      records: number;
    }[];
    for (const { agent, epoch, records } of noted) {
      const found = chains.get(`${agent}/${epoch}`) ?? 0;
      if (found === records) continue;
      const says = `${file} notes ${records} records of ${agent} in epoch ${epoch}, and holds ${found}.`;
      report({ code: 'miscounted', file, agent, epoch, seq: 0, says });
    }
    const whole = { file, agent: '', epoch: '', seq: 0 };
    // Each is searched for where it is damaged, which says enough.
    const held = Number(this.#db.prepare('SELECT count(*) AS count FROM part').get()?.['count']);
    if (isSound && held !== parts)
      report({
        ...whole,
        code: 'stray-parts',
        says: `${file} lists ${held} parts of machines, and its records have ${parts}.`,
      });
    const integrity = this.#db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (integrity !== 'ok')
      report({ ...whole, code: 'damaged-file', says: `${file} is damaged: ${String(integrity)}.` });
  }
}
