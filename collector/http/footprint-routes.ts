import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { MillwattError } from '../../protocols/errors.ts';
import { ENDINGS, EXPORT_FORMATS, type ExportFormat } from '../exports/export-formats.ts';
import {
  exportContent,
  exportName,
  machinesOf,
  readIssue,
  stepExport,
  type ExportQuery,
  type ExportSource,
} from '../exports/make-export.ts';
import type { ExportsPart } from '../exports/exports-part.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { subjectAsked } from '../reports/footprint/record-subject.ts';
import { ApiError, badParameter } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { readText, readTime, requireKnown, type Query } from './parameters.ts';
import { takeTurns } from './take-turns.ts';
import { createWorkGate, gone } from './work-gate.ts';

const DAY_MS = 86_400_000;
/** Without `from`, as `millwatt export` does. */
const BACK_MS = 30 * DAY_MS;
/** A reader of a long file that takes nothing for so long is let go. */
const STALLED_MS = 60_000;
const STREAMS_MAX = 8;
const UNPROCESSABLE = 422;

/** What the refusals of records and formats mean in HTTP; any other is 422: understood, but there is no such export. */
const STATUS: Readonly<Record<string, number>> = {
  usage: 400,
  'two-views': 400,
  'bad-time': 400,
  'no-footprint': 404,
  'no-line': 404,
  'no-model': 404,
  'no-job': 404,
  'no-part': 404,
  'no-machine': 404,
  'bad-export': 500,
};

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  zip: 'application/zip',
  parquet: 'application/vnd.apache.parquet',
  html: 'text/html; charset=utf-8',
};
/** The media type of a format's file. */
export const typeOf = (format: ExportFormat): string =>
  TYPES[ENDINGS[format].split('.').at(-1) ?? ''] ?? 'application/octet-stream';

/** Footprints in every format, as `millwatt export` writes them. */
export function addFootprintRoutes(
  server: FastifyInstance,
  { exports, clock }: Pick<HttpParts, 'exports' | 'clock'>,
): void {
  const gate = createWorkGate({ atOnce: 1, waiting: 8 });
  let streams = 0;

  server.get<{ Params: { format: string } }>('/api/v1/footprints/:format', async (request, reply) => {
    const format = requireFormat(request.params.format);
    const query = request.query as Query;
    requireKnown(query, ['machine', 'line', 'model', 'job', 'part', 'from', 'to', 'issue']);
    if (exports === undefined)
      throw new ApiError(404, 'This collector was started without its plan.', 'Ask one that has a journal.');
    const nowMs = clock.wallMs();
    const asked = inHttp(() => readQuery(query, exports, nowMs));
    const from = sourceOf(exports);
    requireMachines(exports, from, asked);

    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const leave = await gate.enter(left.signal);
    let record: FootprintRecord;
    let content: Readable | string | Uint8Array;
    try {
      const [made] = await takeTurns(() => answerable(stepExport(from, asked, nowMs), left.signal));
      if (made === undefined) throw new Error('the steps end with a record');
      record = made;
      content = await exportContent(from.source, format, record).catch((error: unknown) => {
        throw asApiError(error);
      });
      // Packages are in memory as files already; hours of a year of many machines are not, and never will be.
      if (content instanceof Readable && format !== 'parquet')
        content = Buffer.concat((await content.toArray()) as Uint8Array[]);
    } finally {
      leave();
    }
    reply
      .type(typeOf(format))
      .header('content-disposition', `attachment; filename="${exportName(asked.subject, format)}"`);
    if (content instanceof Readable) {
      // Whoever left meanwhile closes nothing any more, and would keep a place for ever.
      if (left.signal.aborted || reply.raw.destroyed) {
        content.destroy();
        throw new ApiError(499, 'Whoever asked has left.', 'Ask again.');
      }
      if (streams >= STREAMS_MAX) {
        content.destroy();
        throw new ApiError(503, 'Too many are reading such files just now.', 'Ask again in half a minute.');
      }
      streams += 1;
      reply.raw.once('close', () => {
        streams -= 1;
      });
      reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
      return await sendStream(reply, content, `W/"${record.evidence.hours.sha256}"`);
    }
    const digest = createHash('sha256').update(content).digest();
    const tag = `"${digest.toString('base64url')}"`;
    reply.header('etag', tag).header('repr-digest', `sha-256=:${digest.toString('base64')}:`);
    if (namesTag(request.headers['if-none-match'], tag)) return await reply.status(304).send();
    return await reply.send(content);
  });
}

