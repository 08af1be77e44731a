import type { PactStats } from './pact-host.ts';

/** What /metrics tells of a PACT host. */
export function pactMetrics({ active, deprecated, refused, events }: PactStats) {
  return [
    {
      name: 'millwatt_pact_footprints',
      help: 'Footprints that are offered to partners, by status; refused: subjects and periods that could not be published.',
      type: 'gauge' as const,
      values: Object.entries({ active, deprecated, refused }).map(([status, value]) => ({
        labels: { status },
        value,
      })),
    },
    {
      name: 'millwatt_pact_events',
      help: 'Events for partners of the last month, by what became of them.',
      type: 'gauge' as const,
      values: Object.entries(events).map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}
