import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../contracts/golden');

/** One file of the contract. */
export function goldenFile(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

/** The files of the contract whose names end so, in order. */
export function goldenFiles(ending: string): Buffer[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map(goldenFile);
}
