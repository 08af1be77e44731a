import { functionCodeOf, registerCount, type DeviceProfile } from '../profile/profile.ts';
import type { WantedRegisters } from './read-plan.ts';
import { statusRegisters } from '../profile/status-reader.ts';

/**
 * Where all values lie that the profile knows of, wanted or not: what a device with `wholeValues` does not let a request
 * cut. Values that the profile leaves out cannot be minded; where one is cut, ReadMemory finds out.
 * @param addressOffset the operator's, -1 .. 1
 */
export function listDeviceValues(profile: DeviceProfile, addressOffset = 0): WantedRegisters[] {
  const ofPoints = profile.points.flatMap((point) => {
    const functionCode = functionCodeOf(profile, point);
    const addresses = [point.address, ...(point.plus ?? [])];
    return [
      ...addresses.map((address) => ({ functionCode, address, count: registerCount(point.type) })),
      ...(point.factors ?? []).map((factor) => ({
        functionCode: factor.functionCode ?? functionCode,
        address: factor.address,
        count: registerCount(factor.type),
      })),
    ];
  });
  const ofTexts = [...profile.statuses, ...profile.details].map((text) => ({
    functionCode: text.functionCode ?? profile.functionCode,
    address: text.address,
    count: statusRegisters(text),
  }));
  return [...ofPoints, ...ofTexts].map((value) => ({ ...value, address: value.address + addressOffset }));
}
