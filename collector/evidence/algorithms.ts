import { ALGORITHM } from '../energy/close-hour.ts';
import { recomputeHours } from './recompute-hours.ts';

/**
 * The derivations that this version can compute hours with, by the name that a manifest gives them. Whoever changes what an hour
 * comes to gives the derivation a new name; the old one stays here as long as its code does.
 */
const ALGORITHMS: ReadonlyMap<string, typeof recomputeHours> = new Map([[ALGORITHM, recomputeHours]]);

/** The derivation of a name; undefined where this version does not have it. */
export function algorithmNamed(name: string): typeof recomputeHours | undefined {
  return ALGORITHMS.get(name);
}

/** The names of those that it has, for people. */
export function knownAlgorithms(): string {
  return [...ALGORITHMS.keys()].join(', ');
}
