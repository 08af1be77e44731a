import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { openSpoolDatabase } from '../../../agent/spool-database.ts';
import type { Spool } from '../../../agent/spool.ts';
import { openSpool } from '../spool-rig.ts';
import { fixedRandom } from './spool-image.ts';

const TABLES = [
  'meta ORDER BY name',
  'boots ORDER BY ordinal',
  'open ORDER BY id',
  'records ORDER BY id',
  'headers ORDER BY id',
  'drops ORDER BY id',
  'counters ORDER BY name',
];

/** A spool with a look into its database: everything it holds as one hash, so that two moments can be told apart. */
export interface WatchedSpool {
  spool: Spool;
  digest: () => string;
}

/** Opens it as the agent does, with epochs that are the same in every run. */
export function openWatched(folder: string, options: Parameters<typeof openSpool>[1] = {}): WatchedSpool {
  let database: DatabaseSync | undefined;
  const spool = openSpool(folder, {
    randomBytes: fixedRandom('epoch'),
    ...options,
    open: (at, log, isLazy) => (database = openSpoolDatabase(at, log, isLazy)),
  });
  if (database === undefined) throw new Error('not opened');
  const selects = TABLES.map((table) => database?.prepare(`SELECT * FROM ${table}`));
  return {
    spool,
    digest: () => {
      const parts: string[] = [];
      for (const select of selects)
        for (const row of select?.all() ?? [])
          for (const value of Object.values(row))
            parts.push(value instanceof Uint8Array ? hash('sha1', value) : String(value));
      return hash('sha1', parts.join('\n'));
    },
  };
}
