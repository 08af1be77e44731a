import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { compareViews, type Comparison } from '../../collector/derivation/compare-views.ts';
import { startDerivation } from '../../collector/derivation/deriver.ts';
import { followAmendments } from '../../collector/journal/amendment-source.ts';
import { readFrozen } from '../../collector/ledger/frozen-store.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { openViews, readViews } from '../../collector/ledger/sqlite-views.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { readConfiguredJournal } from '../journal-access.ts';
import { machineModelsOf } from '../machine-model-of.ts';
import { takeTurns } from './take-turns.ts';

const LOOK_EVERY_MS = 100;

/**
 * Computes all hours anew from the ledger, into a folder of their own that is deleted at the end, and compares them with
 * what is stored: as far as the collector has come, which may go on meanwhile. Throws as `readLedger`, `readViews` and
 * `readConfiguredJournal`.
 */
export async function deriveAnew(
  site: { config: CollectorConfig; folder: string; dataFolder: string },
  options: { differencesMax: number; signal: AbortSignal; show: (what: string, share: number) => void },
): Promise<Comparison> {
  const { config, folder, dataFolder } = site;
  const { differencesMax, signal, show } = options;
  // What is opened is closed in reverse, also where a later one refuses.
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const stored = readViews({ folder: dataFolder, frozen: true });
    closers.push(() => stored.close());
    const lastOrdinal = stored.cursor('derive');
    const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog, lastOrdinal });
    closers.push(() => ledger.close());
    const journal = readConfiguredJournal(config, folder);
    closers.push(() => journal.close());
    const machines = machineModelsOf(config, folder);
    const temporary = mkdtempSync(join(tmpdir(), 'millwatt-verify-'));
    closers.push(() => rmSync(temporary, { recursive: true, force: true }));
    // What is frozen is compared with what was written down of it: it cannot be derived any more.
    const frozen = readFrozen(dataFolder);
    const computed = openViews({ folder: temporary, frozenFolder: dataFolder });
    closers.push(() => computed.close());
    const derivation = startDerivation({
      ledger,
      views: computed,
      machines,
      amendments: followAmendments(journal, silentLog),
      frozen,
      site: config.site,
      clock: systemClock,
      log: silentLog,
    });
    closers.push(() => derivation.stop());
    const state = { done: false };
    const derived = derivation.idle().finally(() => (state.done = true));
    derived.catch(() => {});
    while (!state.done && !signal.aborted) {
      show('computing all hours anew', derivation.stats().ordinal / Math.max(1, lastOrdinal));
      await Promise.race([derived, setTimeout(LOOK_EVERY_MS)]);
    }
    signal.throwIfAborted();
    await derived;
    return await takeTurns(
      compareViews(stored, computed, differencesMax),
      (share) => show('comparing hour by hour', share),
      signal,
    );
  } finally {
    for (const close of closers.reverse()) await close();
  }
}
