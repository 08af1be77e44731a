import type { LedgerRecord } from '../../collector/ledger/ledger.ts';
import type { LedgerView } from '../../collector/ledger/read-ledger.ts';

/** So many records are looked at by what is noted beside them, before one is read. */
const MARKS_A_READ = 1024;

/**
 * The records of some agents, as the ledger hands on all: those of others are passed over without being read, which for one machine of a
 * plant are nearly all.
 */
export function recordsOfAgents(
  ledger: Pick<LedgerView, 'readAfter' | 'readMarks'>,
  agents: ReadonlySet<string>,
): Pick<LedgerView, 'readAfter'> {
  return {
    readAfter(after, limit) {
      const records: LedgerRecord[] = [];
      let cursor = after;
      // One is asked for by its place.
      let count = Math.min(limit, MARKS_A_READ);
      while (records.length < limit) {
        const marks = ledger.readMarks(cursor, count);
        if (marks.length === 0) break;
        for (const { agent, ordinal } of marks) {
          cursor = ordinal;
          if (!agents.has(agent)) continue;
          // One that is damaged is passed over, as by whoever reads all.
          const [record] = ledger.readAfter(ordinal - 1, 1);
          if (record?.ordinal === ordinal) records.push(record);
          if (records.length === limit) break;
        }
        count = MARKS_A_READ;
      }
      return records;
    },
  };
}
