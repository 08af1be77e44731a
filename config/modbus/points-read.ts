import { MillwattError } from '../../protocols/errors.ts';
import type { DeviceProfile, ProfilePoint, StatusPoint } from '../../protocols/modbus/profile/profile.ts';
import { choosePoints, chooseStatuses } from '../../protocols/modbus/profile/wanted-points.ts';
import type { ConfigPath } from '../finding.ts';
import type { ModbusSourceConfig } from './modbus-config.ts';
import { readGroupsOf, wishesOf } from './read-groups.ts';

/** Something that a source reads, and where it is asked for: in a list, or nowhere because it is usual. */
interface ReadAt {
  /** From the top of the file; the source itself for what is read because nothing was said. */
  path: ConfigPath;
}

/** A value that a source reads. */
export interface PointRead extends ReadAt {
  point: ProfilePoint;
}

/** A word that a source reads. */
export interface StatusRead extends ReadAt {
  status: StatusPoint;
}

/** All that a source reads at whatever pace, once for each time it is asked for; what the profile lacks is left out. */
export function readsOf(
  source: ModbusSourceConfig,
  profile: DeviceProfile,
  at: ConfigPath,
): { points: PointRead[]; statuses: StatusRead[] } {
  const points: PointRead[] = [];
  const statuses: StatusRead[] = [];
  const take = (read: readonly string[] | undefined, path: ConfigPath) => {
    const chosen = chooseOf(source, profile, read);
    points.push(...chosen.points.map((point) => ({ point, path })));
    statuses.push(...chosen.statuses.map((status) => ({ status, path })));
  };
  for (const { read, isWritten, path } of readGroupsOf(source, profile)) {
    if (isWritten) read?.forEach((name, n) => take([name], [...at, ...path, 'read', n]));
    else take(read, at);
  }
  return { points, statuses };
}

/** What a list of names chooses of the profile; without names, what is usual. A list with a name that the profile lacks chooses nothing. */
export function chooseOf(
  source: ModbusSourceConfig,
  profile: DeviceProfile,
  read: readonly string[] | undefined,
): { points: ProfilePoint[]; statuses: StatusPoint[] } {
  try {
    return {
      points: choosePoints(profile, read, source.id, wishesOf(source)),
      statuses: chooseStatuses(profile, read),
    };
  } catch (error) {
    // Another check says that the profile does not have it.
    if (error instanceof MillwattError) return { points: [], statuses: [] };
    throw error;
  }
}
