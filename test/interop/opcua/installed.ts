import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/*
 * Where install.sh puts things: a folder for each below the user's cache, with a digest of what it was made from in its
 * name, so that a test never runs against something older than its sources.
 */

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millwatt', 'interop');
const MILO_SOURCES = 'milo/src/main/java/foreign';

/** The Python that sees asyncua. */
export const ASYNCUA_PYTHON = join(
  CACHE,
  `asyncua-${digestOf(['asyncua/requirements.txt'])}`,
  'bin',
  'python',
);

const miloSources = readdirSync(join(import.meta.dirname, MILO_SOURCES)).map(
  (name) => `${MILO_SOURCES}/${name}`,
);
const MILO_FOLDER = join(CACHE, `milo-${digestOf(['milo/pom.xml', ...miloSources.sort()])}`);
/** The compiled Milo server. */
export const MILO_CLASSES = join(MILO_FOLDER, 'target', 'classes');
/** The libraries it stands on. */
export const MILO_LIBRARIES = join(MILO_FOLDER, 'lib');

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 12);
}
