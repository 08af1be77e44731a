import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { choosePoints, type Wishes } from '../../protocols/modbus/profile/wanted-points.ts';
import type { ConfigPath } from '../finding.ts';
import type { ModbusSourceConfig } from './modbus-config.ts';

/** Points of one device that are read at one pace: a driver of their own on the device's line. */
export interface ReadGroup {
  /** The source's id; of a slower group, with its pace: `mill-1-supply-1min`. */
  id: string;
  /** Between two readings, ms. */
  everyMs: number;
  /** Names of points and words; undefined means the usual ones. */
  read: readonly string[] | undefined;
  /** False where the names were not written but are what is usual. */
  isWritten: boolean;
  /** Where in the source the list is written. */
  path: ConfigPath;
}

/**
 * The paces at which a source is read: its own, and one for each slower group. Without `read`, the source's own pace
 * takes the usual points that no slower group has; where none is left, there are only the slower groups.
 */
export function readGroupsOf(source: ModbusSourceConfig, profile: DeviceProfile): ReadGroup[] {
  const slower = (source.slower ?? []).map((group, index): ReadGroup => ({
    id: slowerId(source.id, group.every),
    everyMs: group.every,
    read: group.read,
    isWritten: true,
    path: ['slower', index],
  }));
  const own = { id: source.id, everyMs: source.every, path: [] };
  if (source.read !== undefined || slower.length === 0)
    return [{ ...own, read: source.read, isWritten: source.read !== undefined }, ...slower];
  const taken = new Set(slower.flatMap(({ read = [] }) => read.map(plainPoint)));
  const left = choosePoints(profile, undefined, source.id, wishesOf(source))
    .map(pointName)
    .filter((name) => !taken.has(name));
  return left.length === 0 ? slower : [{ ...own, read: left, isWritten: false }, ...slower];
}

/** What of a source decides which points are read. */
export function wishesOf({ scales, ratedPower, importOnly }: ModbusSourceConfig): Wishes {
  return { scales: plainScales(scales), ratedPowerW: ratedPower, importOnly };
}

/** Scales by the plain name of their point. */
export function plainScales(
  scales: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  if (scales === undefined) return undefined;
  return Object.fromEntries(Object.entries(scales).map(([name, scale]) => [plainPoint(name), scale]));
}

/** The id of a group that is read at another pace than its source: `mill-1-supply-1min`, `-500ms`. */
export function slowerId(sourceId: string, everyMs: number): string {
  const [size, word] = PACES.find(([unitMs]) => everyMs % unitMs === 0) ?? [1, 'ms'];
  return `${sourceId}-${everyMs / size}${word}`;
}

const PACES = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** `activePower.total` is `activePower`. */
export function plainPoint(name: string): string {
  return name.replace(/\.total$/, '');
}
