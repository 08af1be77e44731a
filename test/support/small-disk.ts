import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SIZES = [1_000_000, 64_000, 4096];
const FILES_OF_A_SIZE_MAX = 200;

/** Mounts a disk of so many MB on a new folder; gives what takes it away again, or undefined where this user may not. */
export function mountSmallDisk(folder: string, megabytes: number): (() => void) | undefined {
  mkdirSync(folder);
  if (process.getuid?.() !== 0) return undefined;
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder]);
  return status === 0 ? () => void spawnSync('umount', ['-l', folder]) : undefined;
}

/** Writes until nothing fits, to the last page. */
export function fillDisk(folder: string): void {
  for (const size of SIZES)
    for (let part = 0; part < FILES_OF_A_SIZE_MAX; part += 1) {
      try {
        writeFileSync(join(folder, `ballast-${size}-${part}`), Buffer.alloc(size));
      } catch {
        break;
      }
    }
}

/** Takes away what `fillDisk` wrote. */
export function freeDisk(folder: string): void {
  for (const size of SIZES)
    for (let part = 0; part < FILES_OF_A_SIZE_MAX; part += 1)
      rmSync(join(folder, `ballast-${size}-${part}`), { force: true });
}
