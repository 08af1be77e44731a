import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createModbusClient } from '../../../../protocols/modbus/connect.ts';
import { buildRtuRequest } from '../../../../protocols/modbus/rtu/rtu-frame.ts';
import { startRtuServer } from '../../../../protocols/simulator/modbus-rtu-server.ts';
import { seal } from './rtu-hostile-bus.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const units = new Map(
  [3, 4].map((unit) => [
    unit,
    {
      read: (_: number, address: number, count: number) =>
        Uint16Array.from({ length: count }, (_unused, i) => unit * 1000 + address + i),
    },
  ]),
);

async function serve(answerDelayMs?: (unit: number) => number) {
  const server = await startRtuServer({
    at: { host: '127.0.0.1', port: 0 },
    units,
    ...(answerDelayMs === undefined ? {} : { answerDelayMs }),
  });
  cleanups.push(() => server.close());
  return server;
}

describe('a simulated RTU line behind TCP', () => {
  it('answers whole requests, in pieces or many at once, and nothing else', async () => {
    const server = await serve();
    const ask = (unit: number) => buildRtuRequest({ unit, functionCode: 3, address: 7, count: 1 });
    const reply = (unit: number) => seal([unit, 3, 2, (unit * 1000 + 7) >> 8, (unit * 1000 + 7) & 0xff]);
    const broken = ask(3);
    broken[7] = (broken[7] ?? 0) ^ 1;
    const socket = connect(server.port, '127.0.0.1');
    cleanups.push(async () => socket.destroy());
    const received: Buffer[] = [];
    socket.on('data', (bytes) => received.push(bytes));
    // A broken one, one to nobody, one to all, and two that are right.
    const bytes = Buffer.concat([broken, ask(9), ask(0), ask(3), Buffer.of(0xff), ask(4)]);
    for (const byte of bytes) socket.write(Buffer.of(byte));
    await expect.poll(() => Buffer.concat(received)).toEqual(Buffer.concat([reply(3), reply(4)]));
  });

  it('takes as long as a unit is told to, and keeps silent for units that are not there', async () => {
    const server = await serve((unit) => (unit === 4 ? 120 : 0));
    const client = createModbusClient({ transport: 'rtu-over-tcp', host: '127.0.0.1', port: server.port });
    cleanups.push(async () => client.close());
    const beforeMs = performance.now();
    expect([...(await client.readRegisters(4, 3, 1, 2, 5000))]).toEqual([4001, 4002]);
    expect(performance.now() - beforeMs).toBeGreaterThan(110);
    await expect(client.readRegisters(5, 3, 1, 2, 60)).rejects.toMatchObject({ code: 'timeout' });
    expect([...(await client.readRegisters(3, 4, 1, 2, 5000))]).toEqual([3001, 3002]);
  });

  it('refuses to start on a port that is taken', async () => {
    const server = await serve();
    await expect(
      startRtuServer({ at: { host: '127.0.0.1', port: server.port }, units }),
    ).rejects.toMatchObject({ remedy: 'refuse', code: 'port-in-use' });
  });
});
