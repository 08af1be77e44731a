import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import {
  behaveWell,
  registerAt,
  startHostileServer,
  type Behaviour,
  type HostileServer,
} from './hostile-server.ts';

let server: HostileServer;
let client: ModbusTcpClient;

beforeEach(async () => {
  server = await startHostileServer();
  client = new ModbusTcpClient('127.0.0.1', server.port);
});
afterEach(async () => {
  client.close();
  await server.close();
});

/** Long enough for the busiest machine; only silence is ever waited out, with a short one. */
const PATIENT_MS = 10_000;
const SHORT_MS = 60;

function expected(unit: number, address: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => registerAt(unit, 3, address + i));
}

async function readRight(unit: number, address: number, count: number): Promise<void> {
  const registers = await client.readRegisters(unit, 3, address, count, PATIENT_MS);
  expect([...registers]).toEqual(expected(unit, address, count));
}

const edit =
  (change: (answer: Buffer) => void): Behaviour =>
  ({ socket, answer }) => {
    change(answer);
    socket.write(answer);
  };

/** What a hostile server does, the error it must lead to, and whether the client must wait for it. */
const CASES: [name: string, behaviour: Behaviour, code: string, waits?: true][] = [
  ['never answers', () => {}, 'timeout', true],
  [
    'answers too late',
    ({ socket, answer, later }) => later(() => socket.write(answer), SHORT_MS * 10),
    'timeout',
    true,
  ],
  ['sends half an answer', ({ socket, answer }) => socket.write(answer.subarray(0, 15)), 'timeout', true],
  ['sends half a header', ({ socket, answer }) => socket.write(answer.subarray(0, 5)), 'timeout', true],
  [
    'answers another transaction',
    edit((answer) => answer.writeUInt16BE(answer.readUInt16BE(0) ^ 256, 0)),
    'bad-frame',
  ],
  [
    'answers the request before',
    ({ socket, previous, answer }) => socket.write(previous ?? answer),
    'bad-frame',
  ],
  ['speaks another protocol', edit((answer) => (answer[3] = 1)), 'bad-frame'],
  ['answers for another unit', edit((answer) => (answer[6] = 99)), 'bad-frame'],
  ['answers another function', edit((answer) => (answer[7] = 4)), 'bad-frame'],
  ['announces 65,535 bytes', edit((answer) => answer.writeUInt16BE(0xffff, 4)), 'bad-frame'],
  ['announces no bytes', edit((answer) => answer.writeUInt16BE(0, 4)), 'bad-frame'],
  [
    'announces one register less',
    edit((answer) => answer.writeUInt16BE(answer.readUInt16BE(4) - 2, 4)),
    'bad-frame',
  ],
  ['counts its data wrongly', edit((answer) => (answer[8] = (answer[8] ?? 0) + 2)), 'bad-frame'],
  [
    'gives another number of registers',
    ({ socket, answer }) => {
      const shorter = Buffer.from(answer.subarray(0, answer.length - 2));
      shorter.writeUInt16BE(shorter.length - 6, 4);
      shorter[8] = shorter.length - 9;
      socket.write(shorter);
    },
    'bad-frame',
  ],
  [
    'answers twice at once',
    ({ socket, answer }) => socket.write(Buffer.concat([answer, answer])),
    'bad-frame',
  ],
  ['sends garbage', ({ socket }) => socket.write(Buffer.alloc(300, 0x5a)), 'bad-frame'],
  ['speaks HTTP', ({ socket }) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), 'bad-frame'],
  ['sends an exception that is too long', edit((answer) => (answer[7] = 0x83)), 'bad-frame'],
  [
    'refuses another function',
    ({ socket, answer }) => {
      answer.writeUInt16BE(3, 4);
      answer[7] = 0x84;
      socket.write(answer.subarray(0, 9));
    },
    'bad-frame',
  ],
  [
    'ends the connection within its answer',
    ({ socket, answer }) => socket.end(answer.subarray(0, 10)),
    'closed',
  ],
];

