import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeBatch } from '../../collector/influx/batch-writer.ts';
import { readQuarantineFile, type QuarantinedLine } from '../../collector/influx/quarantine-file.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { openQuarantine, quarantinePath, type ProjectionSite } from './projection-site.ts';

const LINES_A_REQUEST = 1_000;
/** What is added to the name of a file that is being written again. */
const ASIDE = '.retrying-';

/** What became of lines in quarantine that were written again. */
export interface Retried {
  tried: number;
  stored: number;
  expired: number;
  /** Refused again; they are in quarantine as before. */
  refused: number;
  /** The last reason, empty where there is none. */
  reason: string;
}

/** All that is in quarantine, each line once, also what an earlier retry was stopped at. */
export function readQuarantine(dataFolder: string): QuarantinedLine[] {
  const lines = [...putAside(dataFolder), quarantinePath(dataFolder)].flatMap(readQuarantineFile);
  return [...new Map(lines.map((one) => [one.line, one])).values()];
}

/**
 * Writes what is in quarantine again. The file is put aside first, so that a running collector begins a new one; it is
 * deleted when all of its lines are stored or in the new one. Throws an error of class `refuse` or `retry` where the server
 * takes nothing: the next call goes on with what was put aside.
 */
export async function retryQuarantine({ dataFolder, store }: ProjectionSite): Promise<Retried> {
  const path = quarantinePath(dataFolder);
  const earlier = putAside(dataFolder);
  if (existsSync(path)) renameSync(path, `${path}${ASIDE}${earlier.length}`);
  const files = putAside(dataFolder);
  const lines = [...new Set(files.flatMap(readQuarantineFile).map(({ line }) => line))];
  const retried = await retryLines(lines, { dataFolder, store });
  for (const file of files) rmSync(file);
  return retried;
}

async function retryLines(
  lines: readonly string[],
  { dataFolder, store }: Pick<ProjectionSite, 'dataFolder' | 'store'>,
): Promise<Retried> {
  const quarantine = openQuarantine(dataFolder);
  const retried: Retried = { tried: 0, stored: 0, expired: 0, refused: 0, reason: '' };
  for (let from = 0; from < lines.length; from += LINES_A_REQUEST) {
    const batch = lines.slice(from, from + LINES_A_REQUEST);
    const outcome = await writeBatch(store, batch, quarantine);
    if (outcome.kind !== 'done')
      throw new MillwattError(
        outcome.kind === 'halt' ? 'refuse' : 'retry',
        'influx-halted',
        `${outcome.reason}; ${lines.length - from} lines stay in quarantine.`,
        { cure: outcome.kind === 'halt' ? outcome.cure : 'Try it again when InfluxDB answers.' },
      );
    retried.tried += batch.length;
    retried.expired += outcome.expired;
    retried.refused += outcome.quarantined;
    retried.stored += batch.length - outcome.quarantined - outcome.expired;
    if (outcome.reason !== '') retried.reason = outcome.reason;
  }
  return retried;
}

/** Files that were put aside and not finished. */
function putAside(dataFolder: string): string[] {
  const prefix = `${basename(quarantinePath(dataFolder))}${ASIDE}`;
  return readdirSync(dataFolder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(dataFolder, name));
}
