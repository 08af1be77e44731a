import { PERIOD_KINDS } from '../energy/calendar/period.ts';
import { ALLOCATION_RULES } from '../energy/allocation/allocation-rule.ts';
import { FOOTPRINT_EXPORT } from './footprint-openapi.ts';
import { JOURNAL_PAGE, JOURNAL_PARAMETERS, LISTED_AMENDMENT, LISTED_ENTRY } from './journal-openapi.ts';
import { describeMarkIntake, JOB_SCHEMAS } from './job-openapi.ts';
import { anything, decision, list, maybe, number, object, reference, text, time } from './openapi-schema.ts';
import { REPORT_SCHEMAS } from './report-openapi.ts';

const machineParameter = (where: 'path' | 'query', name: string) => ({
  name,
  in: where,
  required: true,
  description: 'Id of a machine',
  schema: text,
});
const rangeParameters = ['from', 'to'].map((name) => ({
  name,
  in: 'query',
  required: false,
  description: 'ISO time with its zone, or ms since 1970; the last 24 hours without',
  schema: text,
}));

const formatParameter = {
  name: 'format',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: ['json', 'csv'], default: 'json' },
};

/** What a GET can answer; errors have one shape everywhere. */
function get(summary: string, answers: Record<string, object>, parameters: object[] = [], isOpen = false) {
  const failure = (description: string) => ({
    description,
    content: { 'application/json': { schema: reference('Error') } },
  });
  return {
    get: {
      summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(isOpen ? { security: [] } : {}),
      responses: {
        200: {
          description: 'As asked',
          content: Object.fromEntries(Object.entries(answers).map(([type, schema]) => [type, { schema }])),
        },
        ...(parameters.length === 0 ? {} : { 400: failure('A parameter cannot be used') }),
        ...(isOpen ? {} : { 401: failure('The token is missing or wrong') }),
      },
    },
  };
}

const json = (schema: object) => ({ 'application/json': schema });

