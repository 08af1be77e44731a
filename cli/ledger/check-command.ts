import { resolve } from 'node:path';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { renderTable } from '../text-table.ts';
import { wrapLines } from '../text-wrap.ts';
import { checkFile, type CheckedFile, type FileFault } from './check-files.ts';
import { sayBytes } from './say-bytes.ts';
import { listStore, type StoreFile } from './store-files.ts';
import { takeTurns } from './take-turns.ts';

/** The options of `millwatt ledger check` as they are written. */
export interface CheckCommandOptions {
  config: string;
  json?: true;
}

/**
 * `millwatt ledger check`: whether every file of a collector's data folder is whole. The collector may run meanwhile; nothing
 * is written. Exit code 1 where something is wrong. Throws an error of class `refuse` (code `no-ledger`) where there is none.
 */
export async function runLedgerCheck(options: CheckCommandOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const dataFolder = resolve(folder, config.data);
  printCheck(await checkFolder(dataFolder, options.json === true), options.json === true);
}

/** Checks every file of a data folder, or of a copy of one, with a bar. */
export async function checkFolder(dataFolder: string, isQuiet: boolean): Promise<CheckedFile[]> {
  const files = listStore(dataFolder);
  if (!files.some(({ kind }) => kind === 'month'))
    throw new MillwattError('refuse', 'no-ledger', `There is no ledger in ${dataFolder}.`, {
      cure: 'Give the configuration of a collector that has run, and run this on its computer.',
    });
  const signal = listenForStop();
  const progress = createReadProgress('checking every file', isQuiet);
  try {
    return await takeTurns(checkAll(files), (share) => progress.show(share), signal, 1);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new MillwattError('refuse', 'stopped', 'Stopped; nothing was changed.');
  } finally {
    progress.end();
  }
}

/** Prints what was found; the exit code is 1 where something is wrong. */
export function printCheck(checked: readonly CheckedFile[], isJson: boolean): void {
  const faults = checked.flatMap((file) => file.faults);
  const ok = faults.length === 0;
  if (isJson) {
    const files = checked.map(({ file, kind, bytes, version, holds, faults: own }) => ({
      file,
      kind,
      bytes,
      version,
      holds,
      ok: own.length === 0,
    }));
    const failed = ok
      ? {}
      : { error: 'Not every file is whole.', code: 'not-whole', cure: faults[0]?.cure ?? '' };
    process.stdout.write(`${JSON.stringify({ ok, ...failed, files, faults }, null, 2)}\n`);
  } else {
    const width = widthOf();
    const lines = [...tableOf(checked, width), '', ...verdictOf(checked, faults)];
    process.stdout.write(`${lines.flatMap((line) => wrapLines(line, width)).join('\n')}\n`);
  }
  if (!ok) process.exitCode = 1;
}

function* checkAll(files: readonly StoreFile[]): Generator<number, CheckedFile[]> {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 1);
  const checked: CheckedFile[] = [];
  let done = 0;
  for (const file of files) {
    const steps = checkFile(file);
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        checked.push(step.value);
        break;
      }
      yield (done + step.value * file.bytes) / bytes;
    }
    done += file.bytes;
  }
  return checked;
}

const HELD: Readonly<Record<string, string>> = {
  month: 'records',
  views: 'hours',
  journal: 'entries',
  days: 'days',
  wanted: 'records',
  lines: 'lines',
};

function tableOf(checked: readonly CheckedFile[], width: number): string[] {
  const listed = checked.filter(({ kind, faults }) => kind !== 'quarantine' || faults.length > 0);
  return renderTable(
    [
      { title: 'file' },
      { title: 'size', align: 'right' },
      { title: 'version', align: 'right', spare: 1 },
      { title: 'holds', align: 'right', spare: 2 },
      { title: 'is' },
    ],
    listed.map(({ file, kind, bytes, version, holds, faults }) => [
      file,
      sayBytes(bytes),
      version === null ? '-' : String(version),
      holds === null || HELD[kind] === undefined ? '-' : `${holds} ${HELD[kind]}`,
      faults.length === 0 ? 'whole' : [...new Set(faults.map(({ code }) => code))].join(', '),
    ]),
    width,
  );
}

function verdictOf(checked: readonly CheckedFile[], faults: readonly FileFault[]): string[] {
  const kept = checked.filter(({ kind }) => kind === 'quarantine').length;
  const quarantine =
    kept === 0
      ? []
      : [
          `${kept} ${kept === 1 ? 'message was' : 'messages were'} set aside in quarantine/ for somebody to look at.`,
        ];
  if (faults.length === 0)
    return [
      ...quarantine,
      'Every file is whole. Whether nothing was changed, `millwatt ledger verify` tells.',
    ];
  return [
    ...quarantine,
    `${faults.length} ${faults.length === 1 ? 'thing is' : 'things are'} wrong:`,
    ...faults.flatMap(({ says, cure }) => [`  ${says}`, `    cure: ${cure}`]),
  ];
}
