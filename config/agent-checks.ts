import { resolve } from 'node:path';
import { commonNameOf, cureOfCertificate } from './certificate-name.ts';
import type { z } from 'zod';
import { agentConfig } from './agent-config.ts';
import { hostOfUrl, isLoopback } from './address-checks.ts';
import { checkChannels, checkComponents } from './channel-checks.ts';
import { checkSecret, checkTlsFiles } from './file-checks.ts';
import type { Remark } from './finding.ts';
import { checkModbusSource } from './modbus/modbus-checks.ts';
import { checkModbusDevices } from './modbus/modbus-device-checks.ts';
import { checkModbusLines } from './modbus/modbus-line-checks.ts';
import { checkMtconnectSource } from './mtconnect/mtconnect-checks.ts';
import { checkOpcuaSource } from './opcua/opcua-checks.ts';
import { checkRates } from './rate-checks.ts';
import { ownList, ownValue, salvage } from './salvage.ts';
import { draftSources, isModbusDraft } from './source-draft.ts';
import type { Surroundings } from './surroundings.ts';

const shape = agentConfig.shape;
const COLLECTOR_USER = 'collector';

/** What an agent's file has against itself and the world, beyond what each value says alone. `raw` is the file as plain data. */
export function checkAgent(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const sources = draftSources(raw);
  return [
    ...checkDuplicateIds(ownList(raw, 'sources')),
    ...checkChannels(sources, world),
    ...checkComponents(sources),
    ...sources.flatMap((draft) => checkRates(draft, world.speed)),
    ...sources
      .filter((draft) => isModbusDraft(draft))
      .flatMap((draft) => checkModbusSource(draft, folder, world)),
    ...sources.flatMap(({ value, index, raw }) =>
      value.protocol === 'opcua' ? checkOpcuaSource(value, ['sources', index], raw, folder, world) : [],
    ),
    ...sources.flatMap(({ value, index }) =>
      value.protocol === 'mtconnect' ? checkMtconnectSource(value, ['sources', index], folder, world) : [],
    ),
    ...checkModbusDevices(sources, world),
    ...checkModbusLines(sources, world),
    ...checkAgentId(raw),
    ...checkBroker(raw, folder, world),
    ...checkSpool(raw, sources),
  ];
}

/** Brokers tell the collector from the agents by its user name; an agent of that name has no topics of its own. */
function checkAgentId(raw: unknown): Remark[] {
  if (ownValue(raw, 'agent') !== COLLECTOR_USER) return [];
  return [
    {
      severity: 'error',
      path: ['agent'],
      message: `"${COLLECTOR_USER}" is the user name of the collector at the broker.`,
      cure: 'Give the agent another id, such as the name of its hall or gateway.',
    },
  ];
}

function checkDuplicateIds(sources: unknown[]): Remark[] {
  const firstWith = new Map<string, number>();
  return sources.flatMap((source, index): Remark[] => {
    const id = ownValue(source, 'id');
    if (typeof id !== 'string') return [];
    const first = firstWith.get(id);
    if (first === undefined) {
      firstWith.set(id, index);
      return [];
    }
    return [
      {
        severity: 'error',
        path: ['sources', index, 'id'],
        message: `"${id}" is already the id of sources[${first}].`,
        cure: 'Give each source an id of its own.',
      },
    ];
  });
}

function checkBroker(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const broker = salvage(shape.broker, ownValue(raw, 'broker'))?.value;
  if (broker === undefined) return [];
  const remarks = checkTlsFiles(['broker'], broker, folder, world);
  remarks.push(...checkCertificateName(broker.cert, ownValue(raw, 'agent'), folder, world));
  if (broker.password !== undefined)
    remarks.push(...checkSecret(['broker', 'password'], broker.password, folder, world));
  remarks.push(...checkPlainBroker(broker, ownValue(raw, 'collectorKey') !== undefined));
  return remarks;
}

/** The embedded broker takes a certificate for the agent that it names, and most others can be told to. */
function checkCertificateName(
  file: string | undefined,
  agent: unknown,
  folder: string,
  world: Surroundings,
): Remark[] {
  if (file === undefined || typeof agent !== 'string') return [];
  const name = commonNameOf(world.readText?.(resolve(folder, file)) ?? '');
  if (name === undefined || name === agent) return [];
  return [
    {
      severity: 'warning',
      path: ['broker', 'cert'],
      message: `is the certificate of ${name}, not of agent ${agent}: the embedded broker will refuse it.`,
      cure: cureOfCertificate(file, agent),
    },
  ];
}

