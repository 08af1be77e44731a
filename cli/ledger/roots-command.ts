import { existsSync, lchownSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { dayHash, holdsTo, signedDayText } from '../../collector/evidence/days/day-entry.ts';
import {
  daysPath,
  openDays,
  readDays,
  type DayReader,
  type DayStore,
} from '../../collector/evidence/days/day-store.ts';
import { agreeWithLedger, makeDays, type OpenDay } from '../../collector/evidence/days/make-days.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { lockFolder } from '../../protocols/folder-lock.ts';
import { silentLog } from '../../protocols/log.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { readKey } from '../journal-access.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { wrapLines } from '../text-wrap.ts';
import { timeStampAuthorityOf } from '../time-stamp-authority.ts';
import { rootsLines, type ListedDay } from './roots-lines.ts';

/** The options of `millwatt ledger roots` as they are written. */
export interface RootsCommandOptions {
  config: string;
  make?: true;
  stamp?: true;
  text?: string;
  tsr?: string;
  json?: true;
}

/**
 * `millwatt ledger roots`: the signed days of a ledger. With --make, days that ended are signed while the collector is stopped; with
 * --stamp, the configured authority is asked for a stamp of the last one. Throws errors of class `refuse`.
 */
export async function runLedgerRoots(options: RootsCommandOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const dataFolder = resolve(folder, config.data);
  const { publicKey } = readKey(dataFolder);
  const signal = listenForStop();
  let open: OpenDay | undefined;
  if (options.make) open = await makeOffline(config, dataFolder, options.json === true, signal);
  if (options.stamp) await stampLast(config, { folder, dataFolder, publicKey }, signal);
  const days = readDays(dataFolder);
  try {
    if (options.text !== undefined) process.stdout.write(textOf(days, options.text));
    else if (options.tsr !== undefined) process.stdout.write(tsrOf(days, options.tsr));
    else print(days, open, options);
  } finally {
    days?.close();
  }
}

/** The collector makes them itself while it runs: two that sign at once would only be in each other's way. */
async function makeOffline(
  config: CollectorConfig,
  dataFolder: string,
  isQuiet: boolean,
  signal: AbortSignal,
): Promise<OpenDay | undefined> {
  const ledgerFolder = join(dataFolder, 'ledger');
  const ledger = readLedger({ folder: ledgerFolder, log: silentLog });
  let unlock = () => {};
  let days: DayStore | undefined;
  const progress = createReadProgress('signing days', isQuiet);
  try {
    unlock = lockFolder(ledgerFolder, 'collector');
    const key = readKey(dataFolder);
    days = openDays({ folder: dataFolder, site: config.site, collector: key.publicKey });
    // Nobody writes meanwhile.
    const lastOrdinal = Infinity;
    const records = ledger.chains().reduce((sum, chain) => sum + chain.records, 1);
    const show = () => progress.show(Math.min(1, (days?.last()?.to ?? 0) / records));
    const { toOrdinal, foreign } = await inTurns(agreeWithLedger(days, ledger), show, signal);
    if (foreign !== undefined)
      process.stderr.write(
        `Days ${foreign.from} to ${foreign.to} are signed for other records than the ledger holds: it was restored from a backup, or lost records. They stay, and days from record ${toOrdinal + 1} on are signed anew behind them.\n`,
      );
    const steps = makeDays({ days, ledger, key, afterOrdinal: toOrdinal, lastOrdinal, wallMs: Date.now });
    return await inTurns(steps, show, signal);
  } catch (error) {
    if (signal.aborted)
      throw new MillwattError('refuse', 'stopped', 'Stopped; the days that were signed stay.');
    if (error instanceof MillwattError && error.code === 'folder-in-use')
      throw new MillwattError(
        'refuse',
        'folder-in-use',
        'The collector runs, and signs days itself as they end.',
        {
          cure: 'Leave --make away; `millwatt ledger roots` lists what is signed. Or stop the collector first.',
        },
      );
    throw error;
  } finally {
    progress.end();
    days?.close();
    giveBack(dataFolder);
    unlock();
    ledger.close();
  }
}

async function stampLast(
  config: CollectorConfig,
  { folder, dataFolder, publicKey }: { folder: string; dataFolder: string; publicKey: string },
  signal: AbortSignal,
): Promise<void> {
  const authority = timeStampAuthorityOf(config, folder);
  if (authority === undefined)
    throw new MillwattError('refuse', 'no-authority', 'No time-stamping authority is configured.', {
      cure: 'Add evidence: { timeStamp: { url: https://... } } to the configuration of the collector.',
    });
  const days = openDays({ folder: dataFolder, site: config.site, collector: publicKey });
  try {
    const last = days.last();
    if (last === undefined)
      throw new MillwattError('refuse', 'no-days', 'No day is signed yet, so there is nothing to stamp.', {
        cure: 'Let the collector run over the end of a day (UTC), or sign ended days with --make while it is stopped.',
      });
    if (days.stampOf(last.number) !== undefined) return;
    const { stampDay } = await import('../../collector/evidence/stamps/stamper.ts');
    await stampDay(days, last, authority, { signal });
  } finally {
    giveBack(dataFolder);
    days.close();
  }
}

/** What was signed of a day, to the byte: what a stamp is of. */
function textOf(days: DayReader | undefined, number: string): string {
  const entry = days?.entries().find((one) => String(one.number) === number);
  if (days !== undefined && entry !== undefined) return signedDayText(days, entry);
  throw new MillwattError('refuse', 'no-day', `No signed day has the number ${number}.`, {
    cure: 'Give a number that `millwatt ledger roots` lists.',
  });
}

/** The stamp of a day as it came: DER. */
function tsrOf(days: DayReader | undefined, number: string): Uint8Array {
  const stamp = days?.stampOf(Number(number));
  if (stamp !== undefined) return stamp.bytes;
  throw new MillwattError('refuse', 'no-day', `No day with the number ${number} has a stamp.`, {
    cure: 'Give a number that `millwatt ledger roots` lists as stamped.',
  });
}

/** What an administrator makes belongs to the user whose data it is. */
function giveBack(dataFolder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataFolder);
  for (const ending of ['', '-wal', '-shm']) {
    const path = daysPath(dataFolder) + ending;
    if (existsSync(path)) lchownSync(path, uid, gid);
  }
}

