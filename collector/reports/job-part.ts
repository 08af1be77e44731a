import type { Journal } from '../journal/journal.ts';
import { listMarks, takeMarks, type BookedMark, type MarkConflict, type TakenMarks } from './job-book.ts';
import { rememberEntries } from './job-journal.ts';
import { stepJobReport, type JobQuery, type JobReport } from './job-report.ts';
import type { JobSource } from './job-source.ts';
import type { ToldMark } from './job-told-mark.ts';

/** What a collector offers of jobs: to hear of them, and to report them. */
export interface JobsPart {
  /** One report, and nulls before it wherever others may have their turn. */
  report(query: JobQuery): Iterable<JobReport | null>;
  /** Marks that were told of a machine, with those taken back. */
  list(machine: string): BookedMark[];
  /** Enters marks, all or none; throws a MillwattError of class `retry` where the journal cannot be written now. */
  take(machine: string, marks: readonly ToldMark[], by: string): TakenMarks | { conflicts: MarkConflict[] };
}

/** Jobs over views, plan and journal. */
export function openJobs(
  source: Omit<JobSource, 'journal'> & { journal: Journal },
  clock: { wallMs(): number },
): JobsPart {
  const journal = rememberEntries(source.journal);
  return {
    report: (query) => stepJobReport({ ...source, journal }, query),
    list: (machine) => listMarks(journal, machine),
    take: (machine, marks, by) => takeMarks(journal, machine, marks, { by, atMs: clock.wallMs() }),
  };
}
