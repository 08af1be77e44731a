import type { FastifyInstance } from 'fastify';
import { explainHour } from '../reports/explain-hour.ts';
import { ApiError, badParameter } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { readTime, requireKnown, type Query } from './parameters.ts';

const HOUR_MS = 3_600_000;
const CURE = 'Give the begin of a whole UTC hour, such as 2026-11-22T06:00:00Z, or ms since 1970.';

/** What one machine-hour rests on. */
export function addHourExplanation(
  server: FastifyInstance,
  { views, journal, assessHour }: HttpParts,
  requireMachine: (id: string) => string,
): void {
  server.get<{ Params: { id: string; hour: string } }>(
    '/api/v1/machines/:id/hours/:hour/explanation',
    ({ params, query }) => {
      requireKnown(query as Query, []);
      const machine = requireMachine(params.id);
      const hourMs = readTime({ hour: params.hour }, 'hour') ?? Number.NaN;
      if (hourMs % HOUR_MS !== 0) throw badParameter('hour', params.hour, CURE);
      const explained = explainHour(
        {
          views,
          journal: journal ?? null,
          assess: assessHour ?? (() => 'this collector was started without what was declared of the site'),
        },
        machine,
        hourMs,
      );
      if (explained !== undefined) return explained;
      throw new ApiError(
        404,
        `Machine ${machine} has no machine-hour at ${new Date(hourMs).toISOString().slice(0, 16)}Z.`,
        'Take an hourMs from its /hours.',
      );
    },
  );
}
