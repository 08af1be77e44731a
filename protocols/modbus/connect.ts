import type { ModbusClient } from './client.ts';
import type { ModbusEndpoint } from './endpoint.ts';
import { ModbusRtuClient } from './rtu/rtu-client.ts';
import { RtuSocketLink } from './rtu/rtu-socket-link.ts';
import { SerialLink } from './rtu/serial-link.ts';
import { ModbusTcpClient } from './tcp/tcp-client.ts';

/**
 * The client that speaks the endpoint's transport; it connects when first asked. `pipelining` is how many requests it
 * must stand at once, 1 .. 16; a line of RTU carries one, whatever is asked for.
 */
export function createModbusClient(
  endpoint: ModbusEndpoint,
  { pipelining = 1 }: { pipelining?: number } = {},
): ModbusClient {
  switch (endpoint.transport) {
    case 'tcp': {
      const { host, port, tls } = endpoint;
      return new ModbusTcpClient(host, port, { pipelining, ...(tls === undefined ? {} : { tls }) });
    }
    case 'rtu':
      return new ModbusRtuClient(new SerialLink(endpoint.path, endpoint));
    case 'rtu-over-tcp':
      return new ModbusRtuClient(new RtuSocketLink(endpoint.host, endpoint.port));
  }
}
