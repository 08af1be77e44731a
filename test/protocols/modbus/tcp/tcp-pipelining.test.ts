import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import {
  behaveWell,
  registerAt,
  startHostileServer,
  type Behaviour,
  type HostileServer,
} from './hostile-server.ts';

const PATIENT_MS = 10_000;
let server: HostileServer;
let client: ModbusTcpClient;
beforeEach(async () => {
  server = await startHostileServer();
  client = new ModbusTcpClient('127.0.0.1', server.port, { pipelining: 4 });
});
afterEach(async () => {
  client.close();
  await server.close();
});

const ask = (count: number, timeoutMs = PATIENT_MS) =>
  client.readRegisters(1, 3, count * 100, count, timeoutMs);
const right = (count: number) => Array.from({ length: count }, (_, i) => registerAt(1, 3, count * 100 + i));
const codesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((one) => (one.status === 'fulfilled' ? 'right' : (one.reason as { code: string }).code));

/** Waits for so many requests and then does something with their answers. */
function gather(size: number, play: (answers: Buffer[], write: (bytes: Buffer) => void) => void): Behaviour {
  const answers: Buffer[] = [];
  return ({ answer, socket }) => {
    answers.push(answer);
    if (answers.length === size) play(answers.splice(0), (bytes) => socket.write(bytes));
  };
}

describe('several requests at once', () => {
  it('are all sent before the first is answered, on one connection', async () => {
    server.behaviour = gather(4, (answers, write) => write(Buffer.concat(answers)));
    const answers = await Promise.all([1, 2, 3, 4].map((count) => ask(count)));
    expect(answers.map((registers) => [...registers])).toEqual([1, 2, 3, 4].map(right));
    expect(server.connections).toBe(1);
  });

  it('may be answered in any order and in any pieces', async () => {
    server.behaviour = gather(4, ([a, b, c, d], write) => {
      const bytes = Buffer.concat([c, a, d, b].map((answer) => answer ?? Buffer.alloc(0)));
      let at = 0;
      const timer = setInterval(() => {
        write(bytes.subarray(at, at + 7));
        if ((at += 7) >= bytes.length) clearInterval(timer);
      }, 1);
    });
    const answers = await Promise.all([1, 2, 3, 4].map((count) => ask(count)));
    expect(answers.map((registers) => [...registers])).toEqual([1, 2, 3, 4].map(right));
  });

  it('wait for each other when their answers would look alike', async () => {
    const answers = await Promise.all([
      client.readRegisters(1, 3, 10, 5, PATIENT_MS),
      client.readRegisters(1, 3, 20, 5, PATIENT_MS),
      client.readRegisters(2, 3, 30, 5, PATIENT_MS),
      client.readRegisters(1, 4, 40, 5, PATIENT_MS),
    ]);
    expect(answers.map(([value]) => value)).toEqual([
      registerAt(1, 3, 10),
      registerAt(1, 3, 20),
      registerAt(2, 3, 30),
      registerAt(1, 4, 40),
    ]);
    expect(server.requests.map((request) => request.readUInt16BE(8))).toEqual([10, 30, 40, 20]);
  });

  it('may not be more than agreed', async () => {
    const four = [1, 2, 3, 4].map((count) => ask(count));
    expect(() => ask(5)).toThrow(expect.objectContaining({ remedy: 'crash', code: 'busy' }));
    await Promise.all(four);
    await ask(5);
    expect(() => new ModbusTcpClient('127.0.0.1', server.port, { pipelining: 17 })).toThrow(RangeError);
    expect(() => new ModbusTcpClient('127.0.0.1', server.port, { pipelining: 0 })).toThrow(RangeError);
  });

  it('are all rejected when one is not answered in time, and go on over a new connection', async () => {
    server.behaviour = ({ request, answer, socket }) => {
      if (request[11] !== 2) socket.write(answer);
    };
    const results = await Promise.allSettled([ask(1), ask(2, 60), ask(3)]);
    expect(codesOf(results)).toEqual(['closed', 'timeout', 'closed']);
    server.behaviour = behaveWell;
    expect([...(await ask(2))]).toEqual(right(2));
    expect(server.connections).toBe(2);
  });

  it('are all rejected when one answer is damaged', async () => {
    server.behaviour = gather(3, ([a, b, c], write) => {
      if (b !== undefined) b[6] = 77;
      write(Buffer.concat([a, b, c].map((answer) => answer ?? Buffer.alloc(0))));
    });
    expect(codesOf(await Promise.allSettled([ask(1), ask(2), ask(3)]))).toEqual([
      'closed',
      'bad-frame',
      'closed',
    ]);
  });

  it('are not believed when an answer is too short and is made whole by the next', async () => {
    server.behaviour = gather(2, ([a, b], write) =>
      write(Buffer.concat([a?.subarray(0, -11) ?? Buffer.alloc(0), b ?? Buffer.alloc(0)])),
    );
    // The second answer has just the 11 bytes that the first lacks.
    const results = await Promise.allSettled([ask(20, 80), ask(1, 80)]);
    expect(codesOf(results)).not.toContain('right');
  });

  it('let an exception pass alone', async () => {
    server.behaviour = ({ request, answer, socket }) => {
      if (request[11] !== 2) return socket.write(answer);
      answer.writeUInt16BE(3, 4);
      answer[7] = 0x83;
      answer[8] = 2;
      return socket.write(answer.subarray(0, 9));
    };
    expect(codesOf(await Promise.allSettled([ask(1), ask(2), ask(3)]))).toEqual([
      'right',
      'exception',
      'right',
    ]);
    expect(server.connections).toBe(1);
  });

  it('are refused together when nobody is there', async () => {
    await server.close();
    expect(codesOf(await Promise.allSettled([ask(1), ask(2)]))).toEqual(['refused', 'refused']);
    server = await startHostileServer();
  });
});
