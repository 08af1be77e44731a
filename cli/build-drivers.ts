import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentConfig, SourceConfig } from '../config/agent-config.ts';
import type { MtconnectSourceConfig } from '../config/mtconnect/mtconnect-config.ts';
import type { OpcuaSourceConfig } from '../config/opcua/opcua-config.ts';
import { isModbus } from '../config/modbus/modbus-config.ts';
import type { Clock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import type { Log } from '../protocols/log.ts';
import { createModbusDriver } from '../protocols/modbus/modbus-driver.ts';
import { wireModbusSources, type WiredModbusSource } from './modbus-sources.ts';
import { resolveSecret } from './secrets.ts';
import { pkiFolderOf } from './trust/pki-folder.ts';

/** What drivers need besides their source's configuration. */
export interface DriverSurroundings {
  /** Folder of the configuration file: operators keep own profiles in profiles/ beside it. */
  folder: string;
  /** Folder of the agent's own data: keys and certificates of OPC UA. */
  dataFolder: string;
  /** The configuration file, as commands for the operator name it. */
  config?: string | undefined;
  clock: Clock;
  log: Log;
}

/**
 * One driver a source, and one more for each slower group of it; none connected yet. Give all sources even where only
 * some are `wanted`: those of one serial port share its settings.
 */
export async function buildDrivers(
  { sources }: Pick<AgentConfig, 'sources'>,
  around: DriverSurroundings,
  wanted: (source: SourceConfig) => boolean = () => true,
): Promise<Driver[]> {
  const wired = wireModbusSources(sources, around.folder);
  const drivers = await Promise.all(
    sources
      .filter(wanted)
      .map(async (source) =>
        isModbus(source)
          ? (wired.get(source.id) ?? []).map((one) => buildModbusDriver(one, around))
          : [
              await (source.protocol === 'opcua'
                ? buildOpcuaDriver(source, around)
                : buildMtconnectDriver(source, around)),
            ],
      ),
  );
  return drivers.flat();
}

/** Lines are shared in the process: every driver of an endpoint finds the same one. */
function buildModbusDriver(
  { source, profile, sha256 }: WiredModbusSource,
  around: DriverSurroundings,
): Driver {
  return createModbusDriver({ source, profile, profileSha256: sha256, clock: around.clock, log: around.log });
}

async function buildOpcuaDriver(source: OpcuaSourceConfig, around: DriverSurroundings): Promise<Driver> {
  // Loading node-opcua takes a second and 150 MB: only where it is needed.
  const { createOpcuaDriver } = await import('../protocols/opcua/opcua-driver.ts');
  const { password, userCertificate, userKey, ...rest } = source;
  const secret = resolveSecret(password, around.folder);
  const read = (file: string) => readFileSync(resolve(around.folder, file), 'utf8');
  return createOpcuaDriver(
    {
      ...rest,
      ...(secret === undefined ? {} : { password: secret }),
      ...(userCertificate === undefined ? {} : { userCertificate: read(userCertificate) }),
      ...(userKey === undefined ? {} : { userKey: read(userKey) }),
    },
    {
      clock: around.clock,
      pkiFolder: pkiFolderOf(around.dataFolder),
      config: around.config,
      log: around.log,
    },
  );
}

async function buildMtconnectDriver(
  { ca, ...source }: MtconnectSourceConfig,
  around: DriverSurroundings,
): Promise<Driver> {
  const { createMtconnectDriver } = await import('../protocols/mtconnect/mtconnect-driver.ts');
  const authority = ca === undefined ? {} : { ca: readFileSync(resolve(around.folder, ca), 'utf8') };
  return createMtconnectDriver({ ...source, ...authority }, { clock: around.clock, log: around.log });
}
