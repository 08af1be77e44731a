import { detailRequest, identityRequest } from '../../protocols/modbus/profile/identity-reader.ts';
import { makePointReader } from '../../protocols/modbus/profile/point-reader.ts';
import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { isLegalRead, planReads, type WantedRegisters } from '../../protocols/modbus/plan/read-plan.ts';
import { makeStatusReader } from '../../protocols/modbus/profile/status-reader.ts';

/** What could never be read within the limits of the profile: a fault of the file, not of the first poll. */
export function findUnreadable(profile: DeviceProfile): string[] {
  const faults: string[] = [];
  const refuse = (name: string) =>
    faults.push(`${name} cannot be read within the limits of the profile${nameOf(profile)}`);
  for (const point of profile.points)
    if (!makePointReader(profile, point).parts.every((part) => isPlannable(part, profile)))
      refuse(pointName(point));
  for (const status of profile.statuses)
    if (!isPlannable(makeStatusReader(profile, status).part, profile)) refuse(status.status);
  // These requests are made as they stand, before anything is planned.
  for (const check of profile.identity)
    if (!isLegal(identityRequest(check), profile)) refuse(`identity ${JSON.stringify(check.title)}`);
  for (const detail of profile.details)
    if (!isLegal(detailRequest(detail), profile)) refuse(`detail ${detail.is}`);
  return faults;
}

function nameOf({ id }: DeviceProfile): string {
  const variant = id.split(':')[1];
  return variant === undefined ? '' : ` (variant ${variant})`;
}

function isPlannable(part: WantedRegisters, { limits }: DeviceProfile): boolean {
  try {
    planReads([part], limits);
    return true;
  } catch {
    return false;
  }
}

function isLegal({ address, count }: WantedRegisters, { limits }: DeviceProfile): boolean {
  return isLegalRead(address, count, limits);
}
