import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import type { DeviceProfile } from '../protocols/modbus/profile/profile.ts';
import type { PlanJudge } from './plan-judge.ts';
import { listProfiles, loadProfile } from './library/profile-library.ts';

/** What a check must know of the world outside the file. */
export interface Surroundings {
  /** Ids of all device profiles. */
  profileIds(): readonly string[];
  /** A device profile, or why there is none: it is unknown or its file is not usable. */
  profileOf(profileId: string): DeviceProfile | MillwattError;
  /** The state of a file, absolute path. */
  stat(path: string): FileState;
  /** The text of a secret's or certificate's file, to be measured or recognised and never shown; undefined where it may not be read, or is not looked at. */
  readText?: (path: string) => string | undefined;
  /** The environment, where whoever checks may look at it. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The judgement of the derivation on calendars and classes; without it, they are not looked at. */
  judge?: PlanJudge | undefined;
  /** Simulated ms in a real one; 1 outside a simulation. */
  speed: number;
}

/** Permission bits of a file that is there; why it is not, otherwise. */
export type FileState = { mode: number } | 'missing' | 'hidden';

/** The profiles and files of this machine; `profileFolder` holds the operator's own profiles. */
export function readSurroundings(
  options: {
    profileFolder?: string | undefined;
    speed?: number | undefined;
    env?: Readonly<Record<string, string | undefined>> | undefined;
    judge?: PlanJudge | undefined;
  } = {},
): Surroundings {
  const profiles = new Map<string, DeviceProfile | MillwattError>();
  return {
    profileIds: () => listProfiles(options.profileFolder).map((listed) => listed.id),
    profileOf: (id) => {
      // A plant has few models of meter and many meters.
      const profile = profiles.get(id) ?? readProfile(id, options.profileFolder);
      profiles.set(id, profile);
      return profile;
    },
    stat: statFile,
    readText,
    env: options.env,
    judge: options.judge,
    speed: options.speed ?? 1,
  };
}

function readProfile(id: string, folder: string | undefined): DeviceProfile | MillwattError {
  try {
    return loadProfile(id, folder).profile;
  } catch (error) {
    if (error instanceof MillwattError) return error;
    throw error;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Where operators keep profiles of their own: `profiles/` beside the configuration file. */
export function profileFolderOf(file: string): string {
  return join(dirname(resolve(file)), 'profiles');
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
