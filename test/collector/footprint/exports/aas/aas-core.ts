import { createRequire } from 'node:module';
import type * as Core from '@aas-core-works/aas-core3.0-typescript';

// Its ESM build imports without extensions, which Node does not take.
const aas = createRequire(import.meta.url)('@aas-core-works/aas-core3.0-typescript') as typeof Core;

/** The faults that the reference library of the standard finds in an environment. */
export function aasCoreFaults(environment: unknown): string[] {
  const read = aas.jsonization.environmentFromJsonable(environment as Core.jsonization.JsonValue);
  if (read.error !== null) return [`${read.error.path.toString()}: ${read.error.message}`];
  return [...aas.verification.verify(read.mustValue())].map(
    (fault) => `${fault.path.toString()}: ${fault.message}`,
  );
}
