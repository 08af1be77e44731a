import type { BeginMark, EndMark } from '../energy/allocation/job-mark.ts';
import type { Journal, JournalReader } from '../journal/journal.ts';
import type { ToldMark } from './job-told-mark.ts';

/** A mark that was told, as it stands in the journal. */
export interface BookedMark {
  mark: ({ id: string } & BeginMark) | ({ id: string } & EndMark);
  /** When it was entered, wall ms, and by whom. */
  enteredMs: number;
  by: string;
  /** When it was taken back, and by whom; null while it stands. */
  withdrawn: { atMs: number; by: string } | null;
}

/** What became of marks that were told. */
export interface TakenMarks {
  /** Entered now. */
  accepted: number;
  /** Entered before, with the same content: an MES may repeat itself. */
  known: number;
  /** Taken back now. */
  withdrawn: number;
}

/** A mark that cannot be entered beside what is in the journal. */
export interface MarkConflict {
  /** Its place among those told, from 0. */
  index: number;
  id: string;
  message: string;
  cure: string;
}

/** All marks of a machine that were ever told, in the order in which they were entered; those taken back are among them. */
export function listMarks(journal: Pick<JournalReader, 'entries'>, machine: string): BookedMark[] {
  const booked = new Map<string, BookedMark>();
  for (const { atMs, by, body } of journal.entries('job', machine)) {
    // Only what `readToldMark` read is ever entered.
    const mark = body as unknown as ToldMark;
    const known = booked.get(mark.id);
    if (mark.kind === 'withdraw') {
      if (known !== undefined) known.withdrawn ??= { atMs, by };
    } else if (known === undefined) booked.set(mark.id, { mark, enteredMs: atMs, by, withdrawn: null });
  }
  return [...booked.values()];
}

/**
 * Enters marks, all or none. What is there already with the same content is passed over, also where it was taken back
 * since: repeating never changes anything. Throws a MillwattError of class `retry` where the journal cannot be written now.
 *
 * @returns conflicts where an id is there with another content, or none is there to be taken back; nothing is entered then
 */
export function takeMarks(
  journal: Pick<Journal, 'entries' | 'appendAll'>,
  machine: string,
  marks: readonly ToldMark[],
  { by, atMs }: { by: string; atMs: number },
): TakenMarks | { conflicts: MarkConflict[] } {
  const booked = new Map(listMarks(journal, machine).map((one) => [one.mark.id, one]));
  const taken: TakenMarks = { accepted: 0, known: 0, withdrawn: 0 };
  const conflicts: MarkConflict[] = [];
  const bodies: ToldMark[] = [];
  for (const [index, mark] of marks.entries()) {
    const known = booked.get(mark.id);
    if (mark.kind === 'withdraw') {
      if (known === undefined)
        conflicts.push({
          index,
          id: mark.id,
          message: `There is no mark ${mark.id} of ${machine} to be taken back.`,
          cure: 'Use the id under which it was sent.',
        });
      else if (known.withdrawn !== null) taken.known++;
      else {
        known.withdrawn = { atMs, by };
        bodies.push(mark);
        taken.withdrawn++;
      }
    } else if (known === undefined) {
      booked.set(mark.id, { mark, enteredMs: atMs, by, withdrawn: null });
      bodies.push(mark);
      taken.accepted++;
    } else if (contentOf(known.mark) === contentOf(mark)) taken.known++;
    else
      conflicts.push({
        index,
        id: mark.id,
        message: `Mark ${mark.id} of ${machine} was told before, and said something else.`,
        cure: 'Take it back (kind withdraw), and send the correction under an id of its own.',
      });
  }
  if (conflicts.length > 0) return { conflicts };
  if (bodies.length > 0)
    journal.appendAll(bodies.map((body) => ({ atMs, kind: 'job', machine, by, body: { ...body } })));
  return taken;
}

/** Independent of the order of keys, which the journal does not keep. */
function contentOf(mark: ToldMark): string {
  return JSON.stringify(Object.entries(mark).sort(([a], [b]) => (a < b ? -1 : 1)));
}
