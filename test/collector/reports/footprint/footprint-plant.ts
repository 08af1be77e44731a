import { footprintPlanOf } from '../../../../cli/footprint-plan-of.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import type { JobSource } from '../../../../collector/reports/job-source.ts';
import type { RecordSource } from '../../../../collector/reports/footprint/record-frame.ts';
import { collectorConfig } from '../../../../config/collector-config.ts';
import { sha256 } from '../../../../protocols/evidence/keys.ts';
import { uuidOf } from '../../../../protocols/evidence/uuid5.ts';
import { memoryJournal, memoryViews, planOf, type PlantSpan } from '../job-plant.ts';

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

/** One machine, or several that stand side by side with the same hours. */
export function sourceOf(
  spansOf: Record<string, PlantSpan[]>,
): JobSource & { journal: ReturnType<typeof memoryJournal> } {
  const views = Object.fromEntries(
    Object.entries(spansOf).map(([machine, spans]) => [machine, memoryViews(machine, spans)]),
  );
  const of = (machine: string) => views[machine] ?? memoryViews(machine, []);
  return {
    views: {
      // The sample hours rest on what no snapshot has: the configs of a real ledger are hashes.
      hours: (machine, fromMs, toMs) =>
        of(machine)
          .hours(machine, fromMs, toMs)
          .map((hour) => ({ ...hour, basis: { ...hour.basis, configs: [sha256('wiring')] } })),
      bases: (machine, ...range) => of(machine).bases(machine, ...range),
      states: (machine, ...range) => of(machine).states(machine, ...range),
      watched: (machine) => of(machine).watched(machine),
      minutes: () => [],
      snapshot: () => undefined,
      channels: () => [],
      words: () => [],
    },
    plan: planOf({ machines: Object.keys(spansOf).map((machine) => ({ machine })) }),
    journal: memoryJournal(),
  };
}
