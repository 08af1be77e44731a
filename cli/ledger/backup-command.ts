import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { loadCollectorConfig } from '../../config/load.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { wrapLines } from '../text-wrap.ts';
import { VERSION } from '../version.ts';
import { compareWithManifest, readManifest, writeManifest } from './backup-manifest.ts';
import { checkFolder, printCheck } from './check-command.ts';
import type { CheckedFile } from './check-files.ts';
import { holdStore, syncFolder, type CopiedFile } from './copy-store.ts';
import { sayBytes } from './say-bytes.ts';
import { listStore } from './store-files.ts';

/** The options of `millwatt ledger backup` as they are written. */
export interface BackupCommandOptions {
  config?: string;
  views: boolean;
  check?: true;
  json?: true;
}

const COPY_AGAIN = 'Make another backup; keep this one until it is there.';

/**
 * `millwatt ledger backup`: a copy of a collector's data folder while the collector runs, complete or not there at all. With
 * --check, a copy is looked at instead of made. Throws errors of class `refuse`.
 */
export async function runLedgerBackup(destination: string, options: BackupCommandOptions): Promise<void> {
  const target = resolve(destination);
  if (options.check) await checkBackup(target, options.json === true);
  else await makeBackup(target, options);
}

async function checkBackup(folder: string, isJson: boolean): Promise<void> {
  const manifest = readManifest(folder);
  const progress = createReadProgress('reading the copy', isJson);
  const steps = compareWithManifest(folder, manifest);
  let wrong: { file: string; says: string }[] = [];
  for (;;) {
    const step = await steps.next();
    if (step.done === true) {
      wrong = step.value;
      break;
    }
    progress.show(step.value);
  }
  progress.end();
  const checked = await checkFolder(folder, isJson);
  for (const { file, says } of wrong) {
    const fault = { code: 'differs', file, says, cure: COPY_AGAIN };
    const known = checked.find((one) => one.file === file);
    if (known !== undefined) known.faults.push(fault);
    else checked.push(missingFile(file, fault));
  }
  printCheck(checked, isJson);
}

function missingFile(file: string, fault: CheckedFile['faults'][number]): CheckedFile {
  return { file, kind: 'database', bytes: 0, version: null, holds: null, faults: [fault] };
}

async function makeBackup(target: string, options: BackupCommandOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config ?? '');
  const dataFolder = resolve(folder, config.data);
  refuseTarget(target, dataFolder);
  const files = listStore(dataFolder).filter(({ kind }) => options.views || kind !== 'views');
  if (!files.some(({ kind }) => kind === 'month'))
    throw new MillwattError('refuse', 'no-ledger', `There is no ledger in ${dataFolder}.`, {
      cure: 'Give the configuration of a collector that has run, and run this on its computer.',
    });
  const signal = listenForStop();
  // Beside the target, so that a rename is all that is left to do; of no other run of ours.
  const half = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
  const progress = createReadProgress('copying', options.json === true);
  const startedMs = performance.now();
  try {
    mkdirSync(half, { recursive: true, mode: 0o700 });
    const at = new Date().toISOString();
    const held = holdStore(files);
    const copied: CopiedFile[] = [];
    try {
      const bytes = files.reduce((sum, file) => sum + file.bytes, 1);
      let done = 0;
      for (const file of held.files) {
        signal.throwIfAborted();
        copied.push(
          await held.copy(file, half, (share) => {
            signal.throwIfAborted();
            progress.show(Math.min(1, (done + share * file.bytes) / bytes));
          }),
        );
        done += file.bytes;
      }
    } finally {
      held.close();
    }
    signal.throwIfAborted();
    writeManifest(half, { v: 1, site: config.site, at, version: VERSION, files: copied });
    syncFolder(half);
    // Somebody may have made it meanwhile: a folder that is not empty is never replaced.
    renameSync(half, target);
    syncFolder(dirname(target));
    progress.end();
    print(target, copied, {
      isJson: options.json === true,
      at,
      seconds: (performance.now() - startedMs) / 1000,
    });
  } catch (error) {
    progress.end();
    rmSync(half, { recursive: true, force: true });
    if (signal.aborted) throw new MillwattError('refuse', 'stopped', 'Stopped; no backup was made.');
    if (error instanceof MillwattError) throw error;
    throw new MillwattError('refuse', 'no-backup', `No backup was made: ${describeError(error)}.`, {
      cure: `Make room for ${sayBytes(files.reduce((sum, file) => sum + file.bytes, 0))} where ${dirname(target)} is, and let the user who runs this read ${dataFolder} and write there.`,
      cause: error,
    });
  }
}

function refuseTarget(target: string, dataFolder: string): void {
  if (existsSync(target))
    throw new MillwattError('refuse', 'already-there', `${target} is already there.`, {
      cure: 'Name a folder that is not there yet, such as one with the date in its name: a backup is never written into another one.',
    });
  if (`${target}${sep}`.startsWith(`${dataFolder}${sep}`))
    throw new MillwattError(
      'refuse',
      'inside-data',
      `${target} is inside the data folder of the collector.`,
      {
        cure: 'Name a folder on another disk: a backup that goes with what it copies is none.',
      },
    );
}

function print(
  target: string,
  files: readonly CopiedFile[],
  { isJson, at, seconds }: { isJson: boolean; at: string; seconds: number },
): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const months = files.filter(({ file }) => file.startsWith('ledger/')).length;
  if (isJson) {
    process.stdout.write(
      `${JSON.stringify({ ok: true, folder: target, at, bytes, seconds, files }, null, 2)}\n`,
    );
    return;
  }
  const lines = [
    `${target} holds the data of ${at}: ${files.length} files, ${sayBytes(bytes)}, ${months} ${months === 1 ? 'month' : 'months'} of records (${seconds.toFixed(1)} s).`,
    "The collector's private key is among them: whoever reads it can sign in its name. Keep the folder where only you can read it. The configuration, and passwords that it names, are not in it.",
    `To restore: stop the collector, move its data folder away, copy this folder to its place, and start it. \`millwatt ledger backup --check ${target}\` looks at the copy.`,
  ];
  process.stdout.write(`${lines.flatMap((line) => wrapLines(line, widthOf())).join('\n')}\n`);
}
