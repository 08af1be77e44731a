import type { BrowseResult, ReferenceDescription } from 'node-opcua';
import type { BrowseSession, ServerLimits } from './browse-session.ts';

/** Which references to follow from a node. */
export interface BrowseWish {
  /** Node id of the reference type, its subtypes included. */
  referenceType: string;
  direction: 'forward' | 'inverse';
  /** Bits of OPC 10000-3: objects 1, variables 2, object types 8, variable types 16. */
  classMask: number;
}

/** All that a node holds. */
export const HOLDS: BrowseWish = { referenceType: 'ns=0;i=33', direction: 'forward', classMask: 1 + 2 };
/** What a type is derived from. */
export const DERIVED_FROM: BrowseWish = {
  referenceType: 'ns=0;i=45',
  direction: 'inverse',
  classMask: 8 + 16,
};

/** What browsing may cost, and what it has cost; shared by all that browse for one purpose. */
export interface BrowseCosts {
  requests: number;
  requestsMax: number;
  /** Aborted when the time is over. */
  signal?: AbortSignal | undefined;
}

/** What one node holds, and why that may not be all. */
export interface Held {
  references: ReferenceDescription[];
  /** `children`: it holds more; `requests` and `time`: it was not asked for, or not for all; else the server's refusal. */
  cut?: 'children' | 'requests' | 'time' | { refused: string };
}

/** Nodes that a server returns of one node before it keeps the rest for later. */
const REFERENCES_PER_ANSWER = 500;
/** All that a display of a reference needs but its reference type. */
const RESULT_MASK = 63;
const TOO_LARGE =
  /BadResponseTooLarge|BadRequestTooLarge|BadEncodingLimitsExceeded|BadTooManyOperations|BadTcpMessageTooLarge/;

/**
 * What each of some nodes holds, in lots that the server takes, following its continuation points, at most `childrenMax`
 * a node. Where the requests or the time are used up the rest is marked so. Never calls or writes anything.
 */
export async function browseChildren(
  session: BrowseSession,
  nodeIds: readonly string[],
  wish: BrowseWish,
  childrenMax: number,
  limits: Pick<ServerLimits, 'nodesPerBrowse'>,
  costs: BrowseCosts,
): Promise<Held[]> {
  const held: Held[] = nodeIds.map(() => ({ references: [] }));
  session.requestedMaxReferencesPerNode = Math.min(REFERENCES_PER_ANSWER, childrenMax + 1);
  let lot = limits.nodesPerBrowse;
  let waiting = nodeIds.map((_, index) => index);
  // A server keeps only so many continuation points: what it has none left for is asked for alone.
  const alone: number[] = [];
  while (waiting.length + alone.length > 0) {
    const isAlone = waiting.length === 0;
    const indexes = isAlone ? alone.splice(0, 1) : waiting.slice(0, lot);
    const stop = stopOf(costs);
    if (stop !== undefined) {
      for (const index of [
        ...indexes,
        ...(isAlone ? alone.splice(0) : [...waiting.slice(lot), ...alone.splice(0)]),
      ])
        held[index] = { references: [], cut: stop };
      break;
    }
    costs.requests++;
    let results: BrowseResult[];
    try {
      results = await session.browse(indexes.map((index) => describe(nodeIds[index] ?? '', wish)));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!TOO_LARGE.test(text)) throw error;
      if (indexes.length === 1) {
        // One node whose first answer is too large for the connection: a smaller one may do.
        const [index = 0] = indexes;
        if (session.requestedMaxReferencesPerNode > 10) {
          session.requestedMaxReferencesPerNode = Math.floor(session.requestedMaxReferencesPerNode / 4);
          if (isAlone) alone.unshift(index);
        } else {
          held[index] = { references: [], cut: { refused: 'the answer is too large' } };
          if (!isAlone) waiting = waiting.slice(1);
        }
      } else lot = Math.max(1, Math.floor(indexes.length / 2));
      continue;
    }
    if (!isAlone) waiting = waiting.slice(indexes.length);
    for (const [position, index] of indexes.entries()) {
      const result = results[position];
      if (result?.statusCode.name === 'BadNoContinuationPoints' && !isAlone) alone.push(index);
      else held[index] = begin(result);
    }
    await followAll(
      session,
      indexes.map((index) => held[index]),
      results,
      childrenMax,
      costs,
    );
  }
  return held;
}

function begin(result: BrowseResult | undefined): Held {
  if (result === undefined) return { references: [], cut: { refused: 'no answer' } };
  if (result.statusCode.isNotGood()) return { references: [], cut: { refused: result.statusCode.name } };
  return { references: result.references ?? [] };
}

/** Asks for the rest of what was begun, and gives back to the server what is not wanted any more. */
async function followAll(
  session: BrowseSession,
  held: readonly (Held | undefined)[],
  results: readonly BrowseResult[],
  childrenMax: number,
  costs: BrowseCosts,
): Promise<void> {
  let open = results.flatMap((result, index) => {
    const one = held[index];
    const point = pointOf(result);
    return one === undefined || point === undefined ? [] : [{ one, point }];
  });
  const unwanted: Buffer[] = [];
  while (open.length > 0) {
    const stop = stopOf(costs);
    for (const { one, point } of open) {
      if (stop === undefined && one.references.length < childrenMax) continue;
      one.cut = stop ?? 'children';
      unwanted.push(point);
    }
    open = open.filter(({ one }) => one.cut === undefined);
    if (open.length === 0) break;
    costs.requests++;
    const next = await session.browseNext(
      open.map(({ point }) => point),
      false,
    );
    open = open.flatMap(({ one }, index) => {
      const result = next[index];
      if (result === undefined || result.statusCode.isNotGood()) {
        one.cut = { refused: result?.statusCode.name ?? 'no answer' };
        return [];
      }
      one.references.push(...(result.references ?? []));
      const point = pointOf(result);
      return point === undefined ? [] : [{ one, point }];
    });
  }
  for (const one of held) {
    if (one === undefined || one.references.length <= childrenMax) continue;
    one.references.length = childrenMax;
    one.cut ??= 'children';
  }
  if (unwanted.length === 0) return;
  costs.requests++;
  // The server holds a place for each; it is polite to say that they are free again, and no matter if it fails.
  await session.browseNext(unwanted, true).catch(() => {});
}

function stopOf(costs: BrowseCosts): 'requests' | 'time' | undefined {
  if (costs.signal?.aborted === true) return 'time';
  return costs.requests >= costs.requestsMax ? 'requests' : undefined;
}

function pointOf(result: BrowseResult | undefined): Buffer | undefined {
  const point = result?.continuationPoint;
  return point === undefined || point === null || point.length === 0 ? undefined : point;
}

function describe(nodeId: string, { referenceType, direction, classMask }: BrowseWish) {
  return {
    nodeId,
    referenceTypeId: referenceType,
    includeSubtypes: true,
    browseDirection: direction === 'forward' ? 0 : 1,
    nodeClassMask: classMask,
    resultMask: RESULT_MASK,
  };
}
