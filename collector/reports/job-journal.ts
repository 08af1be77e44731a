import type { EntryKind, EntryToAppend, Journal, JournalEntry } from '../journal/journal.ts';

/** What is asked of a journal for jobs. */
type JobJournal = Pick<Journal, 'entries' | 'lastSeq' | 'appendAll'>;

/**
 * A journal that reads a machine's entries of a kind once and remembers them until another process adds some: an MES tells
 * of every part, and each entry that is read is checked against its signature.
 */
export function rememberEntries(journal: JobJournal): JobJournal {
  const known = new Map<EntryKind, { seq: number; byMachine: Map<string | undefined, JournalEntry[]> }>();
  const fresh = (kind: EntryKind) => {
    const seq = journal.lastSeq([kind]);
    let kept = known.get(kind);
    if (kept === undefined || kept.seq !== seq) known.set(kind, (kept = { seq, byMachine: new Map() }));
    return kept;
  };
  return {
    lastSeq: (kinds) => journal.lastSeq(kinds),
    entries: (kind, machine) => {
      const { byMachine } = fresh(kind);
      let entries = byMachine.get(machine);
      if (entries === undefined) byMachine.set(machine, (entries = journal.entries(kind, machine)));
      return entries;
    },
    appendAll: (added: readonly EntryToAppend[]) => {
      const kinds = new Set(added.map(({ kind }) => kind));
      for (const kind of kinds) fresh(kind);
      const before = journal.lastSeq();
      const entries = journal.appendAll(added);
      for (const kind of kinds) {
        const kept = known.get(kind);
        // Somebody else may have been faster: then all is read again.
        if (kept === undefined || entries[0]?.seq !== before + 1) known.delete(kind);
        else {
          for (const [machine, list] of kept.byMachine)
            for (const entry of entries)
              if (entry.kind === kind && (machine === undefined || entry.machine === machine))
                list.push(entry);
          kept.seq = entries.findLast((entry) => entry.kind === kind)?.seq ?? kept.seq;
        }
      }
      return entries;
    },
  };
}
