import { connect } from 'node:net';
import modbusSerial from 'modbus-serial';
import { afterEach, describe, expect, it } from 'vitest';
import { loadProfile } from '../../../config/library/profile-library.ts';
import { ModbusTcpClient } from '../../../protocols/modbus/tcp/tcp-client.ts';
import { createProfileBank } from '../../../protocols/simulator/modbus-bank.ts';
import { startModbusServer, type RegisterBank } from '../../../protocols/simulator/modbus-server.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(units: [number, RegisterBank][]): Promise<number> {
  const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map(units) });
  cleanUps.push(() => server.close());
  return server.port;
}

/** A client that is not ours. */
async function connectPeer(port: number, unit: number): Promise<InstanceType<typeof modbusSerial.default>> {
  const peer = new modbusSerial.default();
  peer.setTimeout(5000);
  await peer.connectTCP('127.0.0.1', { port });
  peer.setID(unit);
  cleanUps.push(() => new Promise<void>((resolve) => peer.close(() => resolve())));
  return peer;
}

const counting: RegisterBank = {
  read: (_, address, count) => Uint16Array.from({ length: count }, (__, i) => address + i),
};

describe('the simulated Modbus server, asked by modbus-serial', () => {
  it('gives the values of a profile where the manual says they are', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const bank = createProfileBank(profile, (point) =>
      point.counter ? 18_339_247.3125 : point.phase === 'l1' ? 230.5 : 1500.25,
    );
    const peer = await connectPeer(await serve([[3, bank]]), 3);
    expect((await peer.readHoldingRegisters(1, 2)).buffer.readFloatBE(0)).toBe(230.5);
    expect((await peer.readHoldingRegisters(65, 2)).buffer.readFloatBE(0)).toBe(1500.25);
    expect((await peer.readHoldingRegisters(801, 4)).buffer.readDoubleBE(0)).toBe(18_339_247.3125);
    const block = (await peer.readHoldingRegisters(55, 16)).buffer;
    expect([block.readFloatBE(0), block.readFloatBE(4), block.readFloatBE(20)]).toEqual([
      1500.25, 0, 1500.25,
    ]);
  });

  it('gives little words of an EM340 low word first, and a Shelly float', async () => {
    const em340 = loadProfile('carlo-gavazzi/em340').profile;
    const shelly = loadProfile('shelly/pro-3em').profile;
    const port = await serve([
      [1, createProfileBank(em340, (point) => (point.quantity === 'activePower' ? -70_000 : 0))],
      [2, createProfileBank(shelly, () => -7.5)],
    ]);
    const peer = await connectPeer(port, 2);
    const { buffer } = await peer.readInputRegisters(1013, 2);
    expect(Buffer.concat([buffer.subarray(2), buffer.subarray(0, 2)]).readFloatBE(0)).toBe(-7.5);
    peer.setID(1);
    const words = (await peer.readInputRegisters(40, 2)).data;
    expect(((words[1] ?? 0) << 16) | (words[0] ?? 0)).toBe(-70_000);
  });

  it('refuses as a device does', async () => {
    const { profile } = loadProfile('eastron/sdm630');
    const peer = await connectPeer(await serve([[1, createProfileBank(profile, () => 1)]]), 1);
    const code = async (request: Promise<unknown>) => {
      const error: unknown = await request.then(
        () => 'no error',
        (cause: unknown) => cause,
      );
      return (error as { modbusCode?: number }).modbusCode;
    };
    expect(await code(peer.readInputRegisters(1, 2))).toBe(2); // odd start
    expect(await code(peer.readInputRegisters(0, 3))).toBe(2); // odd count
    expect(await code(peer.readInputRegisters(0, 82))).toBe(3); // more than the device gives
    expect(await code(peer.readInputRegisters(5000, 2))).toBe(2); // nothing there
    expect(await code(peer.readHoldingRegisters(0, 2))).toBe(2); // only input registers hold values
    expect(await code(peer.writeRegister(0, 1))).toBe(1);
    expect(await code(peer.writeRegisters(0, [1, 2]))).toBe(1);
    expect(await code(peer.readCoils(0, 1))).toBe(1);
    peer.setID(9);
    expect(await code(peer.readInputRegisters(0, 2))).toBe(11);
    peer.setID(1);
    expect((await peer.readInputRegisters(0, 80)).data).toHaveLength(80);
  });

  it('refuses to split a value of a PAC3200', async () => {
    const { profile } = loadProfile('siemens/pac3200');
    const peer = await connectPeer(await serve([[1, createProfileBank(profile, () => 1)]]), 1);
    await expect(peer.readHoldingRegisters(2, 2)).rejects.toMatchObject({ modbusCode: 2 });
    await expect(peer.readHoldingRegisters(1, 3)).rejects.toMatchObject({ modbusCode: 2 });
    expect((await peer.readHoldingRegisters(1, 4)).data).toHaveLength(4);
  });

  it('identifies itself where the device does', async () => {
    const { profile } = loadProfile('schneider/iem3000');
    const port = await serve([
      [1, createProfileBank(profile, () => 1)],
      [2, counting],
    ]);
    const peer = await connectPeer(port, 1);
    const answer = await peer.readDeviceIdentification(1, 0);
    expect(answer.data[0]).toBe('Schneider Electric');
    const ours = new ModbusTcpClient('127.0.0.1', port);
    cleanUps.push(() => ours.close());
    expect((await ours.readIdentification(1, 5000)).get(1)).toBe('iEM3150');
    await expect(ours.readIdentification(2, 5000)).rejects.toMatchObject({ exceptionCode: 1 });
  });
});

