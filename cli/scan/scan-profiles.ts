import { statSync } from 'node:fs';
import { listProfiles, loadProfile } from '../../config/library/profile-library.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';

/** Throws an error of class `refuse` (code `usage`) where the folder that `--profiles` names is not there. */
export function checkProfileFolder(folder: string | undefined): void {
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw usageError(
    `--profiles ${JSON.stringify(folder)} is no folder.`,
    'Name the folder that holds vendor/model.yaml; the profiles of millwatt need none.',
  );
}

/**
 * All profiles and their variants, to compare a device with; one that is not usable is told on stderr and left out.
 * @param folder with the operator's own
 */
export function readAllProfiles(folder: string | undefined): DeviceProfile[] {
  return listProfiles(folder).flatMap(({ id }) => {
    try {
      const { profile } = loadProfile(id, folder);
      return [profile, ...profile.variants.map((name) => loadProfile(`${id}:${name}`, folder).profile)];
    } catch (error) {
      if (!(error instanceof MillwattError)) throw error;
      process.stderr.write(`millwatt: ${error.message} It is left out.\n`);
      return [];
    }
  });
}
