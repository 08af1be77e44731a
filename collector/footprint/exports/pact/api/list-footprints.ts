import type { FootprintHead } from '../product-footprint.ts';
import { answerWith, refusal, type PactAnswer } from './pact-answer.ts';
import { refuseCaller, type PactCaller } from './pact-caller.ts';
import {
  CRITERIA,
  createCriteriaFilter,
  criterionTime,
  TIME_CRITERIA,
  VALUES_MOST,
  type Criterion,
} from './footprint-criteria.ts';
import { cursorAfter, placeOf, placeOfCursor, START } from './page-cursor.ts';

/** A request for a list, as it came in. */
export interface ListRequest {
  /** The `host` header: the links of further pages have it too. */
  host: string;
  /** Path up to and with `/3/footprints`. */
  path: string;
  /** What stands behind the question mark, still escaped. */
  query: string;
}

/** Most footprints of a page, also when more or nothing was asked for. */
export const PAGE_MOST = 100;

/**
 * PACT's action ListFootprints: the footprints that fit and that the caller may see, oldest first, a page at a time. Where
 * more are left, `link` names the next page. Names of parameters in any case; those that PACT does not have are passed over.
 */
export function listFootprints(
  { host, path, query }: ListRequest,
  footprints: readonly FootprintHead[],
  caller: PactCaller,
): PactAnswer {
  const refused = refuseCaller(caller);
  if (refused !== undefined) return refused;
  const asked = readQuery(query);
  if (typeof asked === 'string') return refusal('BadRequest', asked);
  if (!/^[\w.:[\]-]+$/.test(host)) return refusal('BadRequest', 'The host header names no host.');

  const isFitting = createCriteriaFilter(asked.criteria);
  const fitting = footprints
    .filter((footprint) => caller.isGranted(footprint) && isFitting(footprint))
    .map((footprint) => ({ footprint, place: placeOf(footprint) }))
    .filter(({ place }) => place > asked.after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const page = fitting.slice(0, asked.limit);
  const next = cursorAfter(page.at(-1)?.place ?? asked.after);
  return answerWith(
    { data: page.map(({ footprint }) => footprint) },
    fitting.length > page.length
      ? { link: `<https://${host}${path}?${withCursor(query, next)}>; rel="next"` }
      : {},
  );
}

interface Asked {
  criteria: Partial<Record<Criterion, string[]>>;
  limit: number;
  after: string;
}

/** What a query asks for, or what is wrong with it. */
function readQuery(query: string): Asked | string {
  const asked: Asked = { criteria: {}, limit: PAGE_MOST, after: START };
  for (const [given, value] of new URLSearchParams(query)) {
    const name = given.toLowerCase();
    if (name === '$filter')
      return '$filter is of version 2: filter by productId, companyId, geography, classification, validOn, validAfter, validBefore and status.';
    if (value === '') continue;
    if (name === 'limit') {
      if (!/^\d{1,9}$/.test(value)) return `limit is no whole number: ${value}`;
      asked.limit = Math.min(asked.limit, Number(value));
    } else if (name === CURSOR) {
      const place = placeOfCursor(value);
      if (place === undefined)
        return `${CURSOR} is none that was given out here: ask for the first page anew.`;
      asked.after = place;
    } else {
      const criterion = CRITERIA.find((one) => one.toLowerCase() === name);
      if (criterion === undefined) continue;
      if (TIME_CRITERIA.includes(criterion) && Number.isNaN(criterionTime(value)))
        return `${criterion} is no time such as 2026-06-01T00:00:00Z: ${value}`;
      const values = (asked.criteria[criterion] ??= []);
      if (values.length >= VALUES_MOST) return `${criterion} has more than ${VALUES_MOST} values.`;
      values.push(value);
    }
  }
  return asked;
}

const CURSOR = 'cursor';

/** The same question about the next page. */
function withCursor(query: string, cursor: string): string {
  const parameters = new URLSearchParams(
    [...new URLSearchParams(query)].filter(([name]) => name.toLowerCase() !== CURSOR),
  );
  parameters.set(CURSOR, cursor);
  return parameters.toString();
}
