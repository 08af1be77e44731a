import { MillwattError } from '../../protocols/errors.ts';

/** What is wrong with a file of a package, as an error of class `refuse` (code `bad-package`). @param what the end of "raw/... , byte 12, ..." */
export function badPackage(path: string, at: number, what: string, cause?: unknown): MillwattError {
  return new MillwattError('refuse', 'bad-package', `${path}, byte ${at}: it ${what}.`, {
    cure: 'Ask whoever made the package for it again, and compare its SHA-256.',
    cause,
  });
}