/** Its digest is known at its end only, and follows as a trailer; the tag is that of the hours in it. */
async function sendStream(reply: FastifyReply, content: Readable, tag: string): Promise<FastifyReply> {
  reply.header('etag', tag);
  if (namesTag(reply.request.headers['if-none-match'], tag)) {
    content.destroy();
    return await reply.status(304).send();
  }
  const hash = createHash('sha256');
  const hashed = content.pipe(
    new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        hash.update(chunk);
        done(null, chunk);
      },
    }),
  );
  content.once('error', (error) => hashed.destroy(error));
  hashed.once('close', () => content.destroy());
  reply.trailer('repr-digest', async () => `sha-256=:${hash.digest('base64')}:`);
  return await reply.send(hashed);
}

function requireFormat(text: string): ExportFormat {
  if (Object.hasOwn(EXPORT_FORMATS, text)) return text as ExportFormat;
  throw new ApiError(
    404,
    `There is no format ${JSON.stringify(text.slice(0, 40))}.`,
    `Formats are ${Object.keys(EXPORT_FORMATS).join(', ')}.`,
  );
}

/** That nothing was declared is said with its cure; of the operator's own files only the log tells. */
function sourceOf(exports: ExportsPart): ExportSource {
  try {
    return exports.from();
  } catch (error) {
    throw error instanceof MillwattError && error.code === 'no-footprint' ? asApiError(error) : error;
  }
}

function readQuery(query: Query, { readTime: readSite }: ExportsPart, nowMs: number): ExportQuery {
  const [machine, line, model, part, job] = ['machine', 'line', 'model', 'part', 'job'].map((name) => {
    const text = readText(query, name);
    if (text === '') throw badParameter(name, text, `Give an id, or leave ${name} out.`);
    return text;
  });
  const subject = subjectAsked({ machine, line, model, part, job });
  const timeOf = (name: string): number | undefined => {
    const text = readText(query, name)?.replace(/ (\d\d:\d\d)$/, '+$1');
    if (text === undefined) return undefined;
    return /^\d{1,15}$/.test(text) ? readTime(query, name) : readSite(text, name);
  };
  const toMs = timeOf('to') ?? nowMs;
  const fromMs = timeOf('from') ?? toMs - BACK_MS;
  if (fromMs >= toMs) throw badParameter('from', query['from'], 'Let `from` lie before `to`.');
  return { subject, fromMs, toMs, issue: readIssue(readText(query, 'issue') ?? '1') };
}

function requireMachines(exports: ExportsPart, { plan }: ExportSource, { subject }: ExportQuery): void {
  const known = exports.machines();
  const missing = machinesOf(plan, subject).find((machine) => !known.includes(machine));
  if (missing !== undefined)
    throw new ApiError(
      404,
      `The ledger knows no machine ${JSON.stringify(missing.slice(0, 80))}.`,
      'Use an id from /api/v1/machines.',
    );
}

/** The steps, whose refusals are answers; given up once whoever asked has left. */
function* answerable<T>(steps: Iterable<T>, left: AbortSignal): Generator<T> {
  try {
    for (const one of steps) {
      if (left.aborted) throw gone();
      yield one;
    }
  } catch (error) {
    throw asApiError(error);
  }
}

function inHttp<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asApiError(error);
  }
}

/** A refusal with the status that fits it; its options are called parameters here. */
function asApiError(error: unknown): unknown {
  if (!(error instanceof MillwattError) || error.remedy !== 'refuse') return error;
  const inParameters = (text: string) =>
    text.replaceAll(/--(?=(machine|line|model|part|job|from|to|issue)\b)/g, '');
  return new ApiError(
    STATUS[error.code] ?? UNPROCESSABLE,
    inParameters(error.message),
    inParameters(error.cure),
  );
}

function namesTag(header: string | undefined, tag: string): boolean {
  const plain = (text: string) => text.trim().replace(/^W\//, '');
  return header?.split(',').some((one) => one.trim() === '*' || plain(one) === plain(tag)) ?? false;
}
