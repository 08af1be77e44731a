import type { FastifyInstance } from 'fastify';
import { isLevelId } from '../../protocols/telemetry/ids.ts';
import { ENTRY_KINDS } from '../journal/journal.ts';
import { listEntry } from '../reports/journal-listing.ts';
import { badParameter } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { readText, readTime, requireKnown, type Query } from './parameters.ts';

const LIMIT = 200;
const LIMIT_MAX = 1000;

/** Everything that people told, page by page in the order of entry. */
export function addJournal(server: FastifyInstance, { journal }: HttpParts): void {
  server.get('/api/v1/journal', (request) => {
    const query = request.query as Query;
    requireKnown(query, ['machine', 'kind', 'from', 'to', 'after', 'limit']);
    const machine = readText(query, 'machine');
    if (machine !== undefined && !isLevelId(machine))
      throw badParameter('machine', machine, 'Use the id of a machine or a main meter.');
    const kindText = readText(query, 'kind');
    const kind = ENTRY_KINDS.find((known) => known === kindText);
    if (kindText !== undefined && kind === undefined)
      throw badParameter('kind', kindText, `Use ${ENTRY_KINDS.join(', ')}.`);
    const limit = readCount(query, 'limit', { least: 1, most: LIMIT_MAX }) ?? LIMIT;
    const found =
      journal?.page({
        machine,
        kind,
        fromMs: readTime(query, 'from'),
        toMs: readTime(query, 'to'),
        afterSeq: readCount(query, 'after', { least: 0, most: Number.MAX_SAFE_INTEGER }),
        // One more tells whether there is a next page.
        limit: limit + 1,
      }) ?? [];
    const entries = found.slice(0, limit).map((entry) => listEntry(entry));
    return { entries, nextAfter: found.length > limit ? (entries.at(-1)?.seq ?? null) : null };
  });
}

function readCount(
  query: Query,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = readText(query, name);
  if (text === undefined) return undefined;
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw badParameter(
    name,
    text,
    name === 'limit'
      ? `Give a whole number from ${least} to ${most}.`
      : 'Give the `nextAfter` of the page before.',
  );
}
