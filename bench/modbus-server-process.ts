import { startModbusServer } from '../protocols/simulator/modbus-server.ts';

/** The server that bench/modbus-client.ts asks, in a process of its own: prints its port, ends with its parent. */
const server = await startModbusServer({
  host: '127.0.0.1',
  port: 0,
  units: new Map([
    [
      1,
      { read: (_, address, count) => Uint16Array.from({ length: count }, (__, i) => (address + i) & 0xffff) },
    ],
  ]),
});
process.stdout.write(`${server.port}\n`);
process.stdin.resume();
process.stdin.on('end', () => void server.close());
