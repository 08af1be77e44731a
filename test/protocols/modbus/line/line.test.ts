import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModbusLines } from '../../../../protocols/modbus/line/line.ts';
import { behaveWell, registerAt, startHostileServer, type HostileServer } from '../tcp/hostile-server.ts';

let server: HostileServer;
beforeEach(async () => {
  server = await startHostileServer();
});
afterEach(() => server.close());

const endpoint = () => ({ transport: 'tcp' as const, host: '127.0.0.1', port: server.port });
const soonMs = () => performance.now() + 10_000;

describe('lines', () => {
  it('run requests one after the other, first come first served, on one connection', async () => {
    server.behaviour = ({ socket, answer, later }) => later(() => socket.write(answer), 1);
    const lines = new ModbusLines();
    const held = [lines.acquire(endpoint()), lines.acquire(endpoint())];
    const settled: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const registers = await held[i % 2]?.run(
          (client, timeoutMs) => client.readRegisters(i, 3, i * 10, 1, timeoutMs),
          5000,
          soonMs(),
        );
        expect(registers?.[0]).toBe(registerAt(i, 3, i * 10));
        settled.push(i);
      }),
    );
    expect(settled).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(server.connections).toBe(1);
    for (const line of held) line.release();
  });

  it('end a wait at its deadline, and never send what nobody waits for', async () => {
    let release = () => {};
    server.behaviour = ({ socket, answer }) => (release = () => socket.write(answer));
    const line = new ModbusLines().acquire(endpoint());
    const first = line.run((client) => client.readRegisters(1, 3, 1, 1, 10_000), 10_000, soonMs());
    const second = line.run(
      (client) => client.readRegisters(2, 3, 2, 1, 10_000),
      10_000,
      performance.now() + 30,
    );
    await expect(second).rejects.toMatchObject({ remedy: 'retry', code: 'timeout' });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 10_000 });
    server.behaviour = behaveWell;
    release();
    expect((await first)[0]).toBe(registerAt(1, 3, 1));
    await line.run((client) => client.readRegisters(3, 3, 3, 1, 10_000), 10_000, soonMs());
    expect(server.requests.map((request) => request[6])).toEqual([1, 3]);
    line.release();
  });

  it('go on after a request that fails', async () => {
    server.behaviour = ({ request, socket, answer }) =>
      request[6] === 1 ? socket.resetAndDestroy() : socket.write(answer);
    const line = new ModbusLines().acquire(endpoint());
    const results = await Promise.allSettled(
      [1, 2, 1, 3].map((unit) =>
        line.run((client) => client.readRegisters(unit, 3, 9, 1, 10_000), 10_000, soonMs()),
      ),
    );
    expect(results.map((result) => result.status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    line.release();
  });

  it('end their connection with the last holder', async () => {
    const lines = new ModbusLines();
    const one = lines.acquire(endpoint());
    const two = lines.acquire(endpoint());
    const read = (line: typeof one) =>
      line.run((client) => client.readRegisters(1, 3, 9, 1, 10_000), 10_000, soonMs());
    await read(one);
    one.release();
    one.release();
    await read(two);
    expect(server.connections).toBe(1);
    two.release();
    const three = lines.acquire(endpoint());
    await read(three);
    expect(server.connections).toBe(2);
    three.release();
  });
});
