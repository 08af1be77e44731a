import { setImmediate } from 'node:timers/promises';
import { MillwattError } from '../../protocols/errors.ts';
import { ApiError } from './api-error.ts';

/** Work goes on for so long before others have their turn, ms. */
const TURN_MS = 10;

/**
 * All that a slow walk gives; others are served meanwhile. What the operator has to change is said, with its cure.
 *
 * @param refused status of the answer where the walk is refused
 */
export async function takeTurns<T>(start: () => Iterable<T | null>, refused = 400): Promise<T[]> {
  const all: T[] = [];
  let turnMs = performance.now();
  try {
    for (const one of start()) {
      if (one !== null) all.push(one);
      if (performance.now() - turnMs < TURN_MS) continue;
      await setImmediate();
      turnMs = performance.now();
    }
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'refuse')
      throw new ApiError(refused, error.message, error.cure);
    throw error;
  }
  return all;
}
