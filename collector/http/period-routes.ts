import type { FastifyInstance } from 'fastify';
import { PERIOD_KINDS, type PeriodKind } from '../energy/calendar/period.ts';
import { periodsToCsv } from '../reports/period-csv.ts';
import { stepPeriodReports, type PeriodReport } from '../reports/period-report.ts';
import type { PeriodSource } from '../reports/period-source.ts';
import { shortenUncertainty } from '../reports/uncertain-short.ts';
import { stepUsePhaseReport } from '../reports/use-phase-report.ts';
import { ApiError, badParameter } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { readFormat, readRange, readText, requireKnown, type Query } from './parameters.ts';
import { takeTurns } from './take-turns.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
/** How long a time may be asked for at once, ms. */
const SPAN_MAX_MS: Readonly<Record<PeriodKind, number>> = {
  quarterHour: 31 * DAY_MS,
  hour: 93 * DAY_MS,
  shift: YEAR_MS,
  day: YEAR_MS,
  week: YEAR_MS,
  month: YEAR_MS,
  year: YEAR_MS,
};
/** Periods of the site's calendar, and the use phase of a machine. */
export function addPeriodRoutes(
  server: FastifyInstance,
  { views, plan, journal, clock }: Pick<HttpParts, 'views' | 'plan' | 'journal' | 'clock'>,
  requireMachine: (id: string | undefined) => string,
): void {
  const requireSource = (): PeriodSource => {
    if (plan !== undefined) return { views, plan, journal: journal ?? null };
    throw new ApiError(
      404,
      'This collector was started without the plan of its site.',
      'Periods are of a collector that has one.',
    );
  };

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/periods', async (request, reply) => {
    const query = request.query as Query;
    requireKnown(query, ['kind', 'from', 'to', 'budget', 'format']);
    const machine = requireMachine(request.params.id);
    const kind = readKind(query);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), SPAN_MAX_MS[kind]);
    const withBudget = readBudget(query);
    const format = readFormat(query);
    const source = requireSource();
    const reports = await takeTurns(() => stepPeriodReports(source, { machine, kind, fromMs, toMs }));
    if (format === 'json') {
      const { zone } = source.plan.calendar;
      return { machine, kind, zone, fromMs, toMs, periods: withBudget ? reports : reports.map(shorten) };
    }
    return await reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${kind}-${machine}.csv"`)
      .send(periodsToCsv(reports));
  });

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/use-phase', async (request, reply) => {
    const query = request.query as Query;
    requireKnown(query, ['from', 'to']);
    const machine = requireMachine(request.params.id);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), YEAR_MS);
    const source = requireSource();
    const [report] = await takeTurns(() => stepUsePhaseReport(source, { machine, fromMs, toMs }));
    return await reply.send(report);
  });
}

function shorten(report: PeriodReport): object {
  const uncertainty = Object.entries(report.uncertainty).map(([name, one]) => [
    name,
    shortenUncertainty(one),
  ]);
  return { ...report, uncertainty: Object.fromEntries(uncertainty) };
}

function readKind(query: Query): PeriodKind {
  const text = readText(query, 'kind') ?? 'day';
  const kind = PERIOD_KINDS.find((known) => known === text);
  if (kind === undefined) throw badParameter('kind', text, `Use one of ${PERIOD_KINDS.join(', ')}.`);
  return kind;
}

function readBudget(query: Query): boolean {
  const text = readText(query, 'budget') ?? 'false';
  if (text !== 'true' && text !== 'false') throw badParameter('budget', text, 'Use true or false.');
  return text === 'true';
}
