import { resolveOptionalSecret } from '../config/secrets.ts';

/** The secret behind a reference of a configuration in this folder, or undefined where there is no reference. */
export function resolveSecret(reference: string | undefined, folder: string): string | undefined {
  return resolveOptionalSecret(reference, { env: process.env, folder });
}
