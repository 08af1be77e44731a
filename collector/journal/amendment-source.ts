import type { Amendment } from '../energy/amendment.ts';
import type { Log } from '../../protocols/log.ts';
import { amendmentsInForce } from './amendments-in-force.ts';
import type { JournalEntry, JournalReader } from './journal.ts';
import { entryId } from './seal-entry.ts';

const KINDS = ['amendment', 'revocation'] as const;

/** What the derivation asks: the amendments of a machine, and whether there are others than before. */
export interface AmendmentSource {
  /** In force now, in the order in which they were entered. */
  of(machine: string): readonly Amendment[];
  /** Rises with every amendment and revocation, by whichever process; cheap to ask. */
  version(): number;
}

/** Follows the amendments of a journal that other processes write to as well. What is not understood is warned of, once. */
export function followAmendments(journal: JournalReader, log: Log): AmendmentSource {
  const warned = new Set<number>();
  let known: { version: number; byMachine: Map<string, Amendment[]> } | undefined;
  const warn = (entry: JournalEntry, fault: string) => {
    if (warned.has(entry.seq)) return;
    warned.add(entry.seq);
    log.warn(
      { entry: entryId(entry), machine: entry.machine, fault },
      'An amendment in the journal is not understood and does not count: a newer millwatt wrote it. Update this one.',
    );
  };
  const version = () => journal.lastSeq(KINDS);
  return {
    version,
    of: (machine) => {
      const now = version();
      if (known?.version !== now) {
        const inForce = amendmentsInForce(
          KINDS.flatMap((kind) => journal.entries(kind)),
          warn,
        );
        known = { version: now, byMachine: Map.groupBy(inForce, (amendment) => amendment.machine) };
      }
      return known.byMachine.get(machine) ?? [];
    },
  };
}
