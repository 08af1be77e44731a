import { describeFileFault, MillwattError } from '../../protocols/errors.ts';

/**
 * Reads at a place of the operator's; what lies there and may not be read is the operator's to mend. Throws an error of
 * class `refuse` (code `no-access`) with the cure.
 */
export function readAt<T>(path: string, read: (path: string) => T, cure: string): T {
  try {
    return read(path);
  } catch (cause) {
    throw new MillwattError('refuse', 'no-access', `${path} cannot be read: ${describeFileFault(cause)}.`, {
      cure,
      cause,
    });
  }
}
