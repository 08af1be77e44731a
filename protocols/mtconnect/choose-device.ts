import { chooseDeviceError } from './agent-error.ts';
import type { Device } from './mtconnect-document.ts';

/**
 * The device that is meant: by name, uuid or id, or the only one. The agent itself, which newer agents list as well, is
 * none. Throws an error of class `refuse` that lists what there is.
 */
export function chooseDevice(where: string, devices: readonly Device[], wanted: string | undefined): Device {
  const machines = devices.filter(({ isAgent }) => !isAgent);
  const named =
    wanted === undefined
      ? machines
      : machines.filter(({ name, uuid, id }) => [name, uuid, id].includes(wanted));
  const [only] = named;
  if (only === undefined || (wanted === undefined && named.length > 1))
    throw chooseDeviceError(
      where,
      wanted,
      machines.map(({ name, uuid, id }) => name ?? uuid ?? id),
    );
  return only;
}

/** The beginning of the path that asks about one device only; empty where the agent has no other. */
export function pathOfDevice(devices: readonly Device[], device: Device): string {
  if (devices.length === 1) return '';
  const { name, uuid, id } = device;
  // Every agent knows names, but nothing keeps two machines from having the same one.
  const isOne = devices.filter((other) => other.name === name).length === 1;
  return `/${encodeURIComponent((isOne ? name : undefined) ?? uuid ?? name ?? id)}`;
}
