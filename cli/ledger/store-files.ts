import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a file in the data folder of a collector is. */
export type StoreKind =
  | 'month'
  | 'views'
  | 'days'
  | 'journal'
  | 'database'
  | 'key'
  | 'wanted'
  | 'lines'
  | 'quarantine'
  | 'set-aside';

/** One file of a collector's data folder. */
export interface StoreFile {
  /** From the data folder on: `ledger/records-2026-11.db`. */
  name: string;
  path: string;
  kind: StoreKind;
  /** On disk, what SQLite has not yet folded into it included. */
  bytes: number;
}

const DATABASES: readonly StoreKind[] = ['month', 'views', 'days', 'journal', 'database'];

/** True for a file that SQLite keeps. */
export function isDatabase({ kind }: Pick<StoreFile, 'kind'>): boolean {
  return DATABASES.includes(kind);
}

/**
 * The files of a collector's data folder that hold something: months oldest first, then what is computed, told, trusted and
 * set aside. Locks, what SQLite keeps beside its files, and what is no file of ours are left out.
 */
export function listStore(dataFolder: string): StoreFile[] {
  const files = [
    ...namesIn(dataFolder, 'ledger').map((name) => join('ledger', name)),
    ...namesIn(dataFolder, ''),
    ...namesIn(dataFolder, 'pact').map((name) => join('pact', name)),
    ...namesIn(dataFolder, 'quarantine').map((name) => join('quarantine', name)),
  ];
  return files.flatMap((name) => {
    const kind = kindOf(name);
    const path = join(dataFolder, name);
    if (kind === undefined || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return [];
    const bytes = ['', '-wal'].reduce(
      (sum, ending) => sum + (statSync(path + ending, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    return [{ name, path, kind, bytes }];
  });
}

function namesIn(dataFolder: string, folder: string): string[] {
  const path = join(dataFolder, folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}

function kindOf(name: string): StoreKind | undefined {
  if (/\.corrupt-/.test(name)) return /-(wal|shm)$/.test(name) ? undefined : 'set-aside';
  if (/^ledger\/records-\d{4}-\d{2}\.db$/.test(name)) return 'month';
  if (name === 'views.db') return 'views';
  if (name === 'days.db') return 'days';
  if (name === 'journal.db') return 'journal';
  if (name.endsWith('.db')) return 'database';
  if (name === 'collector-key.pem') return 'key';
  // Copied after the months: what was struck off it meanwhile has come, and the copy has a gap in its place, or was refused.
  if (name === 'wanted-records.json') return 'wanted';
  if (name === 'influx-quarantine.txt') return 'lines';
  if (name.startsWith('quarantine/')) return name.endsWith('.new') ? undefined : 'quarantine';
  return undefined;
}
