import { statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { pointName } from '../protocols/modbus/profile.ts';
import { listProfiles, loadProfile } from './profile-library.ts';

/** What a check must know of the world outside the file. */
export interface Surroundings {
  /** Ids of all device profiles. */
  profileIds(): readonly string[];
  /** What a profile can read (`activePower`, `voltage.l1`); undefined where it cannot be loaded. */
  pointsOf(profileId: string): readonly string[] | undefined;
  /** The state of a file, absolute path. */
  stat(path: string): FileState;
  /** Simulated ms in a real one; 1 outside a simulation. */
  speed: number;
}

/** Permission bits of a file that is there; why it is not, otherwise. */
export type FileState = { mode: number } | 'missing' | 'hidden';

/** The profiles and files of this machine; `profileFolder` holds the operator's own profiles. */
export function readSurroundings(
  options: { profileFolder?: string | undefined; speed?: number | undefined } = {},
): Surroundings {
  return {
    profileIds: () => listProfiles(options.profileFolder).map((listed) => listed.id),
    pointsOf: (id) => {
      try {
        return loadProfile(id, options.profileFolder).profile.points.map(pointName);
      } catch {
        return undefined;
      }
    },
    stat: statFile,
    speed: options.speed ?? 1,
  };
}

/** The permission bits of a file; `hidden` where we may not even look. */
export function statFile(path: string): FileState {
  try {
    return { mode: statSync(path).mode & 0o777 };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : 'missing';
  }
}

/** Where systemd puts the credentials of a running service, out of reach of other users. */
const CREDENTIALS_ROOT = '/run/credentials';

/** True for a path below the folder in which systemd keeps the credentials of services. */
export function isSystemdCredential(path: string): boolean {
  return resolve(path).startsWith(CREDENTIALS_ROOT + sep);
}
