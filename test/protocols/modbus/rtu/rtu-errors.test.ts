import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { describeEndpoint } from '../../../../protocols/modbus/endpoint.ts';
import { ModbusRtuClient } from '../../../../protocols/modbus/rtu/rtu-client.ts';
import { rtuTimeoutError, serialOpenError } from '../../../../protocols/modbus/rtu/rtu-errors.ts';
import { RtuSocketLink } from '../../../../protocols/modbus/rtu/rtu-socket-link.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import { startModbusServer } from '../../../../protocols/simulator/modbus-server.ts';

const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function openRtu(port: number): ModbusRtuClient {
  const client = new ModbusRtuClient(new RtuSocketLink('127.0.0.1', port));
  cleanUps.push(() => client.close());
  return client;
}

async function listen(onData?: (answer: (bytes: Buffer) => void) => void): Promise<number> {
  const server = createServer((socket) => {
    cleanUps.push(() => void socket.destroy());
    socket.on('error', () => {});
    socket.on('data', () => onData?.((bytes) => void socket.write(bytes)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanUps.push(() => new Promise((done) => server.close(done)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('a mute serial line', () => {
  it('is sought in baud rate and parity first', () => {
    const error = rtuTimeoutError('/dev/ttyUSB0 unit 3', 500, { medium: 'serial', bytes: 0 });
    expect(error.message).toBe('/dev/ttyUSB0 unit 3 did not answer within 500 ms.');
    expect(error.cure).toMatch(/^Check baud rate and parity first.*power, cable, whether A and B.*unit id/);
  });

  it('behind a device server is sought in the settings of that, too', async () => {
    const port = await listen();
    await expect(openRtu(port).readRegisters(1, 3, 0, 2, 50)).rejects.toMatchObject({
      code: 'timeout',
      message: `127.0.0.1:${port} unit 1 did not answer within 50 ms.`,
      cure: expect.stringMatching(
        /^Check baud rate and parity first \(the serial settings of the device server/,
      ),
    });
  });

  it('tells how much of an answer came', async () => {
    const port = await listen((answer) => answer(Buffer.of(1, 3, 4, 0, 1)));
    await expect(openRtu(port).readRegisters(1, 3, 0, 2, 80)).rejects.toMatchObject({
      code: 'timeout',
      message: `127.0.0.1:${port} unit 1 did not answer within 80 ms, only 5 bytes came.`,
    });
  });
});

describe('the wrong one of Modbus TCP and RTU over TCP', () => {
  it('is named where frames of RTU are answered in Modbus TCP', async () => {
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map() });
    cleanUps.push(() => server.close());
    await expect(openRtu(server.port).readRegisters(1, 3, 0, 2, 500)).rejects.toMatchObject({
      code: 'bad-frame',
      message: `127.0.0.1:${server.port} unit 1 answers in Modbus TCP, not in frames of RTU.`,
      cure: expect.stringContaining('modbus-tcp'),
    });
  });

  it.each([1, 2, 3, 4] as const)('is named whatever the function is: %i', async (functionCode) => {
    const unit = 7;
    const port = await listen((answer) => answer(Buffer.of(unit, functionCode, 0, 0, 0, 3, 9, 0x83, 1)));
    const client = openRtu(port);
    const asked =
      functionCode <= 2
        ? client.readBits(unit, functionCode as 1 | 2, 0, 8, 500)
        : client.readRegisters(unit, functionCode as 3 | 4, 0, 2, 500);
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('in Modbus TCP') });
  });

  it('is offered where the connection is closed on frames of RTU', async () => {
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map() });
    cleanUps.push(() => server.close());
    await expect(openRtu(server.port).readRegisters(1, 3, 65, 2, 500)).rejects.toMatchObject({
      code: 'closed',
      cure: expect.stringContaining('use modbus-tcp'),
    });
  });

  it('is offered where Modbus TCP was never answered, and not where it was', async () => {
    const silent = await listen();
    const client = new ModbusTcpClient('127.0.0.1', silent);
    cleanUps.push(() => client.close());
    await expect(client.readRegisters(1, 3, 0, 2, 50)).rejects.toMatchObject({
      code: 'timeout',
      cure: expect.stringContaining('modbus-rtu-over-tcp'),
    });

    let isMute = false;
    const units = new Map([[1, { read: () => (isMute ? ('silent' as const) : new Uint16Array(2)) }]]);
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
    cleanUps.push(() => server.close());
    const other = new ModbusTcpClient('127.0.0.1', server.port);
    cleanUps.push(() => other.close());
    await other.readRegisters(1, 3, 0, 2, 2000);
    isMute = true;
    await expect(other.readRegisters(1, 3, 0, 2, 50)).rejects.toMatchObject({
      code: 'timeout',
      cure: expect.not.stringContaining('modbus-rtu-over-tcp'),
    });
  });
});

it('a serial port that is held may be held by the running agent', () => {
  const { cure } = serialOpenError(
    '/dev/ttyUSB0',
    new Error('Error Resource temporarily unavailable Cannot lock port'),
  );
  expect(cure).toContain('running agent');
  expect(cure).toContain('systemctl stop millwatt-agent');
});

it('an address of IPv6 stands in brackets before its port', () => {
  expect(describeEndpoint({ transport: 'tcp', host: '::1', port: 1502 })).toBe('[::1]:1502');
  expect(describeEndpoint({ transport: 'rtu-over-tcp', host: 'fd00::7', port: 4001 })).toBe('[fd00::7]:4001');
  expect(describeEndpoint({ transport: 'tcp', host: 'meter', port: 502 })).toBe('meter:502');
});
