import type { FootprintHead } from '../product-footprint.ts';
import { answerWith, refusal, type PactAnswer } from './pact-answer.ts';
import { refuseCaller, type PactCaller } from './pact-caller.ts';

/**
 * PACT's action GetFootprint: one footprint by its id, deprecated or not. Of one that is not shared with the caller nobody tells
 * that it is there: it is not found, like any other.
 */
export function getFootprint(
  id: string,
  footprints: readonly FootprintHead[],
  caller: PactCaller,
): PactAnswer {
  const refused = refuseCaller(caller);
  if (refused !== undefined) return refused;
  const found = footprints.find((footprint) => footprint.id === id.toLowerCase());
  if (found === undefined || !caller.isGranted(found))
    return refusal('NotFound', 'There is no footprint with this id.');
  return answerWith({ data: found });
}
