import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';

/** Throws an error of class `refuse` (code `file-exists`) where a file is there that nobody said may go; `option` names another. */
export function requireFree(path: string, mayReplace: boolean, option = '-o'): void {
  if (mayReplace || !existsSync(path)) return;
  throw new MillwattError('refuse', 'file-exists', `${path} is there already.`, {
    cure: `Name another file with ${option}, or add --force to replace this one.`,
  });
}

/** How a file is written that takes its time. */
export interface WriteOptions {
  /** Ends it: nothing is left behind, and what stood there stays. */
  signal?: AbortSignal;
  /** Looks at the whole file, which still has another name; what it throws keeps it from its place. */
  check?: (part: string) => Promise<void>;
}

/**
 * Writes a file beside its place and moves it there when it is whole: what stood there stays until then. Throws an error of
 * class `refuse` (code `no-access`) where it cannot be written, `stopped` where the signal says so, and as the content and `check` do.
 */
export async function writeWhole(
  path: string,
  content: Readable | string | Uint8Array,
  { signal, check }: WriteOptions = {},
): Promise<number> {
  const part = `${path}.part-${process.pid}`;
  try {
    const out = createWriteStream(part, { flags: 'wx', flush: true });
    const from = content instanceof Readable ? content : Readable.from([Buffer.from(content)]);
    await pipeline(from, out, signal === undefined ? {} : { signal });
    await check?.(part);
    signal?.throwIfAborted();
    renameSync(part, path);
    return out.bytesWritten;
  } catch (cause) {
    rmSync(part, { force: true });
    if (signal?.aborted === true)
      throw new MillwattError('refuse', 'stopped', 'Stopped; nothing was written.', { cause });
    if (cause instanceof MillwattError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new MillwattError(
      'refuse',
      'no-access',
      `${path} cannot be written: ${isNowhere(cause) ? 'there is no such folder' : describeFileFault(cause)}.`,
      {
        cure: 'Name a file in a folder that is there and yours, with -o.',
        cause,
      },
    );
  }
}

function isNowhere(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT';
}
