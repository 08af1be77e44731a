import { basename } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import type { GoneRange, ToldGone } from './ledger.ts';
import { openMonthToRead, RUNS_WALKED, versionOf } from './month-schema.ts';
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
  /** Records of which only header and signature are kept. */
  headOnly: number;
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
    this.#db = openMonthToRead(path);
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

  /** What the month's records say will never come of a chain. */
  gone(agent: string, epoch: string): GoneRange[] {
    if (versionOf(this.#db) < 2) return [];
    return this.#db
      .prepare('SELECT from_seq AS "from", to_seq AS "to", fate FROM gone WHERE agent = ? AND epoch = ?')
      .all(agent, epoch) as unknown as GoneRange[];
  }

  /**
   * Checks every record by itself, in order of arrival, and that each is found where it is looked for. Faults go to `report`, sound
   * records to `take`; yields after each record. Returns what it holds of each agent.
   */
  *verify(
    report: (fault: LedgerFault) => void,
    take: (header: RecordHeader, bytes: Uint8Array, isHeadOnly: boolean) => void,
  ): Generator<void, AgentMonth[]> {
    const { file } = this;
    const byAgent = new Map<string, AgentMonth>();
    const chains = new Map<string, number>();
    const part = this.#db.prepare(
      'SELECT last_ms AS lastMs FROM part WHERE machine = ? AND first_ms = ? AND ordinal = ?',
    );
    const isPruned = this.#meta('pruned') > 0;
    const told = versionOf(this.#db) < 2 ? undefined : this.#db.prepare(GONE_OF);
    let parts = 0;
    let gone = 0;
    for (const one of this.#db.prepare(ROW).iterate()) {
      const row = one as unknown as NotedRow;
      const { agent, epoch, seq, samples, ordinal, firstMs, lastMs } = row;
      const month = byAgent.get(agent) ?? { file, agent, records: 0, samples: 0, headOnly: 0, faults: 0 };
      byAgent.set(agent, month);
      month.records++;
      month.samples += samples;
      const chain = `${agent}/${epoch}`;
      chains.set(chain, (chains.get(chain) ?? 0) + 1);
      const tell = (code: string, says: string) => {
        month.faults++;
        report({ code, file, agent, epoch, seq, says: `Record ${seq} of ${agent} ${says}.` });
      };
      const examined = examineRow(row, isPruned);
      if ('says' in examined) tell(examined.code, examined.says);
      else {
        const { header, isHeadOnly } = examined;
        take(header, row.bytes, isHeadOnly);
        if (isHeadOnly) month.headOnly++;
        const machines = isHeadOnly ? [] : header.parts.flatMap(({ machine }) => machine ?? []);
        parts += machines.length;
        const lost = machines.find((machine) => part.get(machine, firstMs, ordinal)?.['lastMs'] !== lastMs);
        if (lost !== undefined) tell('not-found', `is not found under machine ${lost}, of which it speaks`);
        gone += examined.gone.length;
        // What is noted of an epoch of which it says nothing shows when all are counted.
        const epochs = new Set([epoch, ...examined.gone.flatMap(({ epoch: of }) => of ?? [])]);
        const isOther = (of: string) =>
          told !== undefined &&
          JSON.stringify(told.all(agent, of, ordinal)) !==
            JSON.stringify(goneAsNoted(examined.gone, of === epoch ? undefined : of));
        if ([...epochs].some(isOther)) tell('gone-otherwise', 'says otherwise what is gone than is noted');
      }
      yield;
    }
    const isSound = [...byAgent.values()].every(({ faults }) => faults === 0);
    this.#verifyWhole(report, chains, isSound ? { parts, gone } : undefined);
    return [...byAgent.values()];
  }

  close(): void {
    this.#db.close();
  }

  /** What no single record shows: records that were taken out, entries that lead nowhere, and the file itself. */
  #verifyWhole(
    report: (fault: LedgerFault) => void,
    chains: ReadonlyMap<string, number>,
    counts: { parts: number; gone: number } | undefined,
  ): void {
    const { file } = this;
    const noted = this.#db.prepare('SELECT agent, epoch, records FROM chain').all() as unknown as {
      agent: string;
      epoch: string;
      records: number;
    }[];
    let isCounted = true;
    for (const { agent, epoch, records } of noted) {
      const found = chains.get(`${agent}/${epoch}`) ?? 0;
      if (found === records) continue;
      isCounted = false;
      const says = `${file} notes ${records} records of ${agent} in epoch ${epoch}, and holds ${found}.`;
      report({ code: 'miscounted', file, agent, epoch, seq: 0, says });
    }
    const whole = { file, agent: '', epoch: '', seq: 0 };
    const count = (table: string) =>
      Number(this.#db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
    // Each is searched for where it is damaged, which says enough.
    const held = counts === undefined ? undefined : count('part');
    if (held !== counts?.parts)
      report({
        ...whole,
        code: 'stray-parts',
        says: `${file} lists ${held} parts of machines, and its records have ${counts?.parts}.`,
      });
    if (versionOf(this.#db) >= 2) {
      const told = counts === undefined ? undefined : count('gone');
      if (told !== counts?.gone)
        report({
          ...whole,
          code: 'gone-otherwise',
          says: `${file} notes ${told} stretches of records that are gone, and its records tell of ${counts?.gone}.`,
        });
      const walked = `SELECT agent, epoch, from_seq, to_seq FROM (${RUNS_WALKED})`;
      const other = `SELECT * FROM (SELECT * FROM run EXCEPT ${walked}) UNION ALL SELECT * FROM (${walked} EXCEPT SELECT * FROM run)`;
      const run = isCounted ? this.#db.prepare(`${other} LIMIT 1`).get() : undefined;
      if (run !== undefined)
        report({
          ...whole,
          code: 'runs-otherwise',
          says: `${file} notes other sequence numbers of ${String(run['agent'])} than it holds.`,
        });
    }
    const integrity = this.#db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (integrity !== 'ok')
      report({ ...whole, code: 'damaged-file', says: `${file} is damaged: ${String(integrity)}.` });
  }

  #meta(name: string): number {
    return Number(this.#db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'] ?? 0);
  }
}

const GONE_OF = `SELECT from_seq AS "from", to_seq AS "to", fate FROM gone
  WHERE agent = ? AND epoch = ? AND ordinal = ? ORDER BY from_seq, fate`;

/** As the file keeps them. @param of an epoch that is not the record's own; undefined for that */
function goneAsNoted(gone: readonly ToldGone[], of: string | undefined): GoneRange[] {
  return gone
    .filter(({ epoch }) => epoch === of)
    .map(({ from, to, fate }) => ({ from, to, fate }))
    .sort((a, b) => a.from - b.from || (a.fate < b.fate ? -1 : 1));
}
