import { readFileSync, statSync } from 'node:fs';
import { writeDurably } from '../durable-file.ts';
import { MillwattError } from '../errors.ts';
import { generateSigningKey, readSigningKey, type SigningKey } from './keys.ts';

/**
 * The signing key in a PEM file (mode 0600), drawn and written there when there is none. Others pin its public part, so
 * a damaged file is never a reason to draw a new one. Throws an error of class `refuse`: `bad-key` when it is no key or
 * cannot be read, `open-key` when other users can read it.
 *
 * @param cureWhenLost what a person does when the file cannot be mended
 */
export function loadKeyFile(path: string, cureWhenLost: string): SigningKey {
  const pem = readKey(path);
  if (pem === undefined) {
    const key = generateSigningKey();
    writeDurably(path, key.exportPem());
    return key;
  }
  try {
    return readSigningKey(pem);
  } catch (cause) {
    throw refuse('bad-key', `${path} is not an Ed25519 private key.`, cureWhenLost, cause);
  }
}

function readKey(path: string): string | undefined {
  try {
    const pem = readFileSync(path, 'utf8');
    if ((statSync(path).mode & 0o077) === 0) return pem;
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined;
    throw refuse(
      'bad-key',
      `The key ${path} cannot be read.`,
      'Let the user that runs millwatt read the file.',
      cause,
    );
  }
  throw refuse('open-key', `The key ${path} can be read by other users.`, `Run: chmod 600 ${path}`);
}

function refuse(code: string, message: string, cure: string, cause?: unknown): MillwattError {
  return new MillwattError('refuse', code, message, { cure, cause });
}
