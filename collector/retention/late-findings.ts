import type { Finding } from '../ingest/findings.ts';
import type { LateRange } from '../ledger/frozen-store.ts';

/** What came too late for hours that are frozen, as findings: it is kept in the ledger and booked nowhere. */
export function lateFindings(late: readonly LateRange[], wallMs: number): Finding[] {
  return late.map(({ machine, agent, fromMs, toMs, records, samples }) => ({
    kind: 'late-for-frozen',
    agent,
    message: `${samples} readings of ${machine} from ${iso(fromMs)} to ${iso(toMs)} came after the readings of that time were let go (ledger.keep, ledger.maxSize): they are kept in the ledger and are in no hour.`,
    firstMs: wallMs,
    lastMs: wallMs,
    count: records,
  }));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
