import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes certain which names a folder holds: until then a power cut may undo a rename, and what came after it may stay. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
