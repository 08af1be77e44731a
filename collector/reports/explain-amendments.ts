import { readAmendmentBody } from '../journal/amendment-body.ts';
import { sayAmendment } from '../journal/amendment-saying.ts';
import type { JournalEntry, JournalReader } from '../journal/journal.ts';
import { entryId } from '../journal/seal-entry.ts';
import type { ExplainedAmendment } from './explained-hour.ts';

/** What people decided about readings of the hour, from the journal. */
export function explainAmendments(
  journal: Pick<JournalReader, 'entries'> | null,
  machine: string,
  ids: readonly string[],
): ExplainedAmendment[] {
  if (ids.length === 0) return [];
  const entries = new Map(
    (journal?.entries('amendment', machine) ?? []).map((entry) => [entryId(entry), entry]),
  );
  return ids.map((id) => {
    const entry = entries.get(id);
    return {
      id,
      by: entry?.by ?? null,
      atMs: entry?.atMs ?? null,
      saying: entry === undefined ? 'its entry in the journal is not at hand' : sayEntry(entry),
    };
  });
}

function sayEntry({ machine, body }: JournalEntry): string {
  const read = readAmendmentBody(body);
  if ('fault' in read) return `a newer millwatt wrote it: ${read.fault}`;
  return `${sayAmendment(machine ?? '', read.body, sayMoment)} Reason given: ${read.body.reason}`;
}

function sayMoment(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
