import { existsSync, readFileSync } from 'node:fs';
import { FRAME_HEADER_BYTES, HEADER_BYTES, WalFrames } from './spool-wal-frames.ts';

/** Pages that the log of a database holds, each as its last commit left it; none where there is no log. By page number. */
export function readPagesInLog(databasePath: string): ReadonlyMap<number, Buffer> {
  const pages = new Map<number, Buffer>();
  const path = `${databasePath}-wal`;
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length < HEADER_BYTES + FRAME_HEADER_BYTES) return pages;
  const wal = new WalFrames(bytes);
  let end = wal.soundFrames();
  while (end > 0 && wal.commitSize(end - 1) === 0) end -= 1;
  for (let frame = 0; frame < end; frame++) pages.set(wal.pageNumber(frame), wal.page(frame));
  return pages;
}
