import type { JobMark, JobRemark } from '../energy/allocation/job-mark.ts';
import { openAtWindow } from '../energy/allocation/open-at-window.ts';
import { tellRunWords } from '../energy/allocation/recorded-words.ts';
import { readRunWords } from '../energy/allocation/run-words.ts';
import { silenceRuns } from '../energy/allocation/silence-runs.ts';
import { listMarks } from './job-book.ts';
import type { JobSource } from './job-source.ts';

/** What tells of the jobs of a machine, and where it comes from. */
export interface GatheredMarks {
  marks: JobMark[];
  remarks: JobRemark[];
  basis: {
    /** Marks of an MES or a file that stand, and those taken back. */
    told: number;
    withdrawn: number;
    /** Marks that the control's words gave. */
    fromControl: number;
    /** The last entry of the journal that was read; 0 without one. */
    journalSeq: number;
  };
}

/** All marks that were told of a machine, and what its control says of programs and parts within [fromMs, toMs). */
export function gatherMarks(
  { views, journal }: Pick<JobSource, 'views' | 'journal'>,
  machine: string,
  fromMs: number,
  toMs: number,
): GatheredMarks {
  const journalSeq = journal?.lastSeq() ?? 0;
  const booked = journal === null ? [] : listMarks(journal, machine);
  const told = booked.filter(({ withdrawn }) => withdrawn === null).map(({ mark }) => mark);
  const heard = readRunWords(tellRunWords(views.words(machine, fromMs, toMs)));
  const control = openAtWindow(silenceRuns(heard, silencesOf(views, machine, fromMs, toMs)), fromMs);
  return {
    marks: [...told, ...control.marks],
    remarks: control.remarks,
    basis: {
      told: told.length,
      withdrawn: booked.length - told.length,
      fromControl: control.marks.length,
      journalSeq,
    },
  };
}

/** When neither power nor control said anything of a machine: its agent was away. */
function silencesOf(
  views: Pick<JobSource['views'], 'states'>,
  machine: string,
  fromMs: number,
  toMs: number,
): { fromMs: number; toMs: number }[] {
  return views
    .states(machine, fromMs, toMs, Number.MAX_SAFE_INTEGER)
    .filter(({ decider, basis }) => decider === 'none' && basis === '');
}
