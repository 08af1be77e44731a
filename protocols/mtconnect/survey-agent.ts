import { systemClock } from '../clock.ts';
import { MillwattError } from '../errors.ts';
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
  /** It was ended before the values of now had come. */
  isCut: boolean;
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

/**
 * Asks an agent once for its devices and their values of now. Throws an error of class `retry` (code `stopped` where it was
 * ended before anything was known), or `refuse` for a device it does not have.
 */
export async function surveyAgent(options: {
  url: string;
  device?: string | undefined;
  /** PEM text. */
  ca?: string | undefined;
  /** For each of the two requests, real ms. */
  timeoutMs: number;
  /** Ends it: what is known until then is told. */
  signal?: AbortSignal | undefined;
}): Promise<AgentSurvey> {
  const { signal } = options;
  const client = new AgentClient(options, systemClock);
  try {
    const answer = await untilStopped(client.ask('/probe', options.timeoutMs), signal);
    if (answer === undefined) throw new MillwattError('retry', 'stopped', 'Ended before the agent answered.');
    const { document } = answer;
    if (document.kind === 'error') throw refusedByAgentError(client.where, document.errors);
    if (document.kind !== 'devices') throw badDocumentError(client.where, 'values instead of its devices');
    const { header, devices } = document;
    const machines = devices.filter(({ isAgent }) => !isAgent);
    const isOpen = options.device === undefined && machines.length > 1;
    const device = isOpen ? undefined : chooseDevice(client.where, devices, options.device);
    const survey = { ...aboutAgent(header), devices: machines.map(nameOf), isCut: false };
    if (device === undefined) return { ...survey, chosen: undefined };
    const values = await untilStopped(readValues(client, devices, device, options.timeoutMs), signal);
    return {
      ...survey,
      isCut: values === undefined,
      chosen: { ...describe(device), values: values ?? new Map() },
    };
  } finally {
    client.close();
  }
}

/** What the work gives; undefined where it was ended before. */
async function untilStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return work;
  const { promise: stopped, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
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
