import { checkFile, checkSecret } from './file-checks.ts';
import type { Remark } from './finding.ts';
import { checkProfileId } from './modbus/modbus-checks.ts';
import { ownList, salvage } from './salvage.ts';
import { simulationConfig } from './simulation-config.ts';
import type { Surroundings } from './surroundings.ts';

const device = simulationConfig.shape.devices.element;

/** What a simulation's file has against the world: profiles, recordings and secrets that are not there. */
export function checkSimulation(raw: unknown, folder: string, world: Surroundings): Remark[] {
  return ownList(raw, 'devices').flatMap((one, index): Remark[] => {
    const value = salvage(device, one)?.value;
    const at = ['devices', index];
    if (value === undefined) return [];
    if (value.type === 'opcua-machine')
      return value.password === undefined
        ? []
        : checkSecret([...at, 'password'], value.password, folder, world);
    if (value.type === 'mtconnect-agent')
      return (['file', 'devices'] as const).flatMap((field) => {
        const file = value[field];
        return file === undefined ? [] : checkFile([...at, field], file, folder, world);
      });
    return [
      ...checkProfileId(value.profile, [...at, 'profile'], world),
      ...(value.type === 'replay' ? checkFile([...at, 'file'], value.file, folder, world) : []),
    ];
  });
}