function listDays(days: DayReader | undefined): ListedDay[] {
  if (days === undefined) return [];
  const entries = days.entries();
  const holds = holdsTo(entries);
  const stamps = new Map(days.stamps().map((stamp) => [stamp.number, stamp]));
  return entries.map((entry, index) => {
    const hash = dayHash(days, entry);
    const stamp = stamps.get(entry.number);
    return {
      ...entry,
      state: holds[index] === entry.to ? 'signed' : 'replaced',
      hash,
      digest: Buffer.from(hash, 'base64url').toString('hex'),
      stamp:
        stamp === undefined ? null : { at: new Date(stamp.atMs).toISOString(), authority: stamp.authority },
    };
  });
}

function print(days: DayReader | undefined, open: OpenDay | undefined, options: RootsCommandOptions): void {
  const listed = listDays(days);
  if (options.json) {
    const found = {
      ok: true,
      site: days?.site ?? null,
      collector: days?.collector ?? null,
      days: listed,
      open: open ?? null,
    };
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const width = widthOf();
  process.stdout.write(
    `${rootsLines(listed, open, width)
      .flatMap((line) => wrapLines(line, width))
      .join('\n')}\n`,
  );
}

async function inTurns<Result>(
  steps: Generator<unknown, Result>,
  show: () => void,
  signal: AbortSignal,
): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    show();
    await setImmediate();
    signal.throwIfAborted();
  }
}
