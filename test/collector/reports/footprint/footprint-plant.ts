import { footprintPlanOf } from '../../../../cli/footprint-plan-of.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import type { JobSource } from '../../../../collector/reports/job-source.ts';
import type { RecordSource } from '../../../../collector/reports/footprint/record-frame.ts';
import { collectorConfig } from '../../../../config/collector-config.ts';
import { uuidOf } from '../../../../protocols/evidence/uuid5.ts';

/** What a site in Viet Nam declares; the key is of no collector. */
export const DECLARED = {
  company: { name: 'Example Machining Co', ids: ['urn:lei:5493001KJTIIGC8Y1R12'], country: 'VN' },
  region: 'VN',
};

/** What records are made from, over views that a test has. */
export function recordSource(
  source: JobSource,
  footprint: Record<string, unknown> = {},
  machines: Record<string, unknown>[] = [],
): RecordSource<JobSource> {
  const config = collectorConfig.parse({
    site: source.plan.site,
    broker: {},
    machines,
    footprint: { ...DECLARED, ...footprint },
  });
  const key = 'Wg0gS0D3q0m3l3mPp7l0zYw0mYj2m1o4Kk5dU8x0o2E';
  return {
    source,
    plan: footprintPlanOf(config, '/nowhere', { key, sitePlanHash: source.plan.hash }),
    calendar: openCalendar(source.plan.calendar),
    ports: { uuidOf, issuedMs: Date.UTC(2027, 0, 1), issue: 1 },
  };
}

/** The record that the steps end with. */
export function last(steps: Iterable<FootprintRecord | null>): FootprintRecord {
  for (const record of steps) if (record !== null) return record;
  throw new Error('there was no record');
}
