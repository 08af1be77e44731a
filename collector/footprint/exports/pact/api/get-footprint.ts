import type { ProductFootprint } from '../product-footprint.ts';
import { answerWith, refusal, type PactAnswer } from './pact-answer.ts';
import { refuseCaller, type PactCaller } from './pact-caller.ts';

/** PACT's action GetFootprint: one footprint by its id, deprecated or not. */
export function getFootprint(
  id: string,
  footprints: readonly ProductFootprint[],
  caller: PactCaller,
): PactAnswer {
  const refused = refuseCaller(caller);
  if (refused !== undefined) return refused;
  const found = footprints.find((footprint) => footprint.id === id.toLowerCase());
  if (found === undefined) return refusal('NotFound', 'There is no footprint with this id.');
  if (!caller.isGranted(found)) return refusal('AccessDenied', 'This footprint is not shared with you.');
  return answerWith({ data: found });
}
