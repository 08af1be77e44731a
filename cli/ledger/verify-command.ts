import { join, resolve } from 'node:path';
import { AgentKeys, handoversOf } from '../../collector/ingest/keys.ts';
import type { JournalReader } from '../../collector/journal/journal.ts';
import { readKeyActs, type KeyAct, type KeyActSource } from '../../collector/journal/key-acts.ts';
import { readJournal, verifyJournal } from '../../collector/journal/sqlite-journal.ts';
import { readEpochEnd } from '../../collector/ledger/epoch-end.ts';
import { isDamage } from '../../collector/ledger/month-schema.ts';
import { readLedger, type LedgerView } from '../../collector/ledger/read-ledger.ts';
import { verifyLedger } from '../../collector/ledger/verify-ledger.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { readKey } from '../journal-access.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { wrapLines } from '../text-wrap.ts';
import { deriveAnew } from './derive-anew.ts';
import { readHeads, writeHeads, type Heads } from './heads-file.ts';
import { takeTurns } from './take-turns.ts';
import { verifyDaysShown } from './verify-days.ts';
import { cureOf, isSound, verifiedLines, type Verified } from './verify-lines.ts';

/** How many faults, and how many figures, are named. */
const NAMED_MAX = 20;

/** The options of `millwatt ledger verify` as they are written. */
export interface VerifyCommandOptions {
  config: string;
  derive?: true;
  heads?: string;
  since?: string;
  json?: true;
}

/**
 * `millwatt ledger verify`: checks every record and every entry of the journal; with --derive every figure, too. The collector
 * may run meanwhile; nothing of its is written to. Throws an error of class `refuse` (code `not-sound`) where something is wrong.
 */
export async function runLedgerVerify(options: VerifyCommandOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const dataFolder = resolve(folder, config.data);
  const since = options.since === undefined ? undefined : readHeads(options.since);
  if (since !== undefined && since.site !== config.site)
    throw new MillwattError(
      'refuse',
      'other-site',
      `${options.since} is of site ${since.site}, not ${config.site}.`,
      {
        cure: 'Name the heads that were noted of this site.',
      },
    );
  const { publicKey } = readKey(dataFolder);
  const signal = listenForStop();
  const isQuiet = options.json === true;
  const noted = new Date().toISOString();
  try {
    const progress = createReadProgress('checking every record of the ledger', isQuiet);
    const steps = verifyLedger({
      folder: join(dataFolder, 'ledger'),
      isKnownKey: knownKeysOf(dataFolder, publicKey),
      readEnd: readEpochEnd,
      faultsMax: NAMED_MAX,
      ...(since === undefined ? {} : { since: since.ledger }),
    });
    const ledger = await takeTurns(steps, (share) => progress.show(share), signal).finally(() =>
      progress.end(),
    );
    const journal = verifyJournal({
      folder: dataFolder,
      publicKey,
      ...(since === undefined ? {} : { since: since.journal }),
    });
    const about = { dataFolder, site: config.site, publicKey };
    const days = await verifyDaysShown(about, since?.days, isQuiet, signal);
    const verified: Verified = { ledger, journal, days, ...(since === undefined ? {} : { since }) };
    if (options.derive) {
      const isTorn = ledger.firstFaults.some(({ code }) => code === 'damaged-file');
      if (journal.fault !== undefined || isTorn)
        process.stderr.write('Figures are not computed anew: what they rest on has to be mended first.\n');
      else verified.derived = await deriveShown({ config, folder, dataFolder }, isQuiet, signal);
    }
    const { entries, hash } = journal;
    const heads: Heads = {
      v: 1,
      site: config.site,
      noted,
      ledger: ledger.heads,
      journal: { entries, hash },
      days: { entries: days.days, hash: days.hash },
    };
    if (options.heads !== undefined) writeHeads(options.heads, heads);
    print(verified, heads, options);
  } catch (error) {
    if (!signal.aborted && isDamage(error))
      throw new MillwattError('refuse', 'damaged-file', `A file is damaged: ${describeError(error)}.`, {
        cure: 'Stop the collector, restore the ledger from a backup, delete views.db in its data folder and start it again.',
        cause: error,
      });
    if (!signal.aborted) throw error;
    throw new MillwattError('refuse', 'stopped', 'Stopped; nothing was changed.');
  }
}

function print(verified: Verified, heads: Heads, options: VerifyCommandOptions): void {
  const { ledger, journal, days, derived } = verified;
  const ok = isSound(verified);
  const cure = cureOf(verified);
  if (options.json) {
    const { records, months, gone, faults, firstFaults } = ledger;
    const found = {
      ok,
      ...(ok ? {} : { error: 'Not everything is as it was signed or computed.', code: 'not-sound', cure }),
      heads,
      ledger: { records, months, gone, faults, firstFaults },
      journal,
      days,
      ...(derived === undefined ? {} : { derived }),
    };
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  } else {
    const width = widthOf();
    const lines = [
      ...verifiedLines(verified, width),
      ...(options.heads === undefined
        ? []
        : [`The heads are in ${options.heads}: keep it where nobody of this computer can change it.`]),
      ...(ok ? [] : ['', `cure: ${cure}`]),
    ];
    process.stdout.write(`${lines.flatMap((line) => wrapLines(line, width)).join('\n')}\n`);
  }
  // All is said.
  if (!ok) process.exitCode = 1;
}

async function deriveShown(
  site: Parameters<typeof deriveAnew>[0],
  isQuiet: boolean,
  signal: AbortSignal,
): Promise<NonNullable<Verified['derived']>> {
  const bars = new Map<string, ReturnType<typeof createReadProgress>>();
  const show = (what: string, share: number) => {
    let bar = bars.get(what);
    if (bar === undefined) {
      for (const before of bars.values()) before.end();
      bars.set(what, (bar = createReadProgress(what, isQuiet)));
    }
    bar.show(share);
  };
  try {
    return await deriveAnew(site, { differencesMax: NAMED_MAX, signal, show });
  } finally {
    for (const bar of bars.values()) bar.end();
  }
}

/** By the first key that an agent was seen with, and those that a person confirmed since. */
function knownKeysOf(dataFolder: string, publicKey: string): (agent: string, key: string) => boolean {
  let ledger: LedgerView | undefined;
  try {
    ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
    const keys = new AgentKeys(
      ledger.chains(),
      keyActsOf(dataFolder, publicKey),
      handoversOf(ledger.configRecords()),
    );
    return (agent, key) => keys.evidenceOf(agent, key).standing !== 'other';
  } catch (error) {
    if (!isDamage(error)) throw error;
    // Whose keys they are is asked when the file is whole again.
    return () => true;
  } finally {
    ledger?.close();
  }
}

/** What people decided about keys; nothing where the journal is damaged, which is told apart. */
function keyActsOf(dataFolder: string, publicKey: string): KeyActSource {
  let journal: JournalReader | undefined;
  let acts: readonly KeyAct[] = [];
  try {
    journal = readJournal({ folder: dataFolder, publicKey });
    acts = readKeyActs(journal);
  } catch (error) {
    if (!(error instanceof MillwattError) || error.remedy !== 'refuse') throw error;
  } finally {
    journal?.close();
  }
  return { acts: () => acts, version: () => 1 };
}
