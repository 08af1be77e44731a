import { REGISTER_TYPES, registerCount } from '../../protocols/modbus/profile/profile.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { rationalOf, UNITS } from '../../protocols/telemetry/unit.ts';
import type { PointLine } from './profile-point-schema.ts';
import type { ProfileFile } from './profile-schema.ts';

/** What is wrong, under which keys, and what to do about it where that can be told. */
export type Fault = [key: (string | number)[], message: string, cure?: string];

/** What a line of `points` contradicts in itself. */
export function findLineFaults(line: PointLine): Fault[] {
  const faults: Fault[] = [];
  const { cumulative, unit } = QUANTITIES[line.quantity];
  const canonical = UNITS[line.unit]?.canonical;
  if (line.scaleFrom === 'rated-power') {
    if (unit !== 'W' || canonical !== '%')
      faults.push([['unit'], 'a percentage of the rated power is activePower in %']);
  } else if (canonical !== unit)
    faults.push([
      ['unit'],
      `${line.quantity} is measured in ${unit}, and ${line.unit} is no unit of that`,
      `Choose one of: ${unitsLike(unit).join(', ')}; or correct the quantity.`,
    ]);
  if (line.scaleFrom === 'operator' && !isOne(line.scale))
    faults.push([['scale'], 'what the operator must find out is not given here']);
  if (line.step !== undefined && line.phases === undefined) faults.push([['step'], 'step needs phases']);
  if (line.phases !== undefined && new Set(line.phases).size !== line.phases.length)
    faults.push([['phases'], 'names a phase twice']);
  if (line.encoding === 'four-quadrant' && line.quantity !== 'powerFactor')
    faults.push([['encoding'], 'four-quadrant belongs to powerFactor']);
  for (const [i, text] of (line.notAvailable ?? []).entries())
    if (!isAsWide(text, line.type))
      faults.push([['notAvailable', i], `${text} is not ${line.type.slice(1)} bits wide`]);
  for (const [i, factor] of (line.factors ?? []).entries()) {
    if (factor.byte !== undefined && !factor.type.endsWith('16'))
      faults.push([['factors', i, 'byte'], 'only a 16-bit register has a high and a low byte']);
    if (factor.as !== 'factor' && !isOne(factor.scale))
      faults.push([['factors', i, 'scale'], `${factor.as} count powers; only a factor is scaled`]);
  }
  if (!cumulative && line.counter !== undefined)
    faults.push([['counter'], `${line.quantity} does not count`, 'Remove counter; it belongs to energies.']);
  if (line.counter?.maximum !== undefined && line.counter.behaviour !== 'saturating')
    faults.push([['counter', 'maximum'], 'only a saturating counter stops at a maximum']);
  if (line.counter?.modulus !== undefined && line.counter.behaviour === 'saturating')
    faults.push([['counter', 'modulus'], 'a saturating counter stops and does not start again']);
  return faults;
}

/** What identity, details and statuses contradict in themselves. */
export function findWordFaults(file: Pick<ProfileFile, 'identity' | 'details' | 'statuses'>): Fault[] {
  const faults: Fault[] = [];
  for (const [i, check] of file.identity.entries()) {
    const needed = check.type === 'u32' ? 2 : 1;
    if (check.count < needed)
      faults.push([['identity', i, 'count'], `${check.type} takes ${needed} registers`]);
    if (check.layout !== undefined && check.type !== 'ascii')
      faults.push([['identity', i, 'layout'], 'layout goes with the type ascii']);
    if (check.between !== undefined && check.between.last < check.between.first)
      faults.push([['identity', i, 'between'], 'ends before it begins']);
    const largest = check.type === 'u16' ? 0xffff : 0xffff_ffff;
    for (const number of [...(check.oneOf ?? []), check.between?.last ?? 0])
      if (number > largest) faults.push([['identity', i], `${number} does not fit ${check.type}`]);
    if (check.address + check.count > 65_536)
      faults.push([['identity', i, 'address'], 'ends beyond register 65535']);
  }
  for (const [i, detail] of file.details.entries()) {
    const isText = detail.type === 'ascii';
    if (isText !== (detail.length !== undefined))
      faults.push([['details', i, 'length'], 'length goes with the type ascii']);
    if (!isText && detail.layout !== undefined)
      faults.push([['details', i, 'layout'], 'layout goes with the type ascii']);
    const count = isText ? (detail.length ?? 1) : registersOf(detail.type);
    const { address: from, count: asked } = detail.block ?? { address: detail.address, count };
    if (detail.address < from || detail.address + count > from + asked)
      faults.push([['details', i, 'block'], `does not hold the registers of ${detail.is}`]);
    if (from + asked > 65_536) faults.push([['details', i, 'address'], 'ends beyond register 65535']);
  }
  const names = new Set<string>();
  for (const [i, { status, type, layout }] of file.statuses.entries()) {
    if (names.has(status)) faults.push([['statuses', i, 'status'], `${status} is there twice`]);
    names.add(status);
    if (layout !== undefined && type !== 'ascii')
      faults.push([['statuses', i, 'layout'], 'layout goes with the type ascii']);
  }
  return faults;
}

/** The units that are the same as this one but for a factor. */
function unitsLike(canonical: string): string[] {
  return Object.keys(UNITS).filter((name) => UNITS[name]?.canonical === canonical);
}

/** True when a bit pattern has as many digits as the type needs. */
export function isAsWide(text: string, type: string): boolean {
  return text.length === 2 + Number(type.slice(1)) / 4;
}

function registersOf(type: string): number {
  const known = REGISTER_TYPES.find((one) => one === type);
  return known === undefined ? 1 : registerCount(known);
}

function isOne(decimal: string): boolean {
  const { num, den } = rationalOf(decimal);
  return num === den;
}
