import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillwattError } from '../../protocols/errors.ts';
import { ALLOCATION_RULES } from '../energy/allocation/allocation-rule.ts';
import { JOB_GROUPINGS, jobsToCsv } from '../reports/job-csv.ts';
import type { JobsPart } from '../reports/job-part.ts';
import type { JobReport } from '../reports/job-report.ts';
import { readToldMark, type ToldMark } from '../reports/job-told-mark.ts';
import { ApiError, badParameter } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { createMarkAllowance } from './mark-allowance.ts';
import { readFormat, readRange, readText, requireKnown, type Query } from './parameters.ts';
import { takeTurns } from './take-turns.ts';

/** A month takes some seconds; others are served meanwhile. */
const SPAN_MAX_MS = 93 * 86_400_000;
const UNPROCESSABLE = 422;
const LIST_SPAN_MAX_MS = 366 * 86_400_000;
const MARKS_MAX = 1000;
const BODY_BYTES_MAX = 524_288;
const FAULTS_MAX = 50;
const BY_MAX = 80;

/** A mark of a request that cannot be taken. */
interface MarkRefusal {
  /** Its place in the request, from 0. */
  index: number;
  id?: string;
  field?: string;
  message: string;
  cure: string;
}

/** Jobs of a machine, and the one route that takes something in: the marks of an MES. */
export function addJobRoutes(
  server: FastifyInstance,
  parts: Pick<HttpParts, 'jobs' | 'clock'>,
  requireMachine: (id: string | undefined) => string,
): void {
  const { clock } = parts;
  const allowance = createMarkAllowance(() => clock.wallMs());
  const requireJobs = (): JobsPart => {
    if (parts.jobs !== undefined) return parts.jobs;
    throw new ApiError(
      404,
      'This collector was started without a journal.',
      'Jobs are of a collector that has one.',
    );
  };

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/jobs', async (request, reply) => {
    const query = request.query as Query;
    requireKnown(query, ['from', 'to', 'group', 'rule', 'shared', 'format']);
    const machine = requireMachine(request.params.id);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), SPAN_MAX_MS);
    const group = readChoice(query, 'group', JOB_GROUPINGS) ?? 'job';
    const rule = readChoice(query, 'rule', ALLOCATION_RULES);
    const withShared = readChoice(query, 'shared', ['yes', 'no']) === 'yes';
    const format = readFormat(query);
    const jobs = requireJobs();
    const [report] = await takeTurns(
      () => jobs.report({ machine, fromMs, toMs, rule, withShared }),
      UNPROCESSABLE,
    );
    if (report === undefined) throw new Error('a report ends with what it reports');
    if (format === 'json') return choose(report, group);
    return await reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="jobs-${machine}.csv"`)
      .send(jobsToCsv(report, group));
  });

  server.get<{ Params: { id: string } }>('/api/v1/machines/:id/job-marks', (request) => {
    const query = request.query as Query;
    requireKnown(query, ['from', 'to']);
    const machine = requireMachine(request.params.id);
    const { fromMs, toMs } = readRange(query, clock.wallMs(), LIST_SPAN_MAX_MS);
    const marks = requireJobs()
      .list(machine)
      .filter(({ mark }) => mark.atMs >= fromMs && mark.atMs < toMs);
    return { machine, fromMs, toMs, marks };
  });

  server.post<{ Params: { id: string } }>(
    '/api/v1/machines/:id/job-marks',
    {
      bodyLimit: BODY_BYTES_MAX,
      // Before the body is read.
      onRequest: async (request) => refuseForeign(request),
    },
    async (request, reply) => {
      requireKnown(request.query as Query, []);
      const machine = requireMachine(request.params.id);
      const { values, by } = readBody(request.body);
      const marks: ToldMark[] = [];
      const refusals: MarkRefusal[] = [];
      for (const [index, value] of values.entries()) {
        const read = readToldMark(value, clock.wallMs());
        if ('mark' in read) marks.push(read.mark);
        else refusals.push(...read.faults.map((fault) => ({ index, ...fault })));
      }
      if (refusals.length > 0) return await reply.status(400).send(refuse('cannot be taken', refusals));
      allowance.require(marks.length);
      const taken = refusable(() => requireJobs().take(machine, marks, by));
      if ('conflicts' in taken)
        return await reply
          .status(409)
          .send(refuse('cannot stand beside what was told before', taken.conflicts));
      allowance.spend(taken.accepted + taken.withdrawn);
      return { machine, ...taken };
    },
  );
}

/** A page of another origin may not write in a visitor's name, and no form can send what we take. */
function refuseForeign(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `${request.protocol}://${host ?? ''}`)
    throw new ApiError(
      403,
      'Marks are not taken from pages of another origin.',
      'Send them from a program, without an Origin header.',
    );
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(;|$)/i.test(type))
    throw new ApiError(415, 'Marks are taken as JSON only.', 'Send "Content-Type: application/json".');
}

/** One mark, a list of them, or `{marks, by}`. */
function readBody(body: unknown): { values: unknown[]; by: string } {
  let values: unknown = body;
  let by = 'MES';
  if (typeof body === 'object' && body !== null && !Array.isArray(body) && 'marks' in body) {
    values = body.marks;
    const other = Object.keys(body).find((key) => key !== 'marks' && key !== 'by');
    if (other !== undefined)
      throw badParameter(other.slice(0, 40), undefined, 'Send {"marks": [...], "by": "..."}.');
    if ('by' in body) {
      if (
        typeof body.by !== 'string' ||
        body.by.trim() === '' ||
        body.by.length > BY_MAX ||
        /[\p{Cc}\p{Cs}]/u.test(body.by)
      )
        throw badParameter('by', body.by, `Say who sends it in 1 to ${BY_MAX} characters.`);
      by = body.by;
    }
  }
  const list: unknown[] = Array.isArray(values) ? values : [values];
  if (list.length === 0 || list.length > MARKS_MAX)
    throw new ApiError(400, `The request has ${list.length} marks.`, `Send 1 to ${MARKS_MAX} at a time.`);
  return { values: list, by };
}

function refuse(why: string, refusals: readonly MarkRefusal[]) {
  const [first] = refusals;
  const count = new Set(refusals.map(({ index }) => index)).size;
  return {
    error: {
      message: `${count === 1 ? '1 mark' : `${count} marks`} ${why}; nothing was entered. The first: ${first?.message ?? ''}`,
      cure: first?.cure ?? '',
      marks: refusals.slice(0, FAULTS_MAX),
    },
  };
}

function readChoice<T extends string>(query: Query, name: string, choices: readonly T[]): T | undefined {
  const text = readText(query, name);
  if (text === undefined) return undefined;
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw badParameter(name, text, `Use ${choices.join(', ')}.`);
  return chosen;
}

/** What the rules refuse is no fault of ours: it says what to do. */
function refusable<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof MillwattError)) throw error;
    if (error.remedy === 'refuse') throw new ApiError(422, error.message, error.cure);
    if (error.remedy === 'retry') throw new ApiError(503, error.message, error.cure);
    throw error;
  }
}

/** Without the lists that were not asked for. */
function choose(
  { jobs, orders, parts, ...report }: JobReport,
  group: (typeof JOB_GROUPINGS)[number],
): object {
  if (group === 'order') return { ...report, orders };
  return group === 'part' ? { ...report, parts } : { ...report, jobs };
}
