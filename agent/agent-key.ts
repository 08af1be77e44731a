import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../protocols/durable-file.ts';
import { loadKeyFile } from '../protocols/evidence/key-file.ts';
import { isRotationSigned, signRotation } from '../protocols/evidence/key-rotation.ts';
import { generateSigningKey, type SigningKey } from '../protocols/evidence/keys.ts';
import { syncFolder } from './spool-folder.ts';

/** An agent's key, and what it tells of the key before it. */
export interface AgentKeyFile {
  key: SigningKey;
  /** The key before it, and its signature over the statement that this one takes its place; absent where there was none. */
  rotation?: { from: string; by: string } | undefined;
}

const KEY_LOST = 'Restore the file from a backup; or delete it, and confirm the new key at the collector.';
/** A line behind the key in its file: readers of PEM, earlier versions of this agent among them, pass over it. */
const STATEMENT = /^rotated-from: ([A-Za-z0-9_-]{43}) ([A-Za-z0-9_-]{86})$/m;

/** The file of the key in an agent's data folder. */
export function agentKeyPath(folder: string): string {
  return join(folder, 'agent-key.pem');
}

/**
 * The key of an agent, drawn where there is none. What a rotation that was cut off left of an old key is destroyed; a statement that
 * is not of this agent is left out. Throws as `loadKeyFile`, and what a disk throws.
 */
export function loadAgentKey(folder: string, whose: { site: string; agent: string }): AgentKeyFile {
  destroyOld(folder);
  return readAgentKey(folder, whose);
}

/** The same, and nothing is destroyed; throws as `loadKeyFile`. */
export function readAgentKey(folder: string, whose: { site: string; agent: string }): AgentKeyFile {
  const path = agentKeyPath(folder);
  const key = loadKeyFile(path, KEY_LOST);
  const [, from = '', by = ''] = STATEMENT.exec(readFileSync(path, 'utf8')) ?? [];
  return isRotationSigned({ ...whose, from, to: key.publicKey }, by)
    ? { key, rotation: { from, by } }
    : { key };
}

/**
 * Draws a new key, lets the old one sign that it takes its place, and destroys the old one. At every moment the file holds one whole
 * key: killed before the last step, the next start ends what was begun. No agent may run in the folder. Throws as `loadKeyFile`, and
 * what a disk throws.
 * @param onStep called after each step, by its name: tests end the process there
 */
export function rotateAgentKey(
  folder: string,
  whose: { site: string; agent: string },
  onStep: (step: 'linked' | 'replaced' | 'destroyed') => void = () => {},
): { old: SigningKey; key: SigningKey } {
  const path = agentKeyPath(folder);
  const { key: old } = loadAgentKey(folder, whose);
  const key = generateSigningKey();
  const by = signRotation(old, { ...whose, to: key.publicKey });
  // A second name keeps the old key in reach until it is overwritten.
  linkSync(path, oldPath(folder));
  syncFolder(folder);
  onStep('linked');
  writeDurably(path, `${key.exportPem().trimEnd()}\nrotated-from: ${old.publicKey} ${by}\n`);
  onStep('replaced');
  destroyOld(folder);
  onStep('destroyed');
  return { old, key };
}

function oldPath(folder: string): string {
  return `${agentKeyPath(folder)}.old`;
}

/** Overwrites what is left of a key whose place was taken; where the new one was never written, the old one only loses its second name. */
function destroyOld(folder: string): void {
  // A new key that was cut off before it had its place was never used.
  rmSync(`${agentKeyPath(folder)}.new`, { force: true });
  const path = oldPath(folder);
  const current = statSync(agentKeyPath(folder), { throwIfNoEntry: false });
  // Where somebody took the current key away, it may be all that is left.
  if (!existsSync(path) || current === undefined) return;
  const file = openSync(path, 'r+');
  try {
    const { ino, size } = fstatSync(file);
    if (current.ino !== ino) {
      writeSync(file, Buffer.alloc(size, '0'), 0, size, 0);
      fsyncSync(file);
    }
  } finally {
    closeSync(file);
  }
  unlinkSync(path);
  syncFolder(folder);
}
