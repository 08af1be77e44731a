import {
  functionCodeOf,
  pointName,
  registerCount,
  type DeviceProfile,
} from '../../protocols/modbus/profile/profile.ts';

/** Two things of a profile that claim one register. */
export interface Overlap {
  /** The point that is at fault. */
  name: string;
  message: string;
}

const REGISTERS = 65_536;

/** Points that share registers, factors inside of points, and values that end beyond the last register. */
export function findOverlaps(profile: Pick<DeviceProfile, 'functionCode' | 'points'>): Overlap[] {
  const found: Overlap[] = [];
  const takenBy = new Map<string, string>();
  for (const point of profile.points) {
    const name = pointName(point);
    const count = registerCount(point.type);
    const addresses = [point.address, ...(point.plus ?? [])];
    if (new Set(addresses).size !== addresses.length)
      found.push({ name, message: `${name} adds a register to itself` });
    for (const address of addresses) {
      if (address + count > REGISTERS) found.push({ name, message: `${name} ends beyond register 65535` });
      for (let register = address; register < address + count; register++) {
        const key = `${functionCodeOf(profile, point)}:${register}`;
        const other = takenBy.get(key);
        if (other !== undefined && other !== name)
          found.push({ name, message: `${name} overlaps ${other} in register ${register}` });
        takenBy.set(key, name);
      }
    }
  }
  for (const point of profile.points) {
    const name = pointName(point);
    for (const factor of point.factors ?? []) {
      const count = registerCount(factor.type);
      if (factor.address + count > REGISTERS)
        found.push({ name, message: `a factor of ${name} ends beyond register 65535` });
      for (let register = factor.address; register < factor.address + count; register++) {
        const other = takenBy.get(`${factor.functionCode ?? functionCodeOf(profile, point)}:${register}`);
        if (other !== undefined)
          found.push({ name, message: `a factor of ${name} overlaps ${other} in register ${register}` });
      }
    }
  }
  return found;
}
