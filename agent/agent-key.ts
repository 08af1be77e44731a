import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import { generateSigningKey, readSigningKey, type SigningKey } from '../protocols/evidence/keys.ts';

/**
 * The agent's key: read from agent-key.pem in its folder, or drawn and written there (mode 0600) at the first start.
 * Throws an error of class `refuse` (code `bad-key`) when the file is not a key; it is never replaced.
 */
export function loadAgentKey(folder: string): SigningKey {
  const path = join(folder, 'agent-key.pem');
  const pem = readIfPresent(path);
  if (pem === undefined) {
    const key = generateSigningKey();
    writeDurably(path, key.exportPem());
    return key;
  }
  try {
    return readSigningKey(pem);
  } catch (cause) {
    throw new MillwattError('refuse', 'bad-key', `${path} is not an Ed25519 private key.`, {
      cure: 'Restore the file from a backup; or delete it, and confirm the new key at the collector.',
      cause,
    });
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined;
    throw new MillwattError('refuse', 'bad-key', `${path} cannot be read.`, {
      cure: 'Let the user that runs the agent read the file.',
      cause,
    });
  }
}

/** Whole or not at all: a start that ends in the middle leaves no half a key behind. */
function writeDurably(path: string, text: string): void {
  const half = `${path}.new`;
  const file = openSync(half, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(half, path);
  // The new name is on disk before anything is signed: a power cut must not take the key from its records.
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
