import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import { isSystemdCredential, statFile } from './surroundings.ts';

const SECRET_BYTES_MAX = 64 * 1024;

/**
 * The secret that a reference such as `${env:BROKER_PASSWORD}` or `${file:broker.password}` points at, to be called at
 * the last moment. One line break at the end of a file is not part of it. Throws an error of class `refuse` (codes
 * `no-secret`, `open-secret`, `bad-secret`) that names the reference and never the value.
 *
 * @param options.env the environment, which only the command line touches
 * @param options.folder where relative paths start: the folder of the configuration file
 */
export function resolveSecret(
  reference: string,
  options: { env: Readonly<Record<string, string | undefined>>; folder: string },
): string {
  const [, source, name = ''] = /^\$\{(env|file):([^}]+)\}$/.exec(reference) ?? [];
  if (source === 'env') return requireText(options.env[name], `the environment variable ${name}`);
  // What is not a reference may be the secret itself, so it is not repeated.
  if (source !== 'file')
    throw refuse('bad-secret', 'A secret was written where only a reference to one may stand.', {
      cure: 'Write ${env:NAME} or ${file:PATH}.',
    });
  return readSecretFile(resolve(options.folder, name));
}

/** As `resolveSecret`, for a reference that may be absent. */
export function resolveOptionalSecret(
  reference: string | undefined,
  options: { env: Readonly<Record<string, string | undefined>>; folder: string },
): string | undefined {
  return reference === undefined ? undefined : resolveSecret(reference, options);
}

function readSecretFile(path: string): string {
  const state = statFile(path);
  if (state === 'missing')
    throw refuse('no-secret', `The secret file ${path} is not there.`, {
      cure: `Write the secret into ${path} and run: chmod 600 ${path}`,
    });
  // systemd hands credentials out by an access list, which shows as group bits, in a folder closed to other users.
  if (typeof state === 'object' && (state.mode & 0o077) !== 0 && !isSystemdCredential(path))
    throw refuse(
      'open-secret',
      `The secret in ${path} can be read by other users (mode ${state.mode.toString(8)}).`,
      { cure: `Run: chmod 600 ${path}` },
    );
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw refuse('no-secret', `The secret file ${path} may not be read by this user.`, {
      cure: `Make the user of the service its owner: chown, then chmod 600 ${path}`,
      cause,
    });
  }
  if (bytes.length > SECRET_BYTES_MAX)
    throw refuse('bad-secret', `${path} is too large for a secret.`, { cure: 'Give the right file.' });
  return requireText(new TextDecoder().decode(bytes).replace(/\r?\n$/, ''), path);
}

function requireText(text: string | undefined, where: string): string {
  if (text === undefined)
    throw refuse('no-secret', `The secret is not there: ${where} is not set.`, {
      cure: 'Set it for the service (systemd: EnvironmentFile= or LoadCredential=), or use ${file:PATH}.',
    });
  if (text === '' || text.includes('\n') || text.includes('\0'))
    throw refuse('bad-secret', `The secret in ${where} is empty or has more than one line.`, {
      cure: 'Store exactly one line.',
    });
  return text;
}

function refuse(code: string, message: string, options: { cure: string; cause?: unknown }): MillwattError {
  return new MillwattError('refuse', code, message, options);
}
