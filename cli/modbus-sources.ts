import { join, resolve } from 'node:path';
import type { SourceConfig } from '../config/agent-config.ts';
import { isModbus, type ModbusSourceConfig } from '../config/modbus/modbus-config.ts';
import { endpointOf } from '../config/modbus/modbus-endpoint.ts';
import { loadProfile, type LoadedProfile } from '../config/library/profile-library.ts';
import { plainScales, readGroupsOf } from '../config/modbus/read-groups.ts';
import type { SerialUser } from '../config/modbus/serial-format.ts';
import type { TlsSettings } from '../protocols/modbus/endpoint.ts';
import type { ModbusSource } from '../protocols/modbus/source.ts';
import { readPem } from './broker-link.ts';

/** What a Modbus driver is told, and the profile of its device. */
export interface WiredModbusSource extends LoadedProfile {
  source: ModbusSource;
}

/**
 * The Modbus sources of a configuration as drivers take them: one for each pace at which a device is read, in the order
 * of the file. Reads profiles and PEM files; throws an error of class `refuse` that names the one that is not usable.
 * @param sources all sources of the file, since those of one serial port share its settings
 */
export function wireModbusSources(
  sources: readonly SourceConfig[],
  folder: string,
): ReadonlyMap<string, WiredModbusSource[]> {
  const profiles = new Map<string, LoadedProfile>();
  const profileOf = (id: string): LoadedProfile => {
    const loaded = profiles.get(id) ?? loadProfile(id, join(folder, 'profiles'));
    profiles.set(id, loaded);
    return loaded;
  };
  const users = sources.flatMap((source): SerialUser[] =>
    source.protocol === 'modbus-rtu' ? [{ source, profile: profileOf(source.profile).profile }] : [],
  );
  return new Map(
    sources
      .filter((source) => isModbus(source))
      .map((source) => [source.id, wire(source, profileOf(source.profile), users, folder)]),
  );
}

function wire(
  config: ModbusSourceConfig,
  loaded: LoadedProfile,
  users: readonly SerialUser[],
  folder: string,
): WiredModbusSource[] {
  const tls = config.protocol === 'modbus-tcp' ? readTls(config.tls, folder) : undefined;
  const endpoint = endpointOf(config, { users, tls });
  return readGroupsOf(config, loaded.profile).map(({ id, everyMs, read }) => ({
    ...loaded,
    source: {
      id,
      machine: config.machine,
      component: config.component,
      endpoint,
      unit: config.unit,
      read,
      addressOffset: config.addressOffset,
      wordOrder: config.wordOrder,
      timeout: config.timeout,
      every: everyMs,
      ct: config.ct,
      vt: config.vt,
      ratedPowerW: config.ratedPower,
      scales: plainScales(config.scales),
      importOnly: config.importOnly,
      meter: config.meter,
    },
  }));
}

/** The PEM texts behind the files of a source; undefined where it has no TLS. */
function readTls(
  files: Extract<ModbusSourceConfig, { protocol: 'modbus-tcp' }>['tls'],
  folder: string,
): TlsSettings | undefined {
  if (files === undefined) return undefined;
  const { serverName, ...paths } = files;
  const texts = Object.entries(paths).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readPem(resolve(folder, path))]],
  );
  return {
    ...(Object.fromEntries(texts) as TlsSettings),
    ...(serverName === undefined ? {} : { serverName }),
  };
}
