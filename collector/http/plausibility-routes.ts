import type { FastifyInstance } from 'fastify';
import { findUncommissioned, keptCommissionings } from '../reports/commission-evidence.ts';
import { reportFindings } from '../reports/finding-report.ts';
import type { HttpParts } from './http-parts.ts';
import { readRange, requireKnown, type Query } from './parameters.ts';

const SPAN_MAX_MS = 31 * 86_400_000;

/** What is implausible about the readings of a machine. */
export function addPlausibilityRoutes(
  server: FastifyInstance,
  { views, clock, machines, journal }: HttpParts,
  requireMachine: (id: string) => string,
): void {
  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/findings', async ({ params, query }) => {
    requireKnown(query as Query, ['from', 'to']);
    const machine = requireMachine(params.id);
    const { fromMs, toMs } = readRange(query as Query, clock.wallMs(), SPAN_MAX_MS);
    const declared = machines.find(({ id }) => id === machine);
    return await reportFindings(
      views,
      {
        machine,
        ratedPowerW: declared?.ratedPowerW ?? null,
        componentRatedPowerW: declared?.componentRatedPowerW ?? {},
      },
      fromMs,
      toMs,
      (now) =>
        journal === undefined
          ? undefined
          : findUncommissioned(keptCommissionings(journal, machine), machine, now, fromMs, toMs),
    );
  });
}
