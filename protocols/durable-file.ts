import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a small file for its owner only (mode 0600), whole or not at all, and on disk with its name when this returns:
 * a start that ends in the middle leaves no half a file, and a power cut takes none away.
 */
export function writeDurably(path: string, text: string | Uint8Array): void {
  const half = `${path}.new`;
  writeAndSync(openSync(half, 'w', 0o600), text);
  renameSync(half, path);
  writeAndSync(openSync(dirname(path), 'r'), '');
}

function writeAndSync(handle: number, text: string | Uint8Array): void {
  try {
    if (text !== '') writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
