import type { JournalReader } from '../journal/journal.ts';
import type { Views } from '../ledger/views.ts';
import type { SitePlan } from './site-plan.ts';

/** What reports of periods are computed from: what was derived, and what was declared. */
export interface PeriodSource {
  views: Pick<Views, 'hours' | 'bases' | 'minutes' | 'states' | 'snapshot' | 'watched' | 'channels'>;
  plan: SitePlan;
  /** What people amended; asked only where an hour rests on it. Null where there is none. */
  journal: Pick<JournalReader, 'entries'> | null;
}
