import { MillwattError } from '../../errors.ts';
import { pointName, type DeviceProfile, type ProfilePoint, type StatusPoint } from './profile.ts';
import type { ModbusSource } from '../source.ts';

/** Read where the operator names nothing: as much of it as the profile has. */
const DEFAULT_POINTS: Readonly<Record<DeviceProfile['kind'], readonly string[]>> = {
  meter: [
    'activePower',
    'activeEnergyImport',
    'activeEnergyExport',
    'activeEnergySum',
    'voltage.l1',
    'voltage.l2',
    'voltage.l3',
    'current.l1',
    'current.l2',
    'current.l3',
    'powerFactor',
    'frequency',
  ],
  // What tells how a drive is loaded; its voltages tell little of the machine.
  drive: [
    'activePower',
    'activeEnergyImport',
    'activeEnergySum',
    'current',
    'current.l1',
    'frequency',
    'rotationalSpeed',
    'torque',
  ],
};

/** What of a source decides, besides names, which points are read. */
export type Wishes = Pick<ModbusSource, 'scales' | 'ratedPowerW' | 'importOnly'>;

/**
 * The profile's points that are wanted by name, each once and in that order; without names, the usual ones that the
 * profile has and whose scale is known. Names of status words are passed over. Where nothing is ever exported, the sum of
 * import and export is the import, and is known by both names. Throws an error of class `refuse` (code `unknown-point`)
 * that names what the profile offers.
 */
export function choosePoints(
  profile: DeviceProfile,
  names: readonly string[] | undefined,
  sourceId: string,
  wishes: Wishes = {},
): ProfilePoint[] {
  const offered = new Map<string, ProfilePoint>();
  for (const point of profile.points) {
    const imported = asImported(profile, point, wishes);
    offered.set(pointName(point), imported);
    offered.set(pointName(imported), imported);
  }
  if (names === undefined) return chooseUsual(profile, offered, wishes);
  const statuses = profile.statuses.map((word): string => word.status);
  const points = names.map(plainName).flatMap((name) => {
    const point = offered.get(name);
    if (point === undefined && !statuses.includes(name))
      throw unknownPoint(profile, sourceId, name, [...offered.keys(), ...statuses]);
    return point ?? [];
  });
  return [...new Set(points)];
}

/** The profile's status words that are wanted by name; none without names: what they mean must be known to be of use. */
export function chooseStatuses(profile: DeviceProfile, names: readonly string[] | undefined): StatusPoint[] {
  const wanted = new Set((names ?? []).map(plainName));
  return profile.statuses.filter(({ status }) => wanted.has(status));
}

function plainName(name: string): string {
  return name.replace(/\.total$/, '');
}

function chooseUsual(
  profile: DeviceProfile,
  offered: ReadonlyMap<string, ProfilePoint>,
  wishes: Wishes,
): ProfilePoint[] {
  const known = DEFAULT_POINTS[profile.kind]
    .filter((name) => name !== 'activeEnergySum' || !offered.has('activeEnergyImport'))
    .flatMap((name) => offered.get(name) ?? phasesOf(name, offered));
  const usual = [...new Set(known.length > 0 ? known : offered.values())];
  // A current without a scale may be missing; a power without one is what the source was set up for.
  const usable = usual.filter((point) => isMain(point) || hasScale(point, wishes));
  return usable.length > 0 ? usable : usual;
}

/** What a meter tells of each phase and not of all together; energy only where there is no sum of another kind. */
function phasesOf(name: string, offered: ReadonlyMap<string, ProfilePoint>): ProfilePoint[] {
  const isUseful =
    name === 'activePower' ||
    name === 'powerFactor' ||
    (name === 'activeEnergyImport' && !offered.has('activeEnergySum'));
  return isUseful ? ['l1', 'l2', 'l3'].flatMap((phase) => offered.get(`${name}.${phase}`) ?? []) : [];
}

function isMain({ quantity }: ProfilePoint): boolean {
  return quantity === 'activePower' || quantity.startsWith('activeEnergy');
}

/** Whether everything is there that the scale of a point needs. */
function hasScale(point: ProfilePoint, { scales, ratedPowerW }: Wishes): boolean {
  if (point.scaleFrom === 'operator') return scales?.[pointName(point)] !== undefined;
  return point.scaleFrom !== 'rated-power' || ratedPowerW !== undefined;
}

function asImported(profile: DeviceProfile, point: ProfilePoint, { importOnly }: Wishes): ProfilePoint {
  if (importOnly !== true || point.quantity !== 'activeEnergySum') return point;
  const hasImport = profile.points.some(
    (other) => other.quantity === 'activeEnergyImport' && other.phase === point.phase,
  );
  return hasImport ? point : { ...point, quantity: 'activeEnergyImport' };
}

function unknownPoint(
  profile: DeviceProfile,
  source: string,
  name: string,
  offered: readonly string[],
): MillwattError {
  return new MillwattError(
    'refuse',
    'unknown-point',
    `Source ${source} wants ${name}, which the profile ${profile.id} does not have.`,
    { cure: `Choose from what it has: ${offered.join(', ')}.` },
  );
}
