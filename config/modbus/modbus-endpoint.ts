import type { ModbusEndpoint, TlsSettings } from '../../protocols/modbus/endpoint.ts';
import type { ModbusRtuSourceConfig, ModbusSourceConfig } from './modbus-config.ts';
import { serialSettingsOf, type SerialUser } from './serial-format.ts';

const PORT = 502;
const PORT_WITH_TLS = 802;

/**
 * Where a source's line is.
 * @param around.users all sources on serial ports: those of one port share its settings
 * @param around.tls the PEM texts behind the files that the source names
 */
export function endpointOf(
  source: ModbusSourceConfig,
  around: { users: readonly SerialUser[]; tls?: TlsSettings | undefined },
): ModbusEndpoint {
  switch (source.protocol) {
    case 'modbus-tcp': {
      const { host, tls } = source;
      if (tls === undefined) return { transport: 'tcp', host, port: source.port ?? PORT };
      return { transport: 'tcp', host, port: source.port ?? PORT_WITH_TLS, tls: around.tls ?? {} };
    }
    case 'modbus-rtu':
      return {
        transport: 'rtu',
        path: source.serialPort,
        ...serialSettingsOf(usersOfPort(around.users, source)).format,
      };
    case 'modbus-rtu-over-tcp':
      return { transport: 'rtu-over-tcp', host: source.host, port: source.port };
  }
}

function usersOfPort(
  users: readonly SerialUser[],
  { serialPort }: Pick<ModbusRtuSourceConfig, 'serialPort'>,
): SerialUser[] {
  return users.filter(({ source }) => source.serialPort === serialPort);
}
