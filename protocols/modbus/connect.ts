import { MillwattError } from '../errors.ts';
import type { ModbusClient } from './client.ts';
import type { ModbusEndpoint } from './endpoint.ts';
import { ModbusTcpClient } from './tcp-client.ts';

/** The client that speaks the endpoint's transport; it connects when first asked. */
export function createModbusClient(endpoint: ModbusEndpoint): ModbusClient {
  switch (endpoint.transport) {
    case 'tcp':
      return new ModbusTcpClient(endpoint.host, endpoint.port);
    case 'rtu':
    case 'rtu-over-tcp':
      throw new MillwattError('refuse', 'no-transport', `${endpoint.transport} is not there yet.`, {
        cure: 'Use Modbus TCP.',
      });
  }
}
