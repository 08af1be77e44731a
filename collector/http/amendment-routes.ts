import type { FastifyInstance } from 'fastify';
import { listAmendments } from '../journal/amendment-list.ts';
import type { HttpParts } from './http-parts.ts';
import { readText, requireKnown, type Query } from './parameters.ts';

/** What people decided about readings: all of it, revoked amendments too. */
export function addAmendments(
  server: FastifyInstance,
  { journal }: HttpParts,
  requireMachine: (id: string) => string,
): void {
  server.get('/api/v1/amendments', (request) => {
    const query = request.query as Query;
    requireKnown(query, ['machine']);
    const named = readText(query, 'machine');
    const machine = named === undefined ? undefined : requireMachine(named);
    return { amendments: journal === undefined ? [] : listAmendments(journal, machine) };
  });
}
