import { join } from 'node:path';
import type { AgentConfig, SourceConfig } from '../config/agent-config.ts';
import { loadProfile } from '../config/profile-library.ts';
import type { Clock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import type { Log } from '../protocols/log.ts';
import { createModbusDriver } from '../protocols/modbus/modbus-driver.ts';
import { resolveSecret } from './secrets.ts';

/** What drivers need besides their source's configuration. */
export interface DriverSurroundings {
  /** Folder of the configuration file: operators keep own profiles in profiles/ beside it. */
  folder: string;
  /** Folder of the agent's own data: keys and certificates of OPC UA. */
  dataFolder: string;
  clock: Clock;
  log: Log;
}

/** One driver a source, none connected yet. */
export async function buildDrivers(
  config: Pick<AgentConfig, 'sources' | 'agent'>,
  around: DriverSurroundings,
): Promise<Driver[]> {
  return Promise.all(config.sources.map((source) => buildDriver(source, around)));
}

async function buildDriver(source: SourceConfig, around: DriverSurroundings): Promise<Driver> {
  switch (source.protocol) {
    case 'modbus-tcp': {
      const { profile, sha256 } = loadProfile(source.profile, join(around.folder, 'profiles'));
      const { host, port, ...rest } = source;
      return createModbusDriver({
        source: { ...rest, endpoint: { transport: 'tcp', host, port } },
        profile,
        profileSha256: sha256,
        clock: around.clock,
      });
    }
    case 'opcua': {
      // Loading node-opcua takes a second and 150 MB: only where it is needed.
      const { createOpcuaDriver } = await import('../protocols/opcua/opcua-driver.ts');
      const { password, ...rest } = source;
      const secret = resolveSecret(password, around.folder);
      return createOpcuaDriver(
        { ...rest, ...(secret === undefined ? {} : { password: secret }) },
        { clock: around.clock, pkiFolder: join(around.dataFolder, 'opcua-pki'), log: around.log },
      );
    }
  }
}
