import type { Journal, JournalEntry } from '../journal/journal.ts';
import type { ExplainedAmendment } from './explained-hour.ts';

/** Entries are known to people by so many characters of their hash. */
const ID_LENGTH = 12;

/** What people decided about readings of the hour, from the journal. */
export function explainAmendments(
  journal: Pick<Journal, 'entries'> | null,
  machine: string,
  ids: readonly string[],
): ExplainedAmendment[] {
  if (ids.length === 0) return [];
  const entries = new Map(
    (journal?.entries('amendment', machine) ?? []).map((entry) => [entry.hash.slice(0, ID_LENGTH), entry]),
  );
  return ids.map((id) => {
    const entry = entries.get(id.slice(0, ID_LENGTH));
    return {
      id,
      by: entry?.by ?? null,
      atMs: entry?.atMs ?? null,
      saying: entry === undefined ? 'its entry is not at hand' : sayBody(entry),
    };
  });
}

function sayBody({ body }: JournalEntry): string {
  return Object.entries(body)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
