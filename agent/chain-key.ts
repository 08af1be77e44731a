import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Log } from '../protocols/log.ts';
import { parseRecord } from '../protocols/telemetry/record.ts';
import { SPOOL_FILE } from './spool-database.ts';
import type { Spool } from './spool.ts';

/** The last records of an epoch that are looked at for one that is kept. */
const LOOKED_AT_MAX = 100;

/**
 * An epoch never changes its key: where the records of this one were sealed under another, a new epoch begins. Call it before
 * anything is sealed; doing so twice does nothing. Throws what a disk throws that refuses.
 */
export function beginUnder(
  spool: Pick<Spool, 'head' | 'record' | 'leaveEpoch'>,
  publicKey: string,
  log: Log,
): void {
  const { epoch, seq } = spool.head;
  const last = Math.max(0, seq - LOOKED_AT_MAX);
  for (let at = seq; at > last; at--) {
    const record = spool.record(epoch, at);
    if (record === undefined) continue;
    if (parseRecord(record.bytes).header.key === publicKey) return;
    spool.leaveEpoch('key');
    log.info({ before: epoch, epoch: spool.head.epoch }, 'the agent has a new key; a new chain begins');
    return;
  }
}

/**
 * Whether the newest record in the spool of a folder was sealed under the key; true where that cannot be told. No agent may run in it.
 */
export function isInUse(folder: string, publicKey: string): boolean {
  const path = join(folder, SPOOL_FILE);
  if (!existsSync(path)) return false;
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const row = database.prepare('SELECT bytes FROM records ORDER BY id DESC LIMIT 1').get();
      return row !== undefined && parseRecord(row['bytes'] as Uint8Array).header.key === publicKey;
    } finally {
      database.close();
    }
  } catch {
    // A damaged spool is salvaged at the next start; here it only keeps nobody from rotating.
    return true;
  }
}
