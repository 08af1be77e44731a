import { readAmendmentBody, type AmendmentBody } from '../journal/amendment-body.ts';
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

function sayEntry({ body }: JournalEntry): string {
  const read = readAmendmentBody(body);
  if ('fault' in read) return `a newer millwatt wrote it: ${read.fault}`;
  const { component, fromMs, toMs, reason } = read.body;
  const until = toMs === null ? 'on' : `to ${sayMoment(toMs)}`;
  return `${sayTerms(read.body)}; ${component}, from ${sayMoment(fromMs)} ${until}: "${reason}"`;
}

function sayTerms(body: AmendmentBody): string {
  switch (body.kind) {
    case 'scale': {
      const ratios = body.was === undefined ? '' : ` (was ${body.was}, is ${body.is ?? ''})`;
      return `what was read x ${body.num} / ${body.den} is true${ratios}`;
    }
    case 'direction':
      return 'the current transformers are turned round: import and export change places';
    case 'component':
      return `the readings are of ${body.becomes}`;
    case 'exclude':
      return 'the readings are left out';
    case 'same-meter':
      return `the meter ${body.meter} is the meter ${body.is}`;
    case 'meter-replaced':
      return `the old meter showed ${body.oldLast} ${body.unit} last, the new one ${body.newFirst} ${body.unit} first`;
    case 'step':
      return 'the step of the counter was real energy';
  }
}

function sayMoment(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
