import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../protocols/durable-file.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { describeCopy, type CopiedFile } from './copy-store.ts';

const NAME = 'backup.json';

/** What a backup says of itself; written last, so that a folder with it is whole. */
export interface BackupManifest {
  v: 1;
  site: string;
  /** When its files were held, ISO 8601. */
  at: string;
  /** Version of millwatt. */
  version: string;
  files: CopiedFile[];
}

/** Writes what a backup says of itself. */
export function writeManifest(folder: string, manifest: BackupManifest): void {
  writeDurably(join(folder, NAME), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Reads it again. Throws an error of class `refuse` (code `no-backup`). */
export function readManifest(folder: string): BackupManifest {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as BackupManifest;
    if (manifest.v === 1 && Array.isArray(manifest.files)) return manifest;
    throw new Error('it is of another version');
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'no-backup',
      `${folder} is no backup that \`millwatt ledger backup\` made${cause instanceof SyntaxError ? '' : ` (${NAME}: ${describeFileFault(cause)})`}.`,
      {
        cure: 'Name the folder that was given to `millwatt ledger backup`: backup.json is in it.',
        cause,
      },
    );
  }
}

/** What is not as it was copied: names and what is wrong with them. Yields after each file. */
export async function* compareWithManifest(
  folder: string,
  { files }: BackupManifest,
): AsyncGenerator<number, { file: string; says: string }[]> {
  const wrong: { file: string; says: string }[] = [];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 1);
  let done = 0;
  for (const known of files) {
    const found = await describeCopy(join(folder, known.file), known.file).catch(() => undefined);
    if (found === undefined)
      wrong.push({ file: known.file, says: `${known.file} is not there or cannot be read.` });
    else if (found.sha256 !== known.sha256)
      wrong.push({
        file: known.file,
        says: `${known.file} is not what was copied (${found.bytes} bytes, copied were ${known.bytes}).`,
      });
    yield (done += known.bytes) / bytes;
  }
  return wrong;
}
