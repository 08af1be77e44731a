/* A process of its own: a meter that answers at once, whatever its reader is busy with. Each register holds its address. */
import { startModbusServer } from '../../../../protocols/simulator/modbus-server.ts';

const meter = {
  read: (_: number, address: number, count: number) =>
    Uint16Array.from({ length: count }, (_, i) => address + i),
};
const { port } = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, meter]]) });
process.send?.(port);
