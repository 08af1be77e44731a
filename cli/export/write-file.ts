import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describeError, MillwattError } from '../../protocols/errors.ts';

/** Throws an error of class `refuse` (code `file-exists`) where a file is there that nobody said may go. */
export function requireFree(path: string, mayReplace: boolean): void {
  if (mayReplace || !existsSync(path)) return;
  throw new MillwattError('refuse', 'file-exists', `${path} is there already.`, {
    cure: 'Name another file with -o, or add --force to replace this one.',
  });
}

/**
 * Writes a file beside its place and moves it there when it is whole: what stood there stays until then. Throws an error of
 * class `refuse` (code `no-access`) where it cannot be written.
 */
export async function writeWhole(path: string, content: Readable | string | Uint8Array): Promise<number> {
  const part = `${path}.part-${process.pid}`;
  try {
    const out = createWriteStream(part, { flags: 'wx', flush: true });
    await pipeline(content instanceof Readable ? content : Readable.from([Buffer.from(content)]), out);
    renameSync(part, path);
    return out.bytesWritten;
  } catch (cause) {
    rmSync(part, { force: true });
    if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new MillwattError('refuse', 'no-access', `${path} cannot be written: ${describeError(cause)}`, {
      cure: 'Name a file in a folder that is there and yours, with -o.',
      cause,
    });
  }
}