describe('the Modbus TCP client against a server that', () => {
  it.each(CASES)('%s', async (_, behaviour, code, waits) => {
    await readRight(1, 100, 10);
    server.behaviour = behaviour;
    const failed = client.readRegisters(1, 3, 200, 10, waits ? SHORT_MS : PATIENT_MS);
    await expect(failed).rejects.toBeInstanceOf(MillwattError);
    await expect(failed).rejects.toMatchObject({ remedy: 'retry', code });
    await expect(failed).rejects.toSatisfy((error) => (error as MillwattError).cure.length > 0);
    server.behaviour = behaveWell;
    for (let address = 300; address < 305; address++) await readRight(1, address, 10);
    // The failure cost the connection: nothing that comes late on it can be taken for an answer.
    expect(server.connections).toBe(2);
  });

  it.each<[string, Behaviour]>([
    ['resets the connection', ({ socket }) => socket.resetAndDestroy()],
    ['ends the connection', ({ socket }) => socket.end()],
  ])(
    '%s instead of answering is asked once more through a new one, and then no more',
    async (_, behaviour) => {
      await readRight(1, 100, 10);
      server.behaviour = behaviour;
      await expect(client.readRegisters(1, 3, 200, 10, PATIENT_MS)).rejects.toMatchObject({ code: 'closed' });
      expect(server.connections).toBe(2);
      expect(server.requests).toHaveLength(3);
      // A connection that never brought an answer is not tried again.
      await expect(client.readRegisters(1, 3, 200, 10, PATIENT_MS)).rejects.toMatchObject({ code: 'closed' });
      expect(server.connections).toBe(3);
      server.behaviour = behaveWell;
      for (let address = 300; address < 305; address++) await readRight(1, address, 10);
      expect(server.connections).toBe(4);
    },
  );

  it('ends the connection after each answer', async () => {
    server.behaviour = ({ socket, answer }) => socket.end(answer);
    for (let address = 0; address < 20; address++) await readRight(1, address, 10);
    expect(server.requests.length).toBeLessThanOrEqual(40);
  });

  it('answers in time while this process is held up', async () => {
    const meter = fork(new URL('./tcp-prompt-meter.ts', import.meta.url));
    onTestFinished(() => void meter.kill());
    const [port] = (await once(meter, 'message')) as [number];
    const far = new ModbusTcpClient('127.0.0.1', port);
    onTestFinished(() => far.close());
    await far.readRegisters(1, 3, 7, 1, PATIENT_MS);
    for (let i = 0; i < 2; i++) {
      const answer = far.readRegisters(1, 3, 1000 + i, 1, SHORT_MS);
      // Begins when the request is on its way, and ends long after its deadline; the meter needs none of our time.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20 * SHORT_MS));
      expect((await answer)[0]).toBe(1000 + i);
    }
  });

  it('sends its answer byte by byte', async () => {
    server.behaviour = ({ socket, answer, later }) => {
      for (const [i, byte] of answer.entries()) later(() => socket.write(Buffer.of(byte)), i);
    };
    await readRight(1, 7, 6);
    await readRight(2, 8, 6);
    expect(server.connections).toBe(1);
  });

  it('answers with an exception, which costs no connection', async () => {
    server.behaviour = ({ socket, answer }) => {
      answer.writeUInt16BE(3, 4);
      answer[7] = 0x83;
      answer[8] = 2;
      socket.write(answer.subarray(0, 9));
    };
    await expect(client.readRegisters(1, 3, 0, 5, PATIENT_MS)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'exception',
      exceptionCode: 2,
    });
    server.behaviour = behaveWell;
    await readRight(1, 0, 5);
    expect(server.connections).toBe(1);
  });

  it('speaks when it was not asked', async () => {
    server.behaviour = ({ socket, answer, later }) => {
      socket.write(answer);
      later(() => socket.write(answer), 30);
    };
    await readRight(1, 5, 3);
    server.behaviour = behaveWell;
    // The second copy may meet a later request, which then fails; it must never become its answer.
    for (let attempt = 0; attempt < 1000 && server.connections < 2; attempt++) {
      await readRight(1, 50, 3).catch((error: unknown) => {
        if (!(error instanceof MillwattError)) throw error;
      });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(server.connections).toBe(2);
    await readRight(1, 60, 3);
  });

  it('is not there', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const address = nobody.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => nobody.close(resolve));
    const lonely = new ModbusTcpClient('127.0.0.1', port);
    await expect(lonely.readRegisters(1, 3, 0, 1, PATIENT_MS)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'refused',
    });
    lonely.close();
  });
});

