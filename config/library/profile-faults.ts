import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { findLineFaults, findWordFaults, isAsWide, type Fault } from './profile-line-faults.ts';
import { findOverlaps } from './profile-overlaps.ts';
import { expandLine, type PointLine } from './profile-point-schema.ts';
import type { ProfileFile } from './profile-schema.ts';
import { profileOf } from './profile-variant.ts';

/** A fault of a profile file, and where it lies. */
export interface ProfileFault {
  path: (string | number)[];
  message: string;
  /** What to do about it, where that can be told. */
  cure?: string | undefined;
}

/**
 * What a file gets wrong across its own lines: units, counters, patterns, names that are there twice, values that
 * overlap; and the same of each of its variants, put together as it would be used.
 */
export function findProfileFaults(file: ProfileFile): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const add = (path: (string | number)[], message: string, cure?: string) =>
    faults.push({ path, message, cure });
  const addAll = (path: (string | number)[], found: readonly Fault[]) => {
    for (const [key, message, cure] of found) add([...path, ...key], message, cure);
  };
  for (const [type, patterns] of Object.entries(file.notAvailable))
    for (const [i, text] of (patterns ?? []).entries())
      if (!isAsWide(text, type)) add(['notAvailable', type, i], `${text} is not ${type.slice(1)} bits wide`);
  for (const key of ['forbidden', 'readable', 'whole'] as const)
    for (const [i, { first, last }] of file.limits[key].entries())
      if (last < first) add(['limits', key, i], `ends at ${last}, before it begins`);
  if (file.serial !== undefined && !file.transports.includes('rtu'))
    add(['serial'], 'belongs to a device with rtu among its transports');
  if (file.timing.pipelining > 1 && !file.transports.includes('tcp'))
    add(['timing', 'pipelining'], 'belongs to a device with tcp among its transports');
  addAll([], findWordFaults(file));
  addAll(['points'], findLinesFaults(file.points));

  const own = profileOf('vendor/model', file);
  const ownOverlaps = own === undefined ? [] : findOverlaps(own);
  for (const { name, message } of ownOverlaps) add(placeOf(file.points, name), message);
  const names = new Set(own?.points.map(pointName));
  for (const [variant, said] of Object.entries(file.variants)) {
    const path = ['variants', variant];
    addAll([...path, 'points'], findLinesFaults(said.points ?? []));
    for (const [i, name] of (said.without ?? []).entries())
      if (!names.has(name)) add([...path, 'without', i], `the profile has no ${name} to take away`);
    const whole = profileOf('vendor/model', file, variant);
    if (whole === undefined) continue;
    if (whole.points.length === 0) add([...path, 'without'], 'leaves no point');
    for (const { name, message } of findOverlaps(whole))
      if (!ownOverlaps.some((other) => other.message === message)) {
        const place = placeOf(said.points ?? [], name);
        add(place.length === 1 ? path : [...path, ...place], message);
      }
  }
  return faults;
}

/** What is wrong with single lines, and points that are there twice. */
function findLinesFaults(lines: readonly PointLine[]): Fault[] {
  const faults: Fault[] = [];
  const names = new Set<string>();
  for (const [i, line] of lines.entries()) {
    for (const [key, ...said] of findLineFaults(line)) faults.push([[i, ...key], ...said]);
    for (const point of expandLine(line)) {
      const name = pointName(point);
      if (names.has(name)) faults.push([[i], `${name} is there twice`]);
      names.add(name);
    }
  }
  return faults;
}

/** The line that a point came from. */
function placeOf(lines: readonly PointLine[], name: string): (string | number)[] {
  const line = lines.findLastIndex((one) => expandLine(one).some((point) => pointName(point) === name));
  return line < 0 ? ['points'] : ['points', line, 'address'];
}
