import type { JournalReader } from '../journal/journal.ts';
import type { Views } from '../ledger/views.ts';
import type { PeriodSource } from './period-source.ts';

/** What reports of jobs are computed from: what was derived, what was declared, and what people told. */
export interface JobSource extends PeriodSource {
  views: PeriodSource['views'] & Pick<Views, 'words'>;
  /** Null where there is none: jobs are then what programs show. */
  journal: Pick<JournalReader, 'entries' | 'lastSeq'> | null;
}