type Broker = z.output<typeof agentConfig>['broker'];

function checkPlainBroker(broker: Broker, collectorIsKnown: boolean): Remark[] {
  const remarks: Remark[] = [];
  const path = ['broker', 'url'];
  const plain = broker.url.startsWith('mqtt://');
  const local = isLoopback(hostOfUrl(broker.url));
  if (plain && [broker.ca, broker.cert, broker.key].some((file) => file !== undefined))
    remarks.push({
      severity: 'error',
      path,
      message: 'is an address without TLS, but certificates are given.',
      cure: 'Write mqtts:// (usually port 8883), or remove ca, cert and key.',
    });
  else if (plain && !local)
    remarks.push({
      severity: 'warning',
      path,
      message: 'readings and the password travel in the clear; whoever is on the network can read them.',
      cure: 'Write mqtts:// and give the ca that signed the broker.',
    });
  if (!local && broker.password === undefined && broker.cert === undefined)
    remarks.push({
      severity: 'warning',
      path,
      message: 'the agent does not prove to the broker who it is.',
      cure: 'Give broker.password (`${file:PATH}` or `${env:NAME}`), or cert and key.',
    });
  if (!local && !collectorIsKnown)
    remarks.push({
      severity: 'warning',
      path,
      message: 'collectorKey is not given: the first collector that answers is trusted for good.',
      cure: 'Copy the key that the collector prints at its start into collectorKey.',
    });
  return remarks;
}

const BATCH_AGE_MS = { min: 1000, max: 600_000 };
const SPOOL_BYTES_MIN = 10_000_000;
const KEEP_MS_MAX = 90 * 86_400_000;
const MAX_AGE_MS_MIN = 86_400_000;

/** A poll of a meter with twelve quantities, as it lies in the spool: 100 MB hold two weeks of one a second. */
const BYTES_PER_POLL = 85;
const HOUR_MS = 3_600_000;

/** Thinning works on whole hours: a spool that does not hold one drops readings instead. */
function checkSpoolHolds(maxSize: number, sources: ReturnType<typeof draftSources>): Remark[] {
  const bytesAnHour = sources.reduce((sum, { value }) => {
    const everyMs = 'every' in value && typeof value.every === 'number' ? value.every : 1000;
    return sum + (HOUR_MS / Math.max(1, everyMs)) * BYTES_PER_POLL;
  }, 0);
  if (maxSize >= bytesAnHour) return [];
  return [
    {
      severity: 'warning',
      path: ['spool', 'maxSize'],
      message: `holds less than an hour of these sources (about ${Math.ceil(bytesAnHour / 1e6)} MB): in an outage readings are lost, not only thinned out.`,
      cure: `Give ${Math.ceil((24 * bytesAnHour) / 1e7) * 10}MB, which holds a day in full and weeks of exact energies.`,
    },
  ];
}

function checkSpool(raw: unknown, sources: ReturnType<typeof draftSources>): Remark[] {
  const spool = salvage(shape.spool, ownValue(raw, 'spool'))?.value;
  const remarks: Remark[] = [];
  if (spool === undefined) return remarks;
  const error = (key: string, message: string, cure: string) =>
    remarks.push({ severity: 'error', path: ['spool', key], message, cure });
  if (spool.batchAge < BATCH_AGE_MS.min || spool.batchAge > BATCH_AGE_MS.max)
    error('batchAge', 'must be 1s to 10min.', 'Write 60s unless you have a reason.');
  if (spool.maxSize < SPOOL_BYTES_MIN)
    error('maxSize', 'is less than an hour of readings may need.', 'Give at least 10MB; 1GB holds weeks.');
  else remarks.push(...checkSpoolHolds(spool.maxSize, sources));
  if (spool.maxAge < MAX_AGE_MS_MIN)
    error(
      'maxAge',
      'is less than a day: one night without a collector would drop readings.',
      'Write 1d or more; 365d unless you have a reason.',
    );
  if (spool.keep > KEEP_MS_MAX)
    error(
      'keep',
      'is longer than 90d.',
      'Write at most 90d; what was receipted is in the ledger of the collector.',
    );
  return remarks;
}
