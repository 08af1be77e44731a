import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { writeDurably } from '../../protocols/durable-file.ts';
import { isDatabase, type StoreFile } from './store-files.ts';

/** Pages that are copied between two turns for Ctrl-C and the bar. */
const PAGES_A_TURN = 512;

/** A file of a backup, as it was when the backup was made. */
export interface CopiedFile {
  file: string;
  bytes: number;
  /** sha256 of the file, hex. */
  sha256: string;
}

/** Databases, each held at one moment until it is copied. */
export interface HeldStore {
  files: readonly StoreFile[];
  /** Copies a file into a folder; its share that is done, 0..1, is told now and then. Rejects where `onShare` throws. */
  copy(file: StoreFile, folder: string, onShare: (share: number) => void): Promise<CopiedFile>;
  close(): void;
}

/**
 * Opens every database at one moment, or nearly: what is computed before what it is computed from, so that no view of the
 * copy knows a record that is not in it; the newest month before older ones, which may be let go meanwhile; what people told
 * last. Their collector goes on writing.
 */
export function holdStore(files: readonly StoreFile[]): HeldStore {
  const rank = ({ kind }: StoreFile) =>
    kind === 'views' || kind === 'days' ? 0 : kind === 'month' ? 1 : isDatabase({ kind }) ? 2 : 3;
  const order = [...files].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? 1 : -1));
  const held = new Map<string, DatabaseSync>();
  const close = () => {
    for (const db of held.values()) db.close();
    held.clear();
  };
  try {
    for (const { name, path } of order.filter((file) => isDatabase(file))) {
      const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
      held.set(name, db);
      db.exec('BEGIN');
      // A first read fixes the moment; a copy of a held moment is never begun anew, however busy the collector is.
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    files: order,
    close,
    copy: async (file, folder, onShare) => {
      const path = join(folder, file.name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const db = held.get(file.name);
      if (db === undefined) copyPlain(file.path, path);
      else {
        await backup(db, path, {
          rate: PAGES_A_TURN,
          progress: ({ totalPages, remainingPages }) => onShare(1 - remainingPages / Math.max(1, totalPages)),
        });
        // Later ones may let go of what this held.
        db.close();
        held.delete(file.name);
        makeDurable(path);
      }
      return describeCopy(path, file.name);
    },
  };
}

/** Size and hash of a file of a backup. */
export async function describeCopy(path: string, file: string): Promise<CopiedFile> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return { file, bytes: statSync(path).size, sha256: hash.digest('hex') };
}

/** The names in a folder are on the disk when this returns. */
export function syncFolder(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Keys, quarantine: small, and only ever written whole. */
function copyPlain(from: string, to: string): void {
  writeDurably(to, readFileSync(from));
}

function makeDurable(path: string): void {
  chmodSync(path, 0o600);
  syncFolder(path);
  syncFolder(dirname(path));
}
