import modbusSerial from 'modbus-serial';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import {
  behaveWell,
  registerAt,
  startHostileServer,
  type Behaviour,
  type HostileServer,
} from './hostile-server.ts';

/*
 * Two ways in which a client gets the value of another register, made on purpose: bare modbus-serial is the control that
 * shows them to be real, and ours must not fall for them.
 */

let server: HostileServer;
beforeEach(async () => {
  server = await startHostileServer();
});
afterEach(() => server.close());

async function connectControl(): Promise<InstanceType<typeof modbusSerial.default>> {
  const client = new modbusSerial.default();
  client.on('error', () => {});
  await client.connectTCP('127.0.0.1', { port: server.port });
  client.setTimeout(200);
  client.setID(1);
  return client;
}

/** The device gives two answers that it owes each the other's transaction id. */
function mixUpTransactions(): Behaviour {
  let first: Buffer | undefined;
  return ({ socket, answer }) => {
    if (first === undefined) {
      first = answer;
      return;
    }
    const id = first.readUInt16BE(0);
    first.writeUInt16BE(answer.readUInt16BE(0), 0);
    answer.writeUInt16BE(id, 0);
    socket.write(Buffer.concat([first, answer]));
    first = undefined;
  };
}

/** The first answer is kept back and given to the 257th request after it in place of its own. */
function answerAfterWrap(): Behaviour {
  let kept: Buffer | undefined;
  let since = 0;
  return (talk) => {
    if (kept === undefined) kept = talk.answer;
    else if (++since < 256) behaveWell(talk);
    else talk.socket.write(kept);
  };
}

describe('a device that mixes up the transaction ids of two like requests', () => {
  it('makes bare modbus-serial hand on the wrong values', async () => {
    server.behaviour = mixUpTransactions();
    const client = await connectControl();
    const [first, second] = await Promise.all([
      client.readHoldingRegisters(100, 2),
      client.readHoldingRegisters(200, 2),
    ]);
    expect(first?.data[0]).toBe(registerAt(1, 3, 200));
    expect(second?.data[0]).toBe(registerAt(1, 3, 100));
    client.close(() => {});
  });

  it('gets nothing past our client: like requests are never under way together', async () => {
    const client = new ModbusTcpClient('127.0.0.1', server.port, { pipelining: 4 });
    server.behaviour = mixUpTransactions();
    const alike = await Promise.allSettled([
      client.readRegisters(1, 3, 100, 2, 60),
      client.readRegisters(1, 3, 200, 2, 60),
    ]);
    expect(alike.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    server.behaviour = mixUpTransactions();
    const unlike = await Promise.allSettled([
      client.readRegisters(1, 3, 100, 2, 10_000),
      client.readRegisters(1, 3, 200, 3, 10_000),
    ]);
    const codes = unlike.map((one) => one.status === 'rejected' && (one.reason as { code: string }).code);
    expect(new Set(codes)).toEqual(new Set(['bad-frame', 'closed']));
    client.close();
  });
});

describe('an answer that comes 256 requests too late', () => {
  it('is taken by bare modbus-serial for that of another register', async () => {
    server.behaviour = answerAfterWrap();
    const client = await connectControl();
    await expect(client.readHoldingRegisters(100, 2)).rejects.toThrow(/Timed out/i);
    const wrong: number[] = [];
    for (let i = 0; i < 256; i++) {
      const { data } = await client.readHoldingRegisters(200 + i, 2);
      if (data[0] !== registerAt(1, 3, 200 + i)) wrong.push(data[0] ?? -1);
    }
    expect(wrong).toEqual([registerAt(1, 3, 100)]);
    client.close(() => {});
  });

  it('is a bad frame for our client', async () => {
    server.behaviour = answerAfterWrap();
    const client = new ModbusTcpClient('127.0.0.1', server.port);
    await expect(client.readRegisters(1, 3, 100, 2, 60)).rejects.toMatchObject({ code: 'timeout' });
    for (let i = 0; i < 255; i++) {
      const registers = await client.readRegisters(1, 3, 200 + i, 2, 10_000);
      expect(registers[0]).toBe(registerAt(1, 3, 200 + i));
    }
    await expect(client.readRegisters(1, 3, 455, 2, 10_000)).rejects.toMatchObject({ code: 'bad-frame' });
    client.close();
  });
});
