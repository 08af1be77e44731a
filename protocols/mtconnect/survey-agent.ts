import { systemClock } from '../clock.ts';
import { AgentClient } from './agent-client.ts';
import { badDocumentError, refusedByAgentError } from './agent-error.ts';
import { chooseDevice, pathOfDevice } from './choose-device.ts';
import type { AgentHeader, DataItem, Device, Observation } from './mtconnect-document.ts';
import { wireDevice, type DeviceWiring } from './wire-device.ts';

/** All that an agent offers, and what it says just now. */
export interface AgentSurvey {
  version: string;
  bufferSize: number | undefined;
  /** The machines it has, by name, uuid or id. */
  devices: string[];
  /** The one that was chosen; undefined where there are several and none was named. */
  chosen:
    | {
        name: string;
        wiring: DeviceWiring;
        /** Items that are not read. */
        others: DataItem[];
        /** By id of the data item: what it says now, as written; null for UNAVAILABLE. */
        values: ReadonlyMap<string, string | null>;
      }
    | undefined;
}

/** Asks an agent once for its devices and their values of now. Throws an error of class `retry`, or `refuse` for a device it does not have. */
export async function surveyAgent(options: {
  url: string;
  device?: string | undefined;
  /** PEM text. */
  ca?: string | undefined;
  /** For each of the two requests, real ms. */
  timeoutMs: number;
}): Promise<AgentSurvey> {
  const client = new AgentClient(options, systemClock);
  try {
    const { document } = await client.ask('/probe', options.timeoutMs);
    if (document.kind === 'error') throw refusedByAgentError(client.where, document.errors);
    if (document.kind !== 'devices') throw badDocumentError(client.where, 'values instead of its devices');
    const { header, devices } = document;
    const machines = devices.filter(({ isAgent }) => !isAgent);
    const isOpen = options.device === undefined && machines.length > 1;
    const device = isOpen ? undefined : chooseDevice(client.where, devices, options.device);
    return {
      ...aboutAgent(header),
      devices: machines.map(nameOf),
      chosen:
        device === undefined
          ? undefined
          : { ...describe(device), values: await readValues(client, devices, device, options.timeoutMs) },
    };
  } finally {
    client.close();
  }
}

function aboutAgent({ version, bufferSize }: AgentHeader) {
  return { version, bufferSize };
}

function describe(device: Device) {
  const wiring = wireDevice(device, { id: 'browse', machine: 'machine', component: 'control', items: [] });
  const read = new Set([...wiring.wired, ...wiring.unitless].map(({ item }) => item.id));
  return { name: nameOf(device), wiring, others: device.items.filter(({ id }) => !read.has(id)) };
}

async function readValues(
  client: AgentClient,
  devices: readonly Device[],
  device: Device,
  timeoutMs: number,
): Promise<ReadonlyMap<string, string | null>> {
  const { document } = await client.ask(`${pathOfDevice(devices, device)}/current`, timeoutMs);
  if (document.kind === 'error') throw refusedByAgentError(client.where, document.errors);
  if (document.kind !== 'streams')
    throw badDocumentError(client.where, 'its devices where values were asked for');
  return new Map(document.observations.map((observation) => [observation.item, spoken(observation)]));
}

function spoken({ value, condition }: Observation): string | null {
  if (condition === undefined) return value;
  if (condition.level === 'Unavailable') return null;
  return [condition.level, condition.code, value ?? ''].filter((part) => part !== '').join(' ');
}

function nameOf({ name, uuid, id }: Device): string {
  return name ?? uuid ?? id;
}
