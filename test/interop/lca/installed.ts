import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millwatt', 'interop');
const digest = createHash('sha256')
  .update(readFileSync(join(import.meta.dirname, 'requirements.txt')))
  .digest('hex')
  .slice(0, 12);

/** The Python that sees olca-schema, Brightway and pyarrow: where install.sh puts it, by what it was made from. */
export const LCA_PYTHON = join(CACHE, `lca-${digest}`, 'bin', 'python');
