import type { FastifyInstance } from 'fastify';
import { isChannelId, isLevelId } from '../../protocols/telemetry/ids.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { plainCalendar } from '../energy/calendar/calendar-model.ts';
import { openCalendar } from '../energy/calendar/site-calendar.ts';
import { addAmendments } from './amendment-routes.ts';
import { ApiError, badParameter } from './api-error.ts';
import { addFootprintRoutes } from './footprint-routes.ts';
import { addHourExplanation } from './hour-explanation.ts';
import { hoursToCsv } from './hours-csv.ts';
import type { HttpParts } from './http-parts.ts';
import { addJournal } from './journal-routes.ts';
import { addJobRoutes } from './job-routes.ts';
import { listMachines } from './machine-list.ts';
import { openApiDocument } from './openapi.ts';
import type { RetentionStats } from '../retention/retention.ts';
import { statesToCsv } from './state-list.ts';
import { addPlausibilityRoutes } from './plausibility-routes.ts';
import { addPeriodRoutes } from './period-routes.ts';
import { addReconciliationRoutes } from './reconciliation-routes.ts';
import { readFormat, readRange, readStep, readText, requireKnown, type Query } from './parameters.ts';

const DAY_MS = 86_400_000;
const HOURS_SPAN_MAX_MS = 366 * DAY_MS;
const SERIES_SPAN_MAX_MS = 5 * 366 * DAY_MS;
const STATES_SPAN_MAX_MS = 31 * DAY_MS;
const POINTS_MAX = 5_000;
const SPANS_MAX = 50_000;

/** The JSON routes below /api/v1. All of them read, but for the one that takes in the marks of jobs. */
export function addApiRoutes(server: FastifyInstance, parts: HttpParts): void {
  const { views, clock } = parts;

  const calendar = openCalendar(parts.plan?.calendar ?? plainCalendar('UTC'));
  server.get('/api/v1/site', (request) => {
    requireKnown(request.query as Query, []);
    const { site, version, publicKey, simulated } = parts;
    const nowMs = clock.wallMs();
    const day = calendar
      .periodsIn('day', nowMs, nowMs + 1)
      .map(({ date, fromMs, toMs }) => ({ date, fromMs, toMs, zone: calendar.zone.name }))[0];
    const retention = sayRetention(parts.retention?.());
    return { site, version, publicKey, simulated, nowMs, speed: clock.speed(), day, retention };
  });

  server.get('/api/v1/machines', (request) => {
    requireKnown(request.query as Query, []);
    return { machines: listMachines(parts) };
  });

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/hours', async (request, reply) => {
    const query = request.query as Query;
    requireKnown(query, ['from', 'to', 'format']);
    const machine = requireMachine(request.params.id);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), HOURS_SPAN_MAX_MS);
    const format = readFormat(query);
    const hours = views.hours(machine, fromMs, toMs);
    if (format === 'json') return { machine, fromMs, toMs, hours };
    return await reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="machine-hours-${machine}.csv"`)
      .send(hoursToCsv(hours));
  });

  addHourExplanation(server, parts, requireMachine);
  addPlausibilityRoutes(server, parts, requireMachine);
  addReconciliationRoutes(server, parts);
  addPeriodRoutes(server, parts, requireMachine);
  addJobRoutes(server, parts, requireMachine);
  addFootprintRoutes(server, parts);

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/states', async (request, reply) => {
    const query = request.query as Query;
    requireKnown(query, ['from', 'to', 'format']);
    const machine = requireMachine(request.params.id);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), STATES_SPAN_MAX_MS);
    const format = readFormat(query);
    const spans = views.states(machine, fromMs, toMs, SPANS_MAX + 1);
    if (spans.length > SPANS_MAX)
      throw new ApiError(
        400,
        `The machine changed its state more than ${SPANS_MAX} times in this time.`,
        'Ask for a shorter time.',
      );
    if (format === 'json') return { machine, fromMs, toMs, spans };
    return await reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="states-${machine}.csv"`)
      .send(statesToCsv(machine, spans));
  });

  server.get('/api/v1/series', (request) => {
    const query = request.query as Query;
    requireKnown(query, ['machine', 'channel', 'from', 'to', 'step']);
    const machine = requireMachine(readText(query, 'machine'));
    const channel = requireChannel(machine, readText(query, 'channel') ?? 'supply.activePower');
    const { fromMs, toMs } = readRange(query, clock.wallMs(), SERIES_SPAN_MAX_MS);
    const stepMs = readStep(query, toMs - fromMs, POINTS_MAX);
    const points = views.series(channel, fromMs, toMs, stepMs);
    return { machine, channel, unit: unitOf(channel), fromMs, toMs, stepMs, points };
  });

  server.get('/api/v1/agents', (request) => {
    requireKnown(request.query as Query, []);
    return { agents: parts.agents() };
  });

  server.get('/api/v1/alarms', (request) => {
    requireKnown(request.query as Query, []);
    return { alarms: parts.alarms?.() ?? [] };
  });

  addAmendments(server, parts, requireMachine);
  addJournal(server, parts);

  server.get('/api/v1/openapi.json', () => openApiDocument(parts.version));

  /** An id that names a machine we know. */
  function requireMachine(id: string | undefined): string {
    if (!isLevelId(id)) throw badParameter('machine', id, 'Use an id from /api/v1/machines.');
    const known = listMachines(parts).some((machine) => machine.id === id);
    if (!known) throw new ApiError(404, `There is no machine ${id}.`, 'Use an id from /api/v1/machines.');
    return id;
  }

  /** A channel of the machine, by its whole id or without the machine. */
  function requireChannel(machine: string, name: string): string {
    const channel = name.startsWith(`${machine}.`) ? name : `${machine}.${name}`;
    if (!isChannelId(channel))
      throw badParameter('channel', name, 'Use a channel from /api/v1/machines, such as supply.activePower.');
    if (!views.channels(machine).includes(channel))
      throw new ApiError(
        404,
        `Machine ${machine} has no readings of channel ${channel}.`,
        'Use a channel from /api/v1/machines.',
      );
    return channel;
  }
}

function unitOf(channel: string): string {
  const quantity = channel.split('.')[2] ?? '';
  return Object.entries(QUANTITIES).find(([name]) => name === quantity)?.[1].unit ?? '';
}

function sayRetention(stats: RetentionStats | undefined) {
  if (stats === undefined) return null;
  const { fullSinceSeconds, frozenToSeconds, monthsPruned, stuck, cure } = stats;
  const ms = (seconds: number) => (seconds === 0 ? null : seconds * 1000);
  return { fullSinceMs: ms(fullSinceSeconds), frozenToMs: ms(frozenToSeconds), monthsPruned, stuck, cure };
}
