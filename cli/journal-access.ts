import { existsSync, lchownSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Journal, JournalReader } from '../collector/journal/journal.ts';
import { journalPath, openJournal, readJournal } from '../collector/journal/sqlite-journal.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { MillwattError } from '../protocols/errors.ts';
import { loadKeyFile } from '../protocols/evidence/key-file.ts';
import type { SigningKey } from '../protocols/evidence/keys.ts';
import { silentLog, type Log } from '../protocols/log.ts';

const KEY_LOST =
  'Restore the file from a backup. With a new key every agent must be told to trust it, and the journal is refused.';

/** The journal of the collector itself, which makes its key where there is none yet. Throws as `openJournal` and `loadKeyFile`. */
export function openCollectorJournal(dataFolder: string, log: Log): Journal {
  return openJournal({ folder: dataFolder, key: loadKeyFile(keyPath(dataFolder), KEY_LOST), log });
}

/**
 * The journal of a configured collector to write into; the collector may run meanwhile. A file that an administrator makes belongs
 * to the user whose data it is. Throws as `openJournal`, and `no-collector` where no collector has run.
 */
export function openConfiguredJournal(config: Pick<CollectorConfig, 'data'>, folder: string): Journal {
  const dataFolder = resolve(folder, config.data);
  const key = readKey(dataFolder);
  const journal = openJournal({ folder: dataFolder, key, log: silentLog });
  if (process.getuid?.() === 0) {
    const { uid, gid } = statSync(keyPath(dataFolder));
    for (const ending of ['', '-wal', '-shm']) {
      const path = journalPath(dataFolder) + ending;
      if (existsSync(path)) lchownSync(path, uid, gid);
    }
  }
  return journal;
}

/** The journal of a configured collector, read-only; the collector may run meanwhile. Throws as `openConfiguredJournal`. */
export function readConfiguredJournal(config: Pick<CollectorConfig, 'data'>, folder: string): JournalReader {
  const dataFolder = resolve(folder, config.data);
  return readJournal({ folder: dataFolder, publicKey: readKey(dataFolder).publicKey });
}

/** The same, opened for each question and closed after it: whoever never asks needs no journal. */
export function readWhenAsked(
  config: Pick<CollectorConfig, 'data'>,
  folder: string,
): Pick<JournalReader, 'entries'> {
  return {
    entries: (kind, machine) => {
      const journal = readConfiguredJournal(config, folder);
      try {
        return journal.entries(kind, machine);
      } finally {
        journal.close();
      }
    },
  };
}

/** The key of a collector that has run: its data folder is there. */
export function readKey(dataFolder: string): SigningKey {
  const path = keyPath(dataFolder);
  // Drawing a key here would be a collector that nobody pinned.
  if (!existsSync(path))
    throw new MillwattError('refuse', 'no-collector', `There is no ${path}: no collector has run here.`, {
      cure: 'Start `millwatt collector` with this configuration once, or correct its data folder.',
    });
  return loadKeyFile(path, KEY_LOST);
}

function keyPath(dataFolder: string): string {
  return join(dataFolder, 'collector-key.pem');
}