describe('the simulated Modbus server', () => {
  const request = (transaction: number, address: number, count: number) => {
    const frame = Buffer.from([0, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 0]);
    frame.writeUInt16BE(transaction, 0);
    frame.writeUInt16BE(address, 8);
    frame.writeUInt16BE(count, 10);
    return frame;
  };
  const talk = (port: number, chunks: Buffer[], bytes: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      let got = Buffer.alloc(0);
      socket.on('error', reject);
      socket.on('close', () => resolve(got));
      socket.on('data', (chunk: Buffer) => {
        got = Buffer.concat([got, chunk]);
        if (got.length >= bytes) socket.end();
      });
      const send = (i: number): void => {
        const chunk = chunks[i];
        if (chunk === undefined || socket.destroyed) return;
        socket.write(chunk, () => setTimeout(() => send(i + 1), 2));
      };
      send(0);
    });

  it('answers requests that come all at once, in order', async () => {
    const port = await serve([[1, counting]]);
    const frames = Array.from({ length: 50 }, (_, i) => request(i, i * 10, 2));
    const replies = await talk(port, [Buffer.concat(frames)], 50 * 13);
    for (let i = 0; i < 50; i++) {
      expect(replies.readUInt16BE(i * 13)).toBe(i);
      expect(replies.readUInt16BE(i * 13 + 9)).toBe(i * 10);
      expect(replies.readUInt16BE(i * 13 + 11)).toBe(i * 10 + 1);
    }
  });

  it('puts requests together that come in pieces', async () => {
    const port = await serve([[1, counting]]);
    const bytes = Buffer.concat([request(1, 40, 1), request(2, 50, 1)]);
    const pieces = [3, 7, 12, 13, 20, 24].map((end, i, ends) => bytes.subarray(ends[i - 1] ?? 0, end));
    const replies = await talk(port, pieces, 22);
    expect([replies.readUInt16BE(9), replies.readUInt16BE(20)]).toEqual([40, 50]);
  });

  it('cuts a line that does not speak Modbus, and goes on', async () => {
    const port = await serve([[1, counting]]);
    expect(await talk(port, [Buffer.from('GET / HTTP/1.1\r\nHost: meter\r\n\r\n')], 1)).toHaveLength(0);
    expect((await talk(port, [request(1, 7, 1)], 11)).readUInt16BE(9)).toBe(7);
  });

  it('answers exception 4 when a bank fails, and stays silent where a bank is', async () => {
    const broken: RegisterBank = {
      read: () => {
        throw new RangeError('does not fit');
      },
    };
    const port = await serve([
      [1, broken],
      [2, { read: () => 'silent' }],
    ]);
    const client = new ModbusTcpClient('127.0.0.1', port);
    cleanUps.push(() => client.close());
    await expect(client.readRegisters(1, 3, 0, 1, 5000)).rejects.toMatchObject({ exceptionCode: 4 });
    await expect(client.readRegisters(2, 3, 0, 1, 50)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('says so when its port is taken', async () => {
    const port = await serve([[1, counting]]);
    await expect(startModbusServer({ host: '127.0.0.1', port, units: new Map() })).rejects.toMatchObject({
      remedy: 'refuse',
      code: 'port-in-use',
    });
  });
});