describe('the Modbus TCP client', () => {
  it('rejects what is under way when it is closed, and can be used again', async () => {
    server.behaviour = () => {};
    const pending = client.readRegisters(1, 3, 0, 1, PATIENT_MS);
    client.close();
    await expect(pending).rejects.toMatchObject({ code: 'closed' });
    server.behaviour = behaveWell;
    await readRight(1, 1, 1);
  });

  it('connects anew when the meter has closed an idle line', async () => {
    server.behaviour = ({ socket, answer }) => socket.end(answer);
    await readRight(1, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.behaviour = behaveWell;
    await readRight(1, 2, 1);
    expect(server.connections).toBe(2);
  });

  it('says why a host with several addresses cannot be reached', async () => {
    const { port } = server;
    await server.close();
    const lonely = new ModbusTcpClient('localhost', port);
    await expect(lonely.readRegisters(1, 3, 0, 1, PATIENT_MS)).rejects.toThrow(/ECONNREFUSED/);
    server = await startHostileServer();
  });

  it('takes no second request before the first has settled', async () => {
    const first = client.readRegisters(1, 3, 0, 1, PATIENT_MS);
    expect(() => client.readRegisters(1, 3, 0, 1, PATIENT_MS)).toThrow(
      expect.objectContaining({ remedy: 'crash' }),
    );
    await first;
  });

  it('keeps to a longer and then a shorter deadline', async () => {
    await readRight(1, 1, 1);
    server.behaviour = () => {};
    const startedMs = performance.now();
    await expect(client.readRegisters(1, 3, 0, 1, 30)).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - startedMs).toBeLessThan(PATIENT_MS / 2);
    await expect(client.readRegisters(1, 3, 0, 1, 200)).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - startedMs).toBeGreaterThan(220);
  });

  it('survives the wrap of its transaction id', async () => {
    for (let i = 0; i < 66_000; i++) {
      const registers = await client.readRegisters(1, 3, i & 0x7fff, 1, PATIENT_MS);
      if (registers[0] !== registerAt(1, 3, i & 0x7fff)) throw new Error(`read ${i} is wrong`);
      server.requests.length = 0;
    }
    expect(server.connections).toBe(1);
  });

  it('reads bits and identifications of any length', async () => {
    server.behaviour = ({ request, socket }) => {
      const body =
        request[7] === 1
          ? Buffer.of(1, 2, 0b1000_0101, 0b10)
          : Buffer.from('2b0e010100000303414243010131020576312e3030', 'hex');
      const head = Buffer.from(request.subarray(0, 7));
      head.writeUInt16BE(body.length + 1, 4);
      socket.write(Buffer.concat([head, body]));
    };
    expect(await client.readBits(1, 1, 0, 10, PATIENT_MS)).toEqual(
      [1, 0, 1, 0, 0, 0, 0, 1, 0, 1].map((bit) => bit === 1),
    );
    await expect(client.readIdentification(1, PATIENT_MS)).rejects.toMatchObject({ code: 'bad-frame' });
  });

  it('can only read: no frame it sends could change a device', async () => {
    await readRight(1, 1, 125);
    await client.readRegisters(1, 4, 1, 1, PATIENT_MS);
    expect(() => client.readRegisters(1, 6 as 3, 1, 1, PATIENT_MS)).toThrow(RangeError);
    expect(() => client.readRegisters(1, 16 as 3, 1, 1, PATIENT_MS)).toThrow(RangeError);
    expect(() => client.readRegisters(1, 3, 65_535, 2, PATIENT_MS)).toThrow(RangeError);
    expect(server.requests.map((request) => request[7])).toEqual([3, 4]);
  });
});
