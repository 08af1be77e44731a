import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../shared');

/**
 * The path of a schema, a recording or a fact that lies in `shared`, beside the project, and that tests are held against where it is there.
 * Where the folder is there, so must be the file: what was moved or renamed fails its tests instead of skipping them. Where the folder is
 * not, the caller skips (`existsSync`), and what is skipped is printed.
 * @throws Error that names the file, where the folder is there without it
 */
export function sharedFile(path: string, folder = FOLDER): string {
  const file = join(folder, path);
  if (existsSync(file)) return file;
  if (existsSync(folder))
    throw new Error(
      `${path} is not in ../shared, which is there. Was it moved? Its tests would skip without a word`,
    );
  console.warn(`SKIPPED: ../shared/${path} is not here, and neither is what is held against it`);
  return file;
}