/** The description of the API (OpenAPI 3.1), kept by hand beside the routes; a test compares the two. */
export function openApiDocument(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'millwatt collector',
      version,
      description:
        'Metered energy of machine tools. Everything here reads, but for the marks of jobs, which can only be added.',
    },
    security: [{ token: [] }, {}],
    paths: {
      '/api/v1/site': get('The site and this collector', json(reference('Site'))),
      '/api/v1/alarms': get(
        'What a person has to see to just now, with its cure',
        json(object({ alarms: list(object({ part: text, reason: text, cure: text, lagRecords: number })) })),
      ),
      '/api/v1/machines': get(
        'Machines with their latest power and state',
        json(object({ machines: list(reference('Machine')) })),
      ),
      '/api/v1/machines/{id}/hours': get(
        'Energy per machine-hour: hours that begin in [from, to)',
        {
          ...json(object({ machine: text, fromMs: time, toMs: time, hours: list(reference('MachineHour')) })),
          'text/csv': text,
        },
        [machineParameter('path', 'id'), ...rangeParameters, formatParameter],
      ),
      '/api/v1/machines/{id}/hours/{hour}/explanation': get(
        'What one machine-hour rests on, with the arithmetic of every figure in words',
        json(reference('ExplainedHour')),
        [
          machineParameter('path', 'id'),
          {
            name: 'hour',
            in: 'path',
            required: true,
            description: 'Begin of a UTC hour: ISO time with its zone, or ms since 1970',
            schema: text,
          },
        ],
      ),
      '/api/v1/machines/{id}/periods': get(
        "Periods of the site's calendar that touch [from, to), whole, with their uncertainty and what they rest on",
        {
          ...json(
            object({
              machine: text,
              kind: text,
              zone: text,
              fromMs: time,
              toMs: time,
              periods: list(reference('Period')),
            }),
          ),
          'text/csv': text,
        },
        [
          machineParameter('path', 'id'),
          {
            name: 'kind',
            in: 'query',
            required: false,
            description: 'Into what the time is divided',
            schema: { type: 'string', enum: [...PERIOD_KINDS], default: 'day' },
          },
          ...rangeParameters,
          {
            name: 'budget',
            in: 'query',
            required: false,
            description: 'Whether uncertainty comes with its whole budget: at most 14 days of hours at once',
            schema: { type: 'string', enum: ['true', 'false'], default: 'false' },
          },
          formatParameter,
        ],
      ),
      '/api/v1/machines/{id}/use-phase': get(
        'kWh per machine-hour on each basis with uncertainty, power by state, and the declared year of use',
        json(reference('UsePhase')),
        [machineParameter('path', 'id'), ...rangeParameters],
      ),
      '/api/v1/main-meters/{id}/reconciliation': get(
        'A main meter, or readings of a bill, against the sum of the machines behind it; at most 366 days',
        json(reference('Reconciliation')),
        [
          {
            name: 'id',
            in: 'path',
            required: true,
            description: 'A main meter of the configuration',
            schema: text,
          },
          ...rangeParameters,
        ],
      ),
      '/api/v1/machines/{id}/findings': get(
        'What is implausible about its readings; at most 31 days',
        json(reference('FindingReport')),
        [machineParameter('path', 'id'), ...rangeParameters],
      ),
      '/api/v1/machines/{id}/jobs': get(
        'Energy of jobs, orders and parts, in whole shifts, days or months that touch [from, to); at most 31 days',
        { ...json(reference('JobReport')), 'text/csv': text },
        [
          machineParameter('path', 'id'),
          ...rangeParameters,
          ...[
            ['group', ['job', 'order', 'part']] as const,
            ['rule', ALLOCATION_RULES] as const,
            ['shared', ['yes', 'no']] as const,
          ].map(([name, choices]) => ({
            name,
            in: 'query',
            required: false,
            schema: { type: 'string', enum: [...choices] },
          })),
          formatParameter,
        ],
      ),
      '/api/v1/machines/{id}/job-marks': {
        ...get(
          'Marks that were told of jobs, with those taken back',
          json(object({ machine: text, fromMs: time, toMs: time, marks: list(reference('BookedMark')) })),
          [machineParameter('path', 'id'), ...rangeParameters],
        ),
        post: describeMarkIntake([machineParameter('path', 'id')]),
      },
      '/api/v1/footprints/{format}': FOOTPRINT_EXPORT,
      '/api/v1/machines/{id}/states': get(
        'Every stretch of one operating state, and what decided it; at most 31 days',
        {
          ...json(object({ machine: text, fromMs: time, toMs: time, spans: list(reference('StateSpan')) })),
          'text/csv': text,
        },
        [machineParameter('path', 'id'), ...rangeParameters, formatParameter],
      ),
      '/api/v1/series': get(
        'A chart of one channel: extremes and mean of each step',
        json(
          object({
            machine: text,
            channel: text,
            unit: text,
            fromMs: time,
            toMs: time,
            stepMs: number,
            points: list(object({ fromMs: time, min: number, max: number, mean: number })),
          }),
        ),
        [
          machineParameter('query', 'machine'),
          {
            name: 'channel',
            in: 'query',
            required: false,
            description: 'With or without the machine: supply.activePower',
            schema: { ...text, default: 'supply.activePower' },
          },
          ...rangeParameters,
          {
            name: 'step',
            in: 'query',
            required: false,
            description: 'Whole minutes: 1min, 5min, 1h; about 500 points without',
            schema: text,
          },
        ],
      ),
      '/api/v1/live': get(
        'Server-sent events: `machine` (a LiveMachine, at once and on change, at most twice a second), `beat` every 5 s',
        { 'text/event-stream': reference('LiveMachine') },
      ),
      '/api/v1/agents': get(
        'Agents, their health and their chains',
        json(object({ agents: list(reference('Agent')) })),
      ),
      '/api/v1/amendments': get(
        'What people decided about readings, in the order of entry: revoked amendments too',
        json(object({ amendments: list(reference('ListedAmendment')) })),
        [{ ...machineParameter('query', 'machine'), required: false }],
      ),
      '/api/v1/journal': get(
        'Everything that people told, in the order of entry; a page from `after` on, with the `after` of the next',
        json(JOURNAL_PAGE),
        JOURNAL_PARAMETERS,
      ),
      '/api/v1/openapi.json': get('This document', json(anything)),
      '/metrics': get('Metrics for Prometheus', { 'text/plain': text }),
      '/healthz': get('Whether the collector answers', json(object({ status: text })), [], true),
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        marksToken: { type: 'http', scheme: 'bearer' },
      },
      schemas: {
        ...JOB_SCHEMAS,
        Error: object({ error: object({ message: text, cure: text }) }),
        Site: object({
          site: text,
          version: text,
          publicKey: text,
          simulated: { type: 'boolean' },
          nowMs: time,
          speed: { type: 'number', description: 'Plant ms in one real ms; 1 outside simulations' },
          day: {
            ...object({ date: text, fromMs: time, toMs: time, zone: text }),
            description: "The day of the site's calendar that runs now",
          },
          retention: {
            ...maybe(
              object({
                fullSinceMs: maybe(time),
                frozenToMs: maybe(time),
                monthsPruned: number,
                stuck: text,
                cure: text,
              }),
            ),
            description:
              'From when on readings are kept, until when hours stay as they are, and why old readings are not let go; null where everything is kept for good',
          },
        }),
        Machine: object({
          id: text,
          name: text,
          ratedPowerW: maybe(number),
          configured: { type: 'boolean' },
          ...decision,
          powerW: maybe(number),
          atMs: maybe(time),
          stale: { type: 'boolean' },
          channels: list(text),
        }),
        LiveMachine: object({
          machine: text,
          atMs: time,
          ...decision,
          powerW: maybe(number),
          stale: { type: 'boolean' },
          values: anything,
          down: list(object({ agent: text, source: text, reason: text })),
        }),
        ...REPORT_SCHEMAS,
        StateSpan: object({ fromMs: time, toMs: time, ...decision }, 'One state, cut to the time asked for'),
        ListedEntry: LISTED_ENTRY,
        ListedAmendment: LISTED_AMENDMENT,
        Agent: object({
          id: text,
          online: { type: 'boolean' },
          version: text,
          lastSeenMs: maybe(time),
          health: maybe(anything),
          clockOffsetMs: {
            type: 'number',
            description:
              'By how much its clock is ahead of ours, ms; absent before it has spoken since our start',
          },
          chain: maybe(anything),
        }),
      },
    },
  };
}
