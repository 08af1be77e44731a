import type { FastifyInstance } from 'fastify';
import { PERIOD_KINDS, type PeriodKind } from '../energy/calendar/period.ts';
import { periodsToCsv } from '../reports/period-csv.ts';
import { stepPeriodReports, type PeriodReport } from '../reports/period-report.ts';
import type { PeriodSource } from '../reports/period-source.ts';
import { shortenReport, type ShortPeriodReport } from '../reports/uncertain-short.ts';
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
/** The same with budgets, which make a period ten times as large: some hundred of them are enough for one answer. */
const BUDGET_MAX_MS: Readonly<Record<PeriodKind, number>> = {
  ...SPAN_MAX_MS,
  quarterHour: 3 * DAY_MS,
  hour: 14 * DAY_MS,
  shift: 93 * DAY_MS,
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
    const format = readFormat(query);
    const withBudget = readBudget(query) && format === 'json';
    const longestMs = withBudget ? BUDGET_MAX_MS : SPAN_MAX_MS;
    const { fromMs, toMs } = readRange(query, clock.wallMs(), longestMs[kind]);
    const source = requireSource();
    const step = () => stepPeriodReports(source, { machine, kind, fromMs, toMs });
    const { zone } = source.plan.calendar;
    if (withBudget) return { machine, kind, zone, fromMs, toMs, periods: await takeTurns(step) };
    const reports = await takeTurns(() => shortenEach(step()));
    if (format === 'json') return { machine, kind, zone, fromMs, toMs, periods: reports };
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

/** One by one: budgets of a year of days would fill the memory. */
function* shortenEach(reports: Iterable<PeriodReport | null>): Generator<ShortPeriodReport | null> {
  for (const report of reports) yield report === null ? null : shortenReport(report);
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
