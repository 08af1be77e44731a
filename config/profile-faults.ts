import { functionCodeOf, pointName, registerCount } from '../protocols/modbus/profile.ts';
import { QUANTITIES } from '../protocols/telemetry/quantity.ts';
import { UNITS } from '../protocols/telemetry/unit.ts';
import { expandLine, type PointLine } from './profile-point-schema.ts';

/** A fault of a profile file, and where it lies. */
export interface ProfileFault {
  path: (string | number)[];
  message: string;
}

/** What the linter needs to see of a file. */
interface Linted {
  functionCode: 3 | 4;
  points: readonly PointLine[];
  notAvailable: Readonly<Partial<Record<string, readonly string[]>>>;
  limits: Readonly<
    Record<'forbidden' | 'readable' | 'whole', readonly { readonly first: number; readonly last: number }[]>
  >;
}

/** What a file gets wrong across its own lines: units, counters, names that are there twice, values that overlap. */
export function findPointFaults(file: Linted): ProfileFault[] {
  const faults: ProfileFault[] = [];
  const add = (path: (string | number)[], message: string) => faults.push({ path, message });
  for (const [type, patterns] of Object.entries(file.notAvailable))
    for (const [i, text] of (patterns ?? []).entries())
      if (!fits(text, type)) add(['notAvailable', type, i], `${text} is not ${type.slice(1)} bits wide`);
  for (const key of ['forbidden', 'readable', 'whole'] as const)
    for (const [i, { first, last }] of file.limits[key].entries())
      if (last < first) add(['limits', key, i], `ends at ${last}, before it begins`);
  const names = new Set<string>();
  const takenBy = new Map<string, string>();
  for (const [i, line] of file.points.entries()) {
    for (const [key, message] of faultsOfLine(line)) add(['points', i, ...key], message);
    for (const point of expandLine(line)) {
      const name = pointName(point);
      if (names.has(name)) add(['points', i], `${name} is there twice`);
      names.add(name);
      const count = registerCount(point.type);
      for (const address of [point.address, ...(point.plus ?? [])]) {
        if (address + count > 65_536) add(['points', i, 'address'], `${name} ends beyond register 65535`);
        for (let register = address; register < address + count; register++) {
          const key = `${functionCodeOf(file, point)}:${register}`;
          const other = takenBy.get(key);
          if (other !== undefined && other !== name)
            add(['points', i, 'address'], `${name} overlaps ${other} in register ${register}`);
          takenBy.set(key, name);
        }
      }
    }
  }
  return faults;
}

function faultsOfLine(line: PointLine): [key: string[], message: string][] {
  const faults: [string[], string][] = [];
  const { cumulative, unit } = QUANTITIES[line.quantity];
  const canonical = UNITS[line.unit]?.canonical;
  if (line.scaleFrom === 'rated-power') {
    if (unit !== 'W' || canonical !== '%')
      faults.push([['unit'], 'a percentage of the rated power is activePower in %']);
  } else if (canonical !== unit)
    faults.push([['unit'], `${line.quantity} is measured in ${unit}, and ${line.unit} is no unit of that`]);
  if (!cumulative && line.counter !== undefined)
    faults.push([['counter'], `${line.quantity} does not count`]);
  if (line.counter?.maximum !== undefined && line.counter.behaviour !== 'saturating')
    faults.push([['counter', 'maximum'], 'only a saturating counter stops at a maximum']);
  if (line.encoding === 'four-quadrant' && line.quantity !== 'powerFactor')
    faults.push([['encoding'], 'four-quadrant belongs to powerFactor']);
  if (line.step !== undefined && line.phases === undefined) faults.push([['step'], 'step needs phases']);
  for (const [i, text] of (line.notAvailable ?? []).entries())
    if (!fits(text, line.type))
      faults.push([['notAvailable', String(i)], `${text} is not ${line.type.slice(1)} bits wide`]);
  for (const [i, factor] of (line.factors ?? []).entries())
    if (factor.byte !== undefined && !factor.type.endsWith('16'))
      faults.push([['factors', String(i), 'byte'], 'only a 16-bit register has a high and a low byte']);
  return faults;
}

function fits(text: string, type: string): boolean {
  return text.length === 2 + Number(type.slice(1)) / 4;
}
