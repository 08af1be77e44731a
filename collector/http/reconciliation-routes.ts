import type { FastifyInstance } from 'fastify';
import { MillwattError } from '../../protocols/errors.ts';
import { reportReconciliation } from '../reports/reconcile-report.ts';
import { ApiError } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { readRange, requireKnown, type Query } from './parameters.ts';

const SPAN_MAX_MS = 366 * 86_400_000;

/** Main meters against the machines behind them. */
export function addReconciliationRoutes(
  server: FastifyInstance,
  { views, plan, journal, clock }: Pick<HttpParts, 'views' | 'plan' | 'journal' | 'clock'>,
): void {
  server.get<{ Params: { id: string } }>(
    '/api/v1/main-meters/:id/reconciliation',
    async ({ params, query }) => {
      requireKnown(query as Query, ['from', 'to']);
      const { fromMs, toMs } = readRange(query as Query, clock.wallMs(), SPAN_MAX_MS);
      if (plan === undefined)
        throw new ApiError(
          404,
          'This collector was started without the plan of its site.',
          'Main meters are of a collector that has one.',
        );
      const source = { views, plan, journal: journal ?? { entries: () => [] } };
      try {
        return await reportReconciliation(source, params.id, fromMs, toMs);
      } catch (error) {
        if (error instanceof MillwattError && error.remedy === 'refuse')
          throw new ApiError(404, error.message, error.cure);
        throw error;
      }
    },
  );
}
