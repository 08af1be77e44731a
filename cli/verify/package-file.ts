import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { PackageBytes } from '../../collector/evidence/canonical-zip.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';

/** A package on disk. */
export interface PackageFile extends PackageBytes {
  /** True where somebody wrote to it since it was opened. */
  hasChanged(): boolean;
  close(): void;
}

/** Opens a file to be verified. Throws an error of class `refuse` (code `no-package`) where there is none that can be read. */
export function openPackage(path: string): PackageFile {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const before = fstatSync(fd);
    if (!before.isFile()) throw new Error('it is no file');
    return fileOf(path, fd, before);
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    throw new MillwattError('refuse', 'no-package', `${path} cannot be read: ${describeFileFault(cause)}.`, {
      cure: 'Give the path of the package, a file whose name ends in .evidence.zip, and see that you may read it.',
      cause,
    });
  }
}

function fileOf(path: string, fd: number, { size, mtimeMs }: { size: number; mtimeMs: number }): PackageFile {
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const count = readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) throw new Error(`${path} became shorter while it was read`);
        done += count;
      }
      return bytes;
    },
    hasChanged() {
      const now = fstatSync(fd);
      return now.size !== size || now.mtimeMs !== mtimeMs;
    },
    close: () => closeSync(fd),
  };
}
